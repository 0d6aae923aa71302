"""Jobs on Ray through a real server: attached clusters, nodes that come and go, and deaths."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ray_cluster
from running import Server

pytestmark = pytest.mark.slow

API = "/api/v1/workspaces/default"
PATIENCE = 150.0


def until(holds: Callable[[], Any], what: Callable[[], Any] = lambda: "") -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, what()
        threading.Event().wait(0.1)
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server with a cluster attached as `far`, whose own nodes are another server's."""
    root = tmp_path_factory.mktemp("s")
    with ray_cluster.cluster(root / "r", nodes=1, cpus=4) as (_, door):
        made = Server(root / "home").start()
        token = Path(door.variables["RAY_AUTH_TOKEN_PATH"]).read_text()
        made.call(
            "POST",
            f"{API}/computes",
            {
                "name": "far",
                "type": "ray",
                "address": door.address,
                "credentials": {"token": token},
            },
        )
        yield made
        made.stop()
        ray_cluster.end_nodes(root / "home" / "ray")


def job(server: Server, command: str, **fields: Any) -> str:
    document = {
        "command": command,
        "compute": "azureml:far",
        "environment": {"python": sys.executable},
        **fields,
    }
    return str(server.call("POST", f"{API}/jobs", document)["name"])


def shown(server: Server, name: str) -> dict[str, Any]:
    with contextlib.suppress(OSError):
        found: dict[str, Any] = server.call("GET", f"{API}/jobs/{name}")
        return found
    return {}


def state(server: Server, name: str, *wanted: str) -> dict[str, Any]:
    """Wait until a job is in one of some states."""

    def look() -> dict[str, Any] | None:
        found = shown(server, name)
        return found if found.get("status") in wanted else None

    return until(look, lambda: (shown(server, name), server.log.read_text()[-2000:]))


def ended(server: Server, name: str) -> dict[str, Any]:
    return state(server, name, "Completed", "Failed", "Canceled")


def metric(server: Server, name: str, key: str) -> float | None:
    run = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={name}")["run"]
    found = {one["key"]: one["value"] for one in run["data"].get("metrics", [])}
    return found.get(key)


def test_the_attached_cluster_is_shown_without_its_token(server: Server) -> None:
    found = until(
        lambda: (
            server.call("GET", f"{API}/computes/far").get("nodes")
            and server.call("GET", f"{API}/computes/far")
        )
    )
    assert [node["cpus"] for node in found["nodes"]] == [4.0]
    assert found["has_credentials"] is True
    assert "token" not in json.dumps(found)


def test_a_job_logs_and_keeps_what_it_makes(server: Server) -> None:
    script = (
        "python -c \"from zaffre.ml import log_metric; log_metric('native', 1.5)\"; "
        "python -c \"import mlflow; mlflow.log_metric('stock', 2.5)\"; "
        "echo made > ${{outputs.x}}/file.txt; echo said"
    )
    name = job(server, script, outputs={"x": {"type": "uri_folder"}})
    found = ended(server, name)
    assert found["status"] == "Completed", found
    assert (metric(server, name, "native"), metric(server, name, "stock")) == (1.5, 2.5)
    outputs = server.call("GET", f"{API}/jobs/{name}/outputs")
    assert "tree" in outputs["outputs"]["x"]


def test_cancel_and_timeout_end_the_tree(server: Server) -> None:
    late = job(server, "sleep 4711.75 & sleep 4711.75", limits={"timeout": 2})
    name = job(server, "sleep 4712.75 & sleep 4712.75")
    state(server, name, "Running")
    server.call("POST", f"{API}/jobs/{name}/cancel", {})
    assert ended(server, name)["status"] == "Canceled"
    assert ended(server, late)["error"]["code"] == "timeout"
    assert not sleeping("4711.75")
    assert not sleeping("4712.75")


def sleeping(seconds: str) -> bool:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and seconds.encode() in (entry / "cmdline").read_bytes().split(
                b"\0"
            ):
                return True
    return False


def test_a_killed_server_finds_its_jobs(server: Server) -> None:
    gate = server.home.parent / "gate"
    name = job(server, f"echo begun; while [ ! -e {gate} ]; do sleep 0.1; done; echo through")
    state(server, name, "Running")
    server.kill()
    gate.touch()
    server.start()
    found = ended(server, name)
    assert (found["status"], found["attempt"]) == ("Completed", 1)


def test_a_job_begins_anew_when_its_worker_is_killed(server: Server) -> None:
    mark = server.home.parent / "mark"
    name = job(server, f"if [ -e {mark} ]; then echo again; else touch {mark}; sleep 1000; fi")
    until(mark.exists)
    folder = server.home / "jobs" / name
    launcher = json.loads((folder / "state.json").read_text())["pid"]
    worker = int(Path(f"/proc/{launcher}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    found = ended(server, name)
    assert (found["status"], found["attempt"]) == ("Completed", 2), found


PIPELINE = """\
type: pipeline
settings: {default_compute: azureml:far}
jobs:
  make:
    type: command
    command: for n in 1 2 3; do echo $n > ${{outputs.data}}/$n.txt; done
    environment: {python: PYTHON}
    outputs: {data: {type: uri_folder}}
  score:
    type: parallel
    task:
      type: run_function
      code: ./src
      entry_script: score.py
      environment: {python: PYTHON}
      append_row_to: ${{outputs.rows}}
    input_data: ${{inputs.data}}
    inputs:
      data: {type: uri_folder, path: "${{parent.jobs.make.outputs.data}}"}
    outputs: {rows: {type: uri_file}}
    mini_batch_size: "1"
"""
SWEEP = """\
type: sweep
compute: azureml:far
trial:
  command: >-
    python -c "from zaffre.ml import log_metric; log_metric('loss', ${{search_space.x}})"
  environment: {python: PYTHON}
sampling_algorithm: random
search_space:
  x: {type: uniform, min_value: 0, max_value: 1}
objective: {goal: minimize, primary_metric: loss}
limits: {max_total_trials: 3, max_concurrent_trials: 3}
"""
SCORE = "import os\n\n\ndef run(files):\n    return [os.path.basename(one) for one in files]\n"


def test_pipelines_and_sweeps_run_there(server: Server, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(SCORE)
    for name, text in (("p", PIPELINE), ("s", SWEEP)):
        (tmp_path / f"{name}.yml").write_text(text.replace("PYTHON", sys.executable))
        words = ["job", "create", "-f", f"{name}.yml", "-n", name]
        program = str(Path(sys.executable).parent / "zaffre")
        made = subprocess.run(
            [program, *words],
            cwd=tmp_path,
            env=server.environment,
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
    assert ended(server, "p")["status"] == "Completed"
    assert ended(server, "s")["status"] == "Completed"
    jobs = server.call("GET", f"{API}/jobs?type=command")["items"]
    there = [one["compute"] for one in jobs if one.get("parent_job_name") in ("p", "s")]
    assert there == ["azureml:far"] * 5


def test_nodes_come_for_jobs_and_go(server: Server) -> None:
    cluster = {
        "name": "cpu",
        "type": "amlcompute",
        "max_instances": 1,
        "idle_time_before_scale_down": 0,
        "cpus": 1,
    }
    server.call("PUT", f"{API}/computes/cpu", cluster)
    name = job(server, "echo up; sleep 1000", compute="azureml:cpu")
    state(server, name, "Running")
    record = until(lambda: next((server.home / "ray" / "default@cpu").glob("node-*.json"), None))
    head = json.loads(record.read_text())["pid"]
    os.kill(head, signal.SIGKILL)  # the head: the job begins anew on another one

    def again() -> bool:
        found = shown(server, name)
        return found.get("attempt") == 2 and found["status"] == "Running"

    until(again, lambda: (shown(server, name), server.log.read_text()[-3000:]))
    server.call("POST", f"{API}/jobs/{name}/cancel", {})
    assert ended(server, name)["status"] == "Canceled"
    until(lambda: not list((server.home / "ray" / "default@cpu").glob("node-*.json")))
    timeline = server.call("GET", f"{API}/computes/cpu")["timeline"]
    # One that died may be given up before the next is wanted: then it is told twice.
    nodes = [change["nodes"] for change in timeline]
    assert (nodes[0], nodes[-1]) == (1, 0)
    assert set(nodes) == {0, 1}
