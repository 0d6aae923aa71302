"""Native logging inside a job: what a call of `log_metric` costs the user's program."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.processes import environment, scratch
from benchmarks.table import Goal, Table, median

PROGRAM = """
import json, sys, time
from zaffre.ml import log_metric
count = int(sys.argv[1])
log_metric("warm", 0.0, step=0)
took = []
for _ in range(5):
    start = time.perf_counter()
    for step in range(count):
        log_metric("loss", step * 0.5, step=step)
    took.append((time.perf_counter() - start) / count)
print(json.dumps(took))
"""

REFERENCE = """
import json, os, sys, time
count = int(sys.argv[1])
file = os.open("reference.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
took = []
for _ in range(5):
    start = time.perf_counter()
    for step in range(count):
        os.write(file, b'{"metric":["loss",%d,%d]}\\n' % (step, step))
    took.append((time.perf_counter() - start) / count)
print(json.dumps(took))
"""


def run(*, quick: bool = False) -> Table:
    """Measure calls a microsecond in a folder that looks like a job's."""
    table = Table("native_logging", quick)
    folder = scratch("native_logging")
    count = 2_000 if quick else 50_000
    journal = folder / "journal.jsonl"
    journal.touch()  # as the launcher does
    env = environment(
        ZAFFRE_JOURNAL=str(journal), MLFLOW_RUN_ID="benchmark", AZUREML_RUN_ID="benchmark"
    )
    value, bare = (_microseconds(text, count, env, folder) for text in (PROGRAM, REFERENCE))
    table.add(
        "log_metric inside a job, one call",
        "µs",
        value,
        reference=bare,
        goal=Goal("value", at_most=10),
        note="reference: one append to a file",
    )
    lines = journal.read_bytes().count(b"\n") if journal.exists() else 0
    table.facts["journal_lines"] = lines
    if lines < count * 5:
        raise RuntimeError(f"the journal has {lines} lines for {count * 5} calls")
    return table


def _microseconds(program: str, count: int, env: dict[str, str], folder: object) -> float:
    command = [sys.executable, "-c", program, str(count)]
    done = subprocess.run(
        command, env=env, cwd=str(folder), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return median(json.loads(done.stdout)) * 1e6
