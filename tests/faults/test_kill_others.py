"""Launchers, user processes, workers, the gateway and the server are killed; what should go on goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil

from attacks.calling import Raw
from faults.recording import CURRENT, ML, WS
from faults.test_kill_server import ENDED, doctor, restart, text, wait_for_jobs
from running import Server

SECONDS = 30
LINES = 150
TALKER = """
import sys, time
from zaffre.ml import log_metric
for step in range({lines}):
    print("{name} line", step, flush=True)
    log_metric("m", step * 1.5, step=step)
    time.sleep(0.015)
"""
SCORE = "import os\n\ndef init():\n    pass\n\ndef run(data):\n    return os.getpid()\n"


def submit(server: Server, name: str, command: str, **more: Any) -> None:
    document = {"name": name, "command": command, "environment": CURRENT, **more}
    server.call("POST", f"{WS}/jobs", document)


def show(server: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = server.call("GET", f"{WS}/jobs/{name}")
    return found


def until(what: Callable[[], Any], seconds: float = SECONDS) -> tuple[Any, float]:
    """Wait for something true; give it and the seconds it took."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(OSError, ValueError):
            if found := what():
                return found, time.monotonic() - began
        assert time.monotonic() - began < seconds, what
        time.sleep(0.02)


def processes_of(server: Server, name: str, *, launcher: bool) -> Iterator[psutil.Process]:
    """Give the processes of a job: its launchers, or those of the user."""
    folder = str(server.home / "jobs" / name)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = process.cmdline()
            ours = any("launcher" in word for word in line[:6]) and folder in line
            if ours == launcher and (ours or process.environ().get("ZAFFRE_JOB_FOLDER") == folder):
                yield process


def test_twenty_jobs_go_on_without_the_server(lasting: Server):
    """No byte of a log and no point of a metric is lost or doubled by two kills."""
    lasting.call("POST", f"{WS}/computes", {"name": "wide", "type": "local", "slots": 20})
    names = [f"talker-{number}" for number in range(20)]
    for name in names:
        script = TALKER.format(name=name, lines=LINES)
        submit(
            lasting,
            name,
            f"cat > talk.py <<'EOF'\n{script}\nEOF\npython talk.py",
            compute="azureml:wide",
        )
    until(lambda: sum(show(lasting, name)["status"] == "Running" for name in names) > 5)
    for _ in range(2):
        lasting.kill()
        time.sleep(0.7)
        lasting.start()
        time.sleep(0.7)
    jobs = wait_for_jobs(lasting)
    assert {job["status"] for job in jobs} == {"Completed"}, [
        job for job in jobs if job["status"] != "Completed"
    ]
    for name in names:
        wanted = "".join(f"{name} line {step}\n" for step in range(LINES))
        assert text(lasting, f"{WS}/jobs/{name}/logs?follow=false") == wanted.encode()
        points = lasting.call("GET", f"{ML}/metrics/get-history?run_id={name}&metric_key=m")[
            "metrics"
        ]
        assert [(point["step"], point["value"]) for point in points] == [
            (s, s * 1.5) for s in range(LINES)
        ]
    assert doctor(lasting.home)["exit"] == 0


def test_a_killed_user_process_fails_its_job(lasting: Server):
    submit(lasting, "victim", "echo before; kill -9 $$")
    job, _ = until(lambda: (found := show(lasting, "victim"))["status"] in ENDED and found)
    assert job["status"] == "Failed"
    assert job["error"]["message"]
    assert text(lasting, f"{WS}/jobs/victim/logs?follow=false") == b"before\n"


def test_a_killed_launcher_fails_its_job_and_leaves_nothing(lasting: Server):
    for name in ("first", "second"):
        submit(lasting, name, "echo before; (setsid sleep 300 &) ; sleep 300")
    for name in ("first", "second"):
        path = f"{WS}/jobs/{name}/logs?follow=false"
        until(lambda path=path: text(lasting, path) == b"before\n")
        found = list(processes_of(lasting, name, launcher=True))
        assert found, name
        for process in found:
            process.kill()
        job, took = until(
            lambda name=name: (one := show(lasting, name))["status"] in ENDED and one
        )
        assert job["status"] == "Failed", job
        assert "launcher" in json.dumps(job["error"])
        assert (text(lasting, path) or b"").startswith(b"before\n")
        until(lambda name=name: not list(processes_of(lasting, name, launcher=False)))
        say(f"a job whose launcher was killed is Failed after {took:.1f} s")
    assert doctor(lasting.home)["exit"] == 0


def test_all_at_once(lasting: Server):
    """The server, the launchers and the users' processes die together; the next server sets it right."""
    submit(lasting, "lost", "echo before; sleep 300")
    until(lambda: text(lasting, f"{WS}/jobs/lost/logs?follow=false") == b"before\n")
    lasting.kill()
    for launcher in (True, False):
        for process in processes_of(lasting, "lost", launcher=launcher):
            with contextlib.suppress(psutil.Error):
                process.kill()
    lasting.start()
    job, took = until(lambda: (one := show(lasting, "lost"))["status"] in ENDED and one)
    assert job["status"] == "Failed"
    assert job["error"]["message"]
    assert (text(lasting, f"{WS}/jobs/lost/logs?follow=false") or b"").startswith(b"before\n")
    say(f"a job that died with everything is Failed after {took:.1f} s")
    assert doctor(lasting.home)["exit"] == 0


def test_endpoints_outlive_the_deaths_of_workers_gateway_and_server(lasting: Server):
    key = deploy(lasting)
    worker = score(lasting, key)
    os.kill(worker, signal.SIGKILL)
    _, took = until(lambda: score(lasting, key) not in (0, worker))
    say(f"a killed worker is back after {took:.1f} s")
    worker = score(lasting, key)
    gateway = gateway_of(lasting)
    os.kill(gateway, signal.SIGKILL)
    _, took = until(lambda: score(lasting, key) == worker)
    until(lambda: gateway_of(lasting) != gateway)
    say(f"a killed gateway is back after {took:.1f} s, with the same worker")
    lasting.kill()
    assert score(lasting, key) == worker
    made = key
    lasting.start()
    assert score(lasting, made) == worker
    gateway = gateway_of(lasting)
    lasting.kill()
    os.kill(gateway, signal.SIGKILL)
    lasting.start()
    _, took = until(lambda: score(lasting, key) == worker)
    say(f"after the death of both it serves again {took:.1f} s after the server is ready")
    regenerated = lasting.call(
        "POST", f"{WS}/online-endpoints/e/regenerate-keys", {"key_type": "primary"}
    )
    restart(lasting)
    until(lambda: score(lasting, regenerated["primaryKey"]) == worker)
    until(lambda: score(lasting, key) == 0)
    assert doctor(lasting.home)["exit"] == 0


def deploy(server: Server) -> str:
    """Serve a script that says its process id; give the key."""
    raw = Raw(server.url)
    content = SCORE.encode()
    digest = f"sha256:{sha256(content).hexdigest()}"
    raw.call("PUT", f"{WS}/blobs/{digest}", body=content, token=server.token)
    raw.close()
    tree = server.call(
        "POST", f"{WS}/trees", {"files": [["score.py", digest, len(content), 420]]}
    )["digest"]
    server.call("POST", f"{WS}/online-endpoints", {"name": "e", "auth_mode": "key"})
    code = {"code": f"azureml://trees/{tree}", "scoring_script": "score.py"}
    path = f"{WS}/online-endpoints/e/online-deployments"
    server.call(
        "POST",
        path,
        {"name": "blue", "endpoint_name": "e", "code_configuration": code, "environment": CURRENT},
    )
    until(lambda: server.call("GET", f"{path}/blue")["provisioning_state"] == "Succeeded", 60)
    server.call("PATCH", f"{WS}/online-endpoints/e", {"traffic": {"blue": 100}})
    key: str = server.call("GET", f"{WS}/online-endpoints/e/keys")["primaryKey"]
    until(lambda: score(server, key))
    return key


def score(server: Server, key: str) -> int:
    """Call the endpoint; give the worker's process id, or 0 if it does not answer."""
    raw = Raw(server.gateway_url)
    try:
        answer = raw.call("POST", "/e/score", {}, token=key, retry=False)
    except OSError:
        return 0
    finally:
        raw.close()
    return int(answer.json) if answer.status == 200 else 0


def gateway_of(server: Server) -> int:
    return int(json.loads((Path(server.home) / "run" / "gateway-status.json").read_text())["pid"])


def say(text: str) -> None:
    sys.stderr.write(f"\n{text}\n")
