"""Control nodes through the command line and a killed server: a condition, a loop, a fan-out."""

from __future__ import annotations

import json
import time

import pytest

from journeys.test_pipelines import zaffre
from running import Server

PIPELINE = """\
type: pipeline
jobs:
  count:
    component:
      type: command
      inputs: {n: {type: integer}}
      outputs: {n: {type: integer}, more: {type: boolean}}
      environment: {python: current}
      command: >-
        echo $((${{inputs.n}} + 1)) > ${{outputs.n}};
        if [ ${{inputs.n}} -lt 2 ]; then echo true; else echo false; fi > ${{outputs.more}}
    inputs: {n: 0}
  loop:
    type: do_while
    body: ${{parent.jobs.count}}
    condition: more
    mapping: {n: n}
    limits: {max_iteration_count: 9}
  each:
    component:
      type: command
      inputs: {word: {type: string}, n: {type: integer}}
      outputs: {o: {type: uri_folder}}
      environment: {python: current}
      command: echo ${{inputs.word}} ${{inputs.n}} > ${{outputs.o}}/f
    inputs: {n: "${{parent.jobs.loop.outputs.n}}"}
  fan:
    type: parallel_for
    body: each
    items: [{word: a}, {word: b}]
  three:
    type: if_else
    condition: ${{parent.jobs.loop.outputs.n}} == 3
    true_block: yes
    false_block: no
  "yes":
    command: cat ${{inputs.all}}/*/f
    environment: {python: current}
    inputs: {all: "${{parent.jobs.fan.outputs.o}}"}
  "no":
    command: exit 1
    environment: {python: current}
"""


@pytest.mark.timeout(200)
def test_control_nodes_outlive_their_server(home, tmp_path):
    (tmp_path / "p.yml").write_text(PIPELINE.replace(": yes", ': "yes"').replace(": no", ': "no"'))
    server = Server(home).start()
    try:
        made = zaffre(server, "job", "create", "-f", "p.yml", "-n", "p", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        path = "/api/v1/workspaces/default/jobs/p"
        deadline = time.monotonic() + 100
        killed: set[str] = set()
        while (job := server.call("GET", path))["status"] not in ("Completed", "Failed"):
            assert time.monotonic() < deadline, job
            begun = {name for name, one in job["steps"].items() if one["status"] == "Running"}
            if begun - killed:
                killed |= begun
                server.kill()
                server.start()
            time.sleep(0.02)
        assert job["status"] == "Completed", job
        assert job["steps"]["loop"]["iteration"] == 3
        assert job["steps"]["no"]["status"] == "Skipped"
        log = zaffre(server, "job", "logs", "-n", "p-yes", cwd=tmp_path)
        assert log.stdout == "a 3\nb 3\n", log
        plan = zaffre(server, "job", "validate", "-f", "p.yml", "-o", "json", cwd=tmp_path)
        assert plan.returncode == 0, plan.stderr
        again = zaffre(server, "job", "create", "-f", "p.yml", "--stream", cwd=tmp_path)
        assert "no: Skipped" in again.stderr
        assert again.stderr.count("(reused from") >= 4
        jobs = zaffre(server, "job", "list", "--parent-job-name", "p", "-o", "json", cwd=tmp_path)
        names = {one["name"] for one in json.loads(jobs.stdout)}
        assert names == {"p-loop-i1", "p-loop-i2", "p-loop-i3", "p-fan", "p-yes"}
    finally:
        server.stop()
