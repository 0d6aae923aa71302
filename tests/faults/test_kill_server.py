"""The server is killed at any moment while clients write: what was answered is there, once and whole."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attacks.calling import Raw
from faults.recording import ML, WS, Client, Recorder, all_items
from running import Server, clean_environment

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "10"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
READY_SECONDS = float(os.environ.get("FAULT_READY_SECONDS", "15"))
ENDED = ("Completed", "Failed", "Canceled")


def restart(server: Server) -> float:
    """Kill the server, start another one; give the seconds until it was ready."""
    server.kill()
    began = time.monotonic()
    server.start()
    return time.monotonic() - began


def doctor(home: Path) -> dict[str, Any]:
    """Let the doctor look; what is found is given again once things had time to settle."""
    deadline = time.monotonic() + 15
    while True:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "zaffre"), "doctor", "--json"],
            env=clean_environment(home), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        if done.returncode == 0 or time.monotonic() > deadline:
            return {**found, "exit": done.returncode}
        time.sleep(0.5)


def wait_for_jobs(server: Server, seconds: float = 120) -> list[dict[str, Any]]:
    deadline = time.monotonic() + seconds
    while True:
        jobs = all_items(lambda path: server.call("GET", path), f"{WS}/jobs?type=command")
        if all(job["status"] in ENDED for job in jobs):
            return jobs
        assert time.monotonic() < deadline, [job for job in jobs if job["status"] not in ENDED][:3]
        time.sleep(0.2)


@pytest.mark.timeout(3600)
def test_what_was_answered_survives_any_kill(lasting: Server, record_property):
    chance = random.Random(SEED)
    recorder = Recorder(lasting.url, lasting.token, SEED)
    clients = [Client(recorder, number) for number in range(4)]
    for client in clients:
        client.start()
    slowest = 0.0
    for turn in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 1.5))
        slowest = max(slowest, restart(lasting))
        assert not recorder.faults, recorder.faults[:5]
        if turn % 4 == 3:
            found = doctor(lasting.home)
            assert found["exit"] == 0, found
    time.sleep(0.5)
    recorder.stopping.set()
    for client in clients:
        client.join(30)
        assert not client.is_alive()
    jobs = wait_for_jobs(lasting)
    check_jobs(lasting, recorder, jobs)
    check_data(lasting, recorder)
    check_named(lasting, recorder)
    check_runs(lasting, recorder)
    check_artifacts(lasting, recorder)
    found = doctor(lasting.home)
    assert found["exit"] == 0, found
    assert not recorder.faults, recorder.faults[:5]
    answered = sum(one.answered for one in recorder.sent)
    for name, value in (
        ("kills", ROUNDS),
        ("sent", len(recorder.sent)),
        ("answered", answered),
        ("slowest", slowest),
    ):
        record_property(name, value)
    sys.stderr.write(f"\n{ROUNDS} kills, {len(recorder.sent)} writes, {answered} answered, {len(jobs)} jobs, "
                     f"ready again within {slowest:.2f} s\n")  # fmt: skip
    assert slowest <= READY_SECONDS


def check_jobs(server: Server, recorder: Recorder, jobs: list[dict[str, Any]]) -> None:
    sent = {one.name: one for one in recorder.of("job")}
    ops = [job["tags"]["op"] for job in jobs]
    assert len(ops) == len(set(ops)), "a job was made twice"
    assert {name for name, one in sent.items() if one.answered} <= set(ops) <= set(sent)
    for job in jobs:
        op = job["tags"]["op"]
        assert job["status"] == "Completed", job
        assert job["attempt"] == 1
        lines = int(sent[op].document["properties"]["lines"])
        wanted = "".join(f"{op} line {number}\n" for number in range(1, lines + 1))
        assert text(server, f"{WS}/jobs/{job['name']}/logs?follow=false") == wanted.encode(), op
        result = text(
            server,
            f"/api/2.0/mlflow-artifacts/artifacts/{job_place(server, job['name'])}/outputs/result.txt",
        )
        assert result == f"{op}\n".encode()


def job_place(server: Server, name: str) -> str:
    uri: str = server.call("GET", f"{ML}/runs/get?run_id={name}")["run"]["info"]["artifact_uri"]
    return uri.removeprefix("mlflow-artifacts:/").lstrip("/")


def check_data(server: Server, recorder: Recorder) -> None:
    stored = []
    for number in range(4):
        for asset in range(5):
            path = f"{WS}/data/data-{number}-{asset}/versions"
            found = all_items(lambda path: server.call("GET", path), path)
            versions = sorted(int(one["version"]) for one in found)
            assert versions == list(range(1, len(found) + 1)), (path, versions)
            stored += found
    ops = [one["tags"]["op"] for one in stored]
    assert len(ops) == len(set(ops)), "a version was made twice"
    sent = {one.document["tags"]["op"]: one for one in recorder.of("data")}
    assert {op for op, one in sent.items() if one.answered} <= set(ops) <= set(sent)
    for one in stored:
        assert one["path"] == sent[one["tags"]["op"]].document["path"]
    for blob in recorder.of("blob"):
        if blob.answered:
            assert text(server, f"{WS}/blobs/{blob.name}") == blob.body


def check_named(server: Server, recorder: Recorder) -> None:
    found = all_items(lambda path: server.call("GET", path), f"{WS}/online-endpoints")
    names = [one["name"] for one in found]
    sent = recorder.of("endpoint")
    assert {one.name for one in sent if one.answered} <= set(names) <= {one.name for one in sent}
    assert all(one["provisioning_state"] == "Succeeded" for one in found)
    token, models = "", set()
    while True:
        page = server.call(
            "GET", f"{ML}/registered-models/search?max_results=500&page_token={token}"
        )
        models |= {one["name"] for one in page.get("registered_models", [])}
        token = page.get("next_page_token", "")
        if not token:
            break
    sent = recorder.of("model")
    assert {one.name for one in sent if one.answered} <= models <= {one.name for one in sent}


def check_runs(server: Server, recorder: Recorder) -> None:
    runs: dict[str, dict[str, Any]] = {}
    for one in recorder.of("run"):
        if one.answered:
            run_id = one.answer["run"]["info"]["run_id"]
            runs[run_id] = server.call("GET", f"{ML}/runs/get?run_id={run_id}")["run"]
            assert runs[run_id]["info"]["run_name"] == one.name
    histories = {
        (run_id, f"m{i}"): server.call(
            "GET", f"{ML}/metrics/get-history?run_id={run_id}&metric_key=m{i}"
        )["metrics"]
        for run_id in runs
        for i in range(5)
    }
    for (run_id, key), points in histories.items():
        steps = [point["step"] for point in points]
        assert len(steps) == len(set(steps)), (run_id, key, "twice")
        known = {
            one.document["metrics"][0]["step"]
            for one in recorder.of("batch")
            if one.name.startswith(run_id)
        }
        assert set(steps) <= known
    for one in recorder.of("batch"):
        run_id = one.document["run_id"]
        rows = [
            any(
                (p["step"], p["value"]) == (row["step"], row["value"])
                for p in histories[run_id, row["key"]]
            )
            for row in one.document["metrics"]
        ]
        params = {pair["key"] for pair in runs[run_id]["data"].get("params", [])}
        there = {*rows, one.document["params"][0]["key"] in params}
        assert len(there) == 1, ("torn", one.name, rows)
        assert not one.answered or there == {True}, ("lost", one.name)


def check_artifacts(server: Server, recorder: Recorder) -> None:
    for one in recorder.of("artifact"):
        found = text(server, f"/api/2.0/mlflow-artifacts/artifacts/{one.name}")
        assert found == one.body or (found is None and not one.answered), one.name


def text(server: Server, path: str) -> bytes | None:
    """Give a body, or None where there is nothing."""
    raw = Raw(server.url)
    try:
        answer = raw.call("GET", path, token=server.token)
    finally:
        raw.close()
    assert answer.status in (200, 404), (path, answer.status, answer.body[:300])
    return answer.body if answer.status == 200 else None
