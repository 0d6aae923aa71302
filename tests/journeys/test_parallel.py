"""A parallel step that is killed goes on at what is not done: command line, on real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from running import Server
from zaffre.ml import MLClient

SCRIPT = """\
import os, signal, sys

PLACE = sys.argv[1]


def run(files):
    names = [os.path.basename(one) for one in files]
    with open(PLACE + "/ran", "a") as file:
        file.write("".join(f"{name}\\n" for name in names))
    if names == ["3.txt"] and not os.path.exists(PLACE + "/killed"):
        open(PLACE + "/killed", "w").close()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)
    return names
"""
PIPELINE = """\
type: pipeline
jobs:
  score:
    type: parallel
    task:
      type: run_function
      code: ./src
      entry_script: score.py
      program_arguments: PLACE
      environment: {python: current}
      append_row_to: ${{outputs.rows}}
    input_data: ${{inputs.data}}
    inputs:
      data: {type: uri_folder, path: ./data}
    outputs:
      rows: {type: uri_file}
    mini_batch_size: "1"
    retry_settings: {max_retries: 1}
"""


@pytest.mark.timeout(200)
def test_a_killed_parallel_step_goes_on(home, tmp_path, monkeypatch):
    for name in ("src", "data", "place"):
        (tmp_path / name).mkdir()
    for at in range(6):
        (tmp_path / "data" / f"{at}.txt").write_text(str(at))
    (tmp_path / "src" / "score.py").write_text(SCRIPT)
    (tmp_path / "pipeline.yml").write_text(PIPELINE.replace("PLACE", str(tmp_path / "place")))
    server = Server(home).start()

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

    try:
        made = zaffre("job", "create", "-f", "pipeline.yml", "-n", "p", "--stream")
        assert made.returncode == 0, made.stdout + made.stderr
        ran = (tmp_path / "place" / "ran").read_text().split()
        assert ran == [f"{at}.txt" for at in (0, 1, 2, 3, 3, 4, 5)]
        zaffre("job", "download", "-n", "p-score-2", "--output-name", "rows", "-p", "got")
        (rows,) = [one for one in (tmp_path / "got").rglob("rows") if one.is_file()]
        assert rows.read_text().split() == [f"{at}.txt" for at in range(6)]
        for name in ("ZAFFRE_URL", "ZAFFRE_HOME"):
            monkeypatch.setenv(name, server.environment[name])
        assert MLClient().jobs.metrics("p-score-2")["mini_batches_done"] == 6
    finally:
        server.stop()
