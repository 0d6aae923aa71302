"""Sweeps and schedules on a real server that is killed in between."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from running import Server

TRIAL = """\
import sys, time
from pathlib import Path
from zaffre.ml import log_metric
lr = float(sys.argv[1])
print("ran with", lr, flush=True)
for step in range(6):
    log_metric("loss", (lr - 0.3) ** 2 + 1 / (step + 1), step=step)
    time.sleep(0.1)
Path(sys.argv[2], "lr.txt").write_text(str(lr))
"""
SWEEP = """\
type: sweep
trial:
  command: python t.py ${{search_space.lr}} ${{outputs.model}}
  code: src
  environment: {python: current}
  outputs: {model: {}}
sampling_algorithm: {type: random, seed: 11, rule: sobol}
search_space:
  lr: {type: uniform, min_value: 0, max_value: 1}
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 6, max_concurrent_trials: 2}
"""
SCHEDULE = """\
name: soon
trigger:
  type: recurrence
  frequency: minute
  interval: 10
  start_time: "%s"
create_job: ./job.yml
"""
JOB = "command: echo ${{inputs.me}}\nenvironment: {python: current}\ninputs: {me: '${{name}}'}\n"
ENDED = ("Completed", "Failed", "Canceled")


@pytest.fixture
def server(home):
    made = Server(home).start()
    yield made
    made.stop()


def zaffre(server: Server, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "zaffre")
    return subprocess.run(
        [program, *words],
        cwd=folder,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(server: Server, folder: Path, *words: str):
    done = zaffre(server, folder, *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def until(look, seconds=120.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def job_of(server: Server, name: str):
    return server.call("GET", f"/api/v1/workspaces/default/jobs/{name}")


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3])
def test_a_sweep_outlives_its_server_and_doubles_no_trial(server, tmp_path, after):
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "t.py").write_text(TRIAL)
    (folder / "sweep.yml").write_text(SWEEP)
    name = told(server, folder, "job", "create", "-f", "sweep.yml")["name"]
    until(lambda: len(job_of(server, name).get("trials") or ()) >= after)
    server.kill()
    server.start()
    done = until(lambda: (one := job_of(server, name))["status"] in ENDED and one)
    assert done["status"] == "Completed", done
    assert [one["job"] for one in done["trials"]] == [f"{name}_{at}" for at in range(6)]
    assert all(one["status"] == "Completed" for one in done["trials"])
    listed = told(server, folder, "job", "list", "--parent-job-name", name)
    assert Counter(one["name"] for one in listed) == {f"{name}_{at}": 1 for at in range(6)}
    for one in done["trials"]:
        said = zaffre(server, folder, "job", "logs", "-n", one["job"]).stdout
        assert said.count("ran with") == 1
        assert one["value"] == pytest.approx((one["params"]["lr"] - 0.3) ** 2 + 1 / 6)
    best = min(done["trials"], key=lambda one: one["value"])
    assert done["best_child"] == best["job"]
    assert (
        done["results"]["model"]["tree"] == job_of(server, best["job"])["results"]["model"]["tree"]
    )
    got = zaffre(server, folder, "job", "download", "-n", name, "--output-name", "model")
    assert got.returncode == 0, got.stderr
    (file,) = folder.rglob("lr.txt")
    assert float(file.read_text()) == best["params"]["lr"]


@pytest.mark.slow
def test_a_time_that_passes_while_the_server_is_away_is_caught_up_once(server, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    due = datetime.now(UTC) + timedelta(seconds=4)
    (folder / "schedule.yml").write_text(SCHEDULE % f"{due:%Y-%m-%dT%H:%M:%S}")
    (folder / "job.yml").write_text(JOB)
    made = told(server, folder, "schedule", "create", "-f", "schedule.yml")
    assert len(made["next_run_times"]) == 5
    server.kill()
    until(lambda: datetime.now(UTC) > due + timedelta(seconds=1))
    server.start()
    name = f"soon_{due:%Y%m%dT%H%M%S}Z"
    shown = until(
        lambda: (one := told(server, folder, "schedule", "show", "-n", "soon"))["runs"] and one
    )
    assert [one["job"] for one in shown["runs"]] == [name]
    until(lambda: job_of(server, name)["status"] in ENDED)
    assert zaffre(server, folder, "job", "logs", "-n", name).stdout.strip() == name
    again = told(server, folder, "schedule", "trigger", "-n", "soon")
    assert again["properties"]["zaffre.schedule"] == "soon"
    assert told(server, folder, "schedule", "disable", "-n", "soon")["is_enabled"] is False
    assert zaffre(server, folder, "schedule", "delete", "-n", "soon", "--yes").returncode == 0
