"""A pipeline through the command line and a killed server: each step once, then nothing again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from running import Server

PIPELINE = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: journey
inputs:
  word: hello
outputs:
  all:
jobs:
  first:
    component: ./first.yml
    inputs:
      word: ${{parent.inputs.word}}
  left:
    command: sleep 0.3; cat ${{inputs.i}}/f > ${{outputs.o}}/l
    environment: {python: current}
    inputs: {i: "${{parent.jobs.first.outputs.o}}"}
    outputs: {o: }
  right:
    command: sleep 0.3; cat ${{inputs.i}}/f > ${{outputs.o}}/r
    environment: {python: current}
    inputs: {i: "${{parent.jobs.first.outputs.o}}"}
    outputs: {o: }
  join:
    command: cat ${{inputs.l}}/l ${{inputs.r}}/r > ${{outputs.o}}/all.txt
    environment: {python: current}
    inputs:
      l: ${{parent.jobs.left.outputs.o}}
      r: ${{parent.jobs.right.outputs.o}}
    outputs: {o: "${{parent.outputs.all}}"}
"""
FIRST = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: first
inputs:
  word: {type: string}
outputs:
  o: {type: uri_folder}
environment: {python: current}
command: echo ${{inputs.word}} > ${{outputs.o}}/f
"""


def zaffre(server: Server, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "zaffre")
    return subprocess.run(
        [program, *words],
        cwd=cwd,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.timeout(200)
def test_a_pipeline_outlives_its_server_and_is_reused(home, tmp_path):
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    (tmp_path / "first.yml").write_text(FIRST)
    server = Server(home).start()
    try:
        made = zaffre(server, "job", "create", "-f", "pipeline.yml", "-o", "json", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        name = json.loads(made.stdout)["name"]
        for _ in range(3):
            time.sleep(0.2)  # any moment will do: what counts is that it is a different one
            server.kill()
            server.start()
        deadline = time.monotonic() + 90
        path = f"/api/v1/workspaces/default/jobs/{name}"
        while (job := server.call("GET", path))["status"] not in ("Completed", "Failed"):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert job["status"] == "Completed", job
        assert {one["attempt"] for one in job["steps"].values()} == {1}
        plan = zaffre(server, "job", "validate", "-f", "pipeline.yml", cwd=tmp_path)
        assert "4 steps: 0 to run, 4 reused." in plan.stdout, plan.stderr
        again = zaffre(server, "job", "create", "-f", "pipeline.yml", "--stream", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert again.stderr.count("(reused from") >= 4
        zaffre(server, "job", "download", "-n", name, "--output-name", "all", cwd=tmp_path)
        kept = tmp_path / "named-outputs" / "all" / "all.txt"
        assert kept.read_text() == "hello\nhello\n"
        children = zaffre(
            server, "job", "list", "--parent-job-name", name, "-o", "json", cwd=tmp_path
        )
        assert len(json.loads(children.stdout)) == 4
    finally:
        server.stop()
