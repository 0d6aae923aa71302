"""A pipeline that failed goes on where it failed: command line, Python and HTTP, on real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from running import Server
from zaffre.errors import Conflict
from zaffre.ml import MLClient

PIPELINE = """\
type: pipeline
jobs:
  date:
    command: date +%N > ${{outputs.o}}/f
    environment: {python: current}
    is_deterministic: false
    outputs: {o: }
  read:
    command: cat ${{inputs.i}}/f ${{inputs.late}} > ${{outputs.o}}/f
    environment: {python: current}
    inputs:
      i: ${{parent.jobs.date.outputs.o}}
      late: {type: uri_file, path: "azureml://datastores/late/paths/f"}
    outputs: {o: }
"""


@pytest.mark.timeout(200)
def test_a_failed_pipeline_goes_on_on_real_processes(home, tmp_path, monkeypatch):
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    late = tmp_path / "late"
    late.mkdir()

    def zaffre(*words: str) -> subprocess.CompletedProcess[str]:
        program = str(Path(sys.executable).parent / "zaffre")
        return subprocess.run(
            [program, *words],
            cwd=tmp_path,
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    server = Server(home).start()
    try:
        zaffre("datastore", "create", "-n", "late", "--type", "local", "--path", str(late))
        made = zaffre("job", "create", "-f", "pipeline.yml", "-n", "p", "--stream")
        assert made.returncode == 1, made.stderr
        (late / "f").write_text("late")
        again = zaffre("job", "resubmit", "-n", "p", "--new-name", "q", "--stream", "-o", "json")
        assert again.returncode == 0, again.stderr
        steps = json.loads(again.stdout)["steps"]
        assert steps["date"]["reused"] == "p-date"
        assert steps["read"].get("reused") is None
        refused = zaffre("job", "resubmit", "-n", "q-read")
        assert refused.returncode == 1
        assert "zaffre job resubmit -n q" in refused.stderr
        for name in ("ZAFFRE_URL", "ZAFFRE_HOME"):
            monkeypatch.setenv(name, server.environment[name])
        jobs = MLClient().jobs
        third = jobs.wait(jobs.resubmit("p", "r").name)
        assert third.to_dict()["steps"]["date"]["reused"] == "p-date"
        with pytest.raises(Conflict):
            jobs.resubmit("p", "r")
    finally:
        server.stop()
