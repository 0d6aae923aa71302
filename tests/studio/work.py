"""Real jobs for pages to show: done, failed, running, and a pipeline with its steps."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

from running import Server

TRAIN = """\
import sys, time
from pathlib import Path
from zaffre.ml import log_metric

print("Training", flush=True)
for step in range(int(sys.argv[1])):
    log_metric("loss", 1 / (step + 1), step=step)
    print(f"step {step}", flush=True)
if sys.argv[2] != "-":
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    Path(sys.argv[2], "weights.txt").write_text("0.5 0.25")
while Path(sys.argv[3]).exists():
    time.sleep(0.05)
print("Done")
"""
JOB = """\
command: python train.py 20 ${{outputs.model}} none
code: src
environment: {python: current}
experiment_name: ridge
display_name: ridge
outputs: {model: {type: uri_folder}}
tags: {owner: ada}
"""
BROKEN = """\
command: python -c "raise ValueError('column bmi has text')"
environment: {python: current}
experiment_name: ridge
display_name: broken
"""
WAITING = """\
command: python train.py 5 - FLAG
code: src
environment: {python: current}
experiment_name: ridge
display_name: waiting
"""
PIPELINE = """\
type: pipeline
display_name: nightly
experiment_name: nightly
jobs:
  prepare:
    command: sh -c 'echo 1 > ${{outputs.rows}}/rows.csv'
    environment: {python: current}
    outputs: {rows: {type: uri_folder}}
  train:
    command: cat ${{inputs.rows}}/rows.csv
    environment: {python: current}
    inputs: {rows: {type: uri_folder, path: '${{parent.jobs.prepare.outputs.rows}}'}}
"""


def submit(server: Server, folder: Path, document: str, *words: str) -> str:
    """Submit a document by the command line; give the job's name."""
    (folder / "src").mkdir(exist_ok=True, parents=True)
    (folder / "src" / "train.py").write_text(TRAIN)
    (folder / "job.yml").write_text(document)
    program = str(Path(sys.executable).parent / "zaffre")
    asked = [program, "job", "create", "-f", "job.yml", "--query", "name", "-o", "tsv", *words]
    done = subprocess.run(
        asked, cwd=folder, env=server.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.strip(), done.stderr
    return done.stdout.strip().splitlines()[-1]


def finished(server: Server, name: str) -> str:
    """Wait for a job to end; give its state."""
    with_end = f"/api/v1/workspaces/default/jobs/{name}/events"
    asked = urllib.request.Request(
        server.url + with_end, headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(asked, timeout=120) as stream:
        stream.read()  # it ends with the job
    return str(server.call("GET", f"/api/v1/workspaces/default/jobs/{name}")["status"])
