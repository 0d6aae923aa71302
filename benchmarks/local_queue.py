"""The local queue: many short jobs, against a bare pool that runs the same commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.processes import scratch
from benchmarks.product import Client, serving
from benchmarks.table import Goal, Table

PATH = "/api/v1/workspaces/default"
ENVIRONMENT = "azureml:bench@latest"
SHORT = """\
import time
end = time.monotonic() + {seconds}
while time.monotonic() < end: time.sleep(0.01)
"""
PAUSE = 0.1


def run(*, quick: bool = False) -> Table:
    """Measure jobs that take half a second, and jobs that do nothing."""
    table = Table("local_queue", quick)
    slots = os.cpu_count() or 1
    count = 8 if quick else 200
    with serving(scratch("local_queue") / "home") as product:
        client = product.client()
        client.post(f"{PATH}/environments", {"name": "bench", "python": sys.executable})
        _drained(client, SHORT.format(seconds=0), 2)  # builds what is built once
        for what, seconds, goal in (
            ("half a second each", 0.5, Goal(at_least=0.7)),
            ("nothing but an interpreter's start", 0, None),
        ):
            program = SHORT.format(seconds=seconds)
            bare = _pool(program, count, slots)
            ours = _drained(client, program, count)
            table.add(
                f"{count} queued jobs on {slots} slots, {what}",
                "jobs/s",
                count / ours,
                reference=count / bare,
                goal=goal,
                note="reference: a bare pool of as many processes",
            )
    return table


def _pool(program: str, count: int, slots: int) -> float:
    """Run the program so many times in a bare pool; give the seconds."""

    def once(_: int) -> None:
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)

    start = time.perf_counter()
    with ThreadPoolExecutor(slots) as pool:
        list(pool.map(once, range(count)))
    return time.perf_counter() - start


def _drained(client: Client, program: str, count: int) -> float:
    """Queue the program so many times and wait until all have completed.

    The time runs from the first start to the last end: a pool has its work from the beginning,
    and so has the queue while a compute is stopped.
    """
    client.post(f"{PATH}/computes/local/stop", {})
    names = [
        client.post(
            f"{PATH}/jobs",
            {"command": f"python -c '{program}'", "environment": ENVIRONMENT},
        )["name"]
        for _ in range(count)
    ]
    start = time.perf_counter()
    client.post(f"{PATH}/computes/local/start", {})
    _await_all(client, set(names))
    return time.perf_counter() - start


def _await_all(client: Client, names: set[str]) -> None:
    """Look at those that were not done at the last look, the last queued first."""
    for name in sorted(names, reverse=True):
        while (state := client.get(f"{PATH}/jobs/{name}")["status"]) != "Completed":
            if state in ("Failed", "Canceled"):
                raise RuntimeError(f"job {name} is {state}")
            time.sleep(PAUSE)
