"""The main job by the command line, as a person types it, on the files of examples/main-job."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import pandas as pd
import pytest

from running import clean_environment

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).parent / "zaffre"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "main-job"


@pytest.fixture
def project(tmp_path):
    """The user's own folder."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.csv", "__pycache__"))
    subprocess.run([sys.executable, "make_data.py"], cwd=folder, check=True)
    return folder


@pytest.fixture
def up(zaffre, project):
    """Zaffre, started by `zaffre up` and stopped by `zaffre down`."""
    started = json.loads(zaffre("up", "--port", "0", "--gateway-port", "0", cwd=project).stdout)
    assert started["server"] == "running"
    yield started
    zaffre("down", "--all", cwd=project)


def result(done):
    return json.loads(done.stdout)


def own_prediction(folder: Path, request: Path) -> list[float]:
    asked = json.loads(request.read_text())["input_data"]
    model = joblib.load(next(folder.rglob("model.joblib")))
    return model.predict(pd.DataFrame(asked["data"], columns=asked["columns"])).tolist()


def test_the_main_job_from_data_to_score(zaffre, project, up):
    def run(*words, **options):
        return zaffre(*words, cwd=project, **options)

    data = result(run("data", "create", "-f", "data.yml"))
    assert (data["id"], data["file_count"]) == ("azureml:diabetes:1", 1)
    run("environment", "create", "-f", "environment.yml")

    streamed = run("job", "create", "-f", "job.yml", "--name", "ridge-1", "--stream")
    assert [line for line in streamed.stdout.splitlines() if line.startswith("fold ")][
        -1
    ].startswith("fold 4")
    assert "Running" in streamed.stderr
    assert "test_r2" in streamed.stderr

    job = result(run("job", "show", "-n", "ridge-1"))
    assert (job["status"], job["exit_code"]) == ("Completed", 0)
    assert run("job", "show", "ridge-1", "--query", "status", "-o", "tsv").stdout == "Completed\n"
    assert [
        row["name"] for row in result(run("job", "list", "--experiment-name", "diabetes"))
    ] == ["ridge-1"]
    assert "fold 4" in run("job", "logs", "-n", "ridge-1").stdout

    run("job", "download", "-n", "ridge-1", "--all", "-p", "left")
    assert (project / "left" / "named-outputs" / "model" / "model.joblib").is_file()
    assert (project / "left" / "artifacts" / "weights.txt").is_file()

    model = result(
        run("model", "create", "-n", "diabetes", "--path", "azureml://jobs/ridge-1/outputs/model")
    )
    assert model["job_name"] == "ridge-1"
    assert [row["version"] for row in result(run("model", "list", "-n", "diabetes"))] == ["1"]
    run("model", "download", "-n", "diabetes", "-v", "1", "-p", "fetched")

    run("online-endpoint", "create", "-f", "endpoint.yml")
    made = result(run("online-deployment", "create", "-f", "deployment.yml", "--all-traffic"))
    assert made["provisioning_state"] == "Succeeded"
    answer = result(
        run("online-endpoint", "invoke", "-n", "diabetes", "--request-file", "request.json")
    )
    assert answer == pytest.approx(
        own_prediction(project / "fetched", project / "request.json"), rel=1e-12
    )
    with (project / "diabetes.csv").open(newline="") as file:
        columns = next(csv.reader(file))
    assert (
        json.loads((project / "request.json").read_text())["input_data"]["columns"] == columns[:-1]
    )

    drawn = run(
        "lineage", "online-endpoint", "diabetes", "--direction", "up", "-o", "table"
    ).stdout
    for part in (
        "deployment blue",
        "model diabetes:1",
        "job ridge-1",
        "data diabetes:1",
        "environment",
        "code",
    ):
        assert part in drawn, drawn
    assert (
        "data diabetes:1" in run("job", "show", "-n", "ridge-1", "--lineage", "-o", "table").stdout
    )

    status = result(run("status"))
    assert (status["server"], status["gateway"]) == ("running", "running")
    assert run("doctor").returncode == 0
    run("online-deployment", "get-logs", "-n", "blue", "-e", "diabetes")
    run("online-endpoint", "delete", "-n", "diabetes", "--yes")
    assert run("online-endpoint", "show", "-n", "diabetes", check=False).returncode == 1


def test_a_second_server_on_the_same_home_is_refused_and_names_the_first(zaffre, project, up):
    second = zaffre("up", cwd=project, check=False)
    assert second.returncode == 1
    assert up["url"] in second.stderr
    assert str(up["pid"]) in second.stderr


INTERRUPTIBLE = (
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, 0); os.execv(sys.argv[1], sys.argv[1:])",
)
"""Runs a program as at a terminal, also where the tests run with interrupts switched off."""


def test_a_job_can_be_left_and_cancelled(zaffre, project, up, home):
    (project / "long.yml").write_text(
        "command: echo begun; sleep 600\nenvironment: azureml:here@latest\n"
    )
    zaffre("environment", "create", "-n", "here", "--python", "current", cwd=project)
    streaming = subprocess.Popen(
        [*INTERRUPTIBLE, PROGRAM, "job", "create", "-f", "long.yml", "-n", "long", "--stream"],
        cwd=project,
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert streaming.stdout is not None
    assert streaming.stdout.readline() == "begun\n"
    streaming.send_signal(signal.SIGINT)
    _, said = streaming.communicate(timeout=30)
    assert "zaffre job stream -n long" in said
    assert result(zaffre("job", "show", "-n", "long", cwd=project))["status"] == "Running"
    assert result(zaffre("job", "cancel", "-n", "long", cwd=project))["status"] == "Canceled"


def test_a_stream_outlives_its_server(zaffre, project, up, home):
    lines = 40
    (project / "steady.yml").write_text(
        f"command: for i in $(seq {lines}); do echo line $i; sleep 0.15; done\n"
        "environment: azureml:here@latest\n"
    )
    zaffre("environment", "create", "-n", "here", "--python", "current", cwd=project)
    streaming = subprocess.Popen(
        [PROGRAM, "job", "create", "-f", "steady.yml", "-n", "steady", "--stream"],
        cwd=project,
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert streaming.stdout is not None
    first = streaming.stdout.readline()
    os.kill(up["pid"], signal.SIGKILL)
    zaffre("up", "--port", "0", "--gateway-port", "0", cwd=project)
    rest, said = streaming.communicate(timeout=60)
    assert (first + rest).splitlines() == [f"line {number}" for number in range(1, lines + 1)], (
        said
    )
    assert streaming.returncode == 0, said
    assert "goes on" in said


def test_a_command_that_finds_no_server_starts_one_and_says_so(zaffre, home, tmp_path):
    first = zaffre("job", "list", ZAFFRE_PORT="0", ZAFFRE_GATEWAY_PORT="0")
    assert json.loads(first.stdout) == []
    assert len(first.stderr.strip().splitlines()) == 1
    assert "Started Zaffre" in first.stderr
    again = zaffre("job", "list", ZAFFRE_PORT="0", ZAFFRE_GATEWAY_PORT="0")
    assert again.stderr == ""
    down = zaffre("down")
    assert "Stopped the server" in down.stderr
    deadline = time.monotonic() + 10
    while (
        json.loads(zaffre("status").stdout)["gateway"] == "running" and time.monotonic() < deadline
    ):
        time.sleep(0.1)
    assert json.loads(zaffre("status").stdout)["gateway"] == "stopped"
    assert os.path.exists(home / "token")  # noqa: PTH110
