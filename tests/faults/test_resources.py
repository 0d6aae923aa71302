"""Disk, database and connections run out: writes say so, reads go on, and it heals by itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from attacks.calling import Answer, Raw
from faults.recording import CURRENT, ML, WS
from faults.test_kill_server import doctor, wait_for_jobs
from running import Server, end_all_of

MIB = 2**20
PROBLEMS = {503, 507}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Server]:
    """A server whose home is a disk of 48 MiB."""
    home = tmp_path / "disk"
    home.mkdir(mode=0o700)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(home)], capture_output=True, check=False
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    server = Server(home)
    try:
        yield server.start()
    finally:
        server.stop()
        end_all_of(home)
        subprocess.run(["umount", "-l", str(home)], check=True)


class Caller:
    """The owner, on one connection."""

    def __init__(self, server: Server) -> None:
        self.raw, self.token = Raw(server.url), server.token

    def call(self, method: str, path: str, document: Any = None, **more: Any) -> Answer:
        return self.raw.call(method, path, document, token=self.token, **more)


@pytest.fixture
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    name = "small" if "small" in request.fixturenames else "server"
    made = Caller(request.getfixturevalue(name))
    yield made
    made.raw.close()


def fill(home: Path, leave: int) -> Path:
    """Take the disk's room, but for some bytes."""
    path = home / "ballast"
    free = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize
    path.write_bytes(b"x" * max(0, free - leave))
    return path


def put(caller: Caller, size: int) -> Answer:
    content = os.urandom(size)
    return caller.call(
        "PUT", f"{WS}/blobs/sha256:{hashlib.sha256(content).hexdigest()}", body=content
    )


def test_a_full_disk_is_said_and_heals(small: Server, caller: Caller):
    run = caller.call("POST", f"{ML}/runs/create", {"experiment_id": "0"}).json["run"]["info"][
        "run_id"
    ]
    assert put(caller, MIB).status == 201
    ballast = fill(small.home, 64 * 1024)
    refused = put(caller, 4 * MIB)
    assert refused.status == 507, refused.body
    assert refused.headers["retry-after"]
    answers: list[Answer] = []
    value = "x" * 5000
    for number in range(400):
        sent = {"run_id": run, "key": f"k{number}", "value": value}
        answers.append(caller.call("POST", f"{ML}/runs/log-parameter", sent))
    kept = {f"k{number}" for number, answer in enumerate(answers) if answer.status == 200}
    assert {answer.status for answer in answers} <= {200, *PROBLEMS}
    assert any(answer.status in PROBLEMS for answer in answers), "the disk was not full"
    assert caller.call("GET", f"{WS}/jobs").status == 200
    assert caller.call("GET", "/health").status == 200
    found = caller.call("GET", f"{ML}/runs/get?run_id={run}").json["run"]["data"]["params"]
    assert {one["key"] for one in found} == kept
    ballast.unlink()
    deadline = time.monotonic() + 10
    while (answer := put(caller, MIB)).status != 201:
        assert time.monotonic() < deadline, answer.body
        time.sleep(0.1)
    sent = {"run_id": run, "key": "after", "value": "1"}
    while (answer := caller.call("POST", f"{ML}/runs/log-parameter", sent)).status != 200:
        assert time.monotonic() < deadline, answer.body
        time.sleep(0.1)
    small.kill()
    small.start()
    again = Caller(small)
    found = again.call("GET", f"{ML}/runs/get?run_id={run}").json["run"]["data"]["params"]
    again.raw.close()
    assert {one["key"] for one in found} == kept | {"after"}
    assert doctor(small.home)["exit"] == 0


def test_a_job_that_ends_on_a_full_disk_reaches_its_end(small: Server, caller: Caller):
    document = {"name": "j", "command": "sleep 1.5; echo done", "environment": CURRENT}
    assert caller.call("POST", f"{WS}/jobs", document).status == 201
    deadline = time.monotonic() + 20
    while caller.call("GET", f"{WS}/jobs/j").json["status"] != "Running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ballast = fill(small.home, 0)
    time.sleep(3)
    assert caller.call("GET", f"{WS}/jobs/j").status == 200
    ballast.unlink()
    (job,) = wait_for_jobs(small, 60)
    assert job["status"] in ("Completed", "Failed")


def test_a_locked_database_is_waited_for_then_said_and_heals(server: Server, caller: Caller):
    run = caller.call("POST", f"{ML}/runs/create", {"experiment_id": "0"}).json["run"]["info"][
        "run_id"
    ]
    sent = {"run_id": run, "key": "a", "value": "1"}
    with contextlib.closing(
        sqlite3.connect(server.home / "zaffre.db", isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = caller.call("POST", f"{ML}/runs/log-parameter", sent)
        took = time.monotonic() - began
        assert answer.status == 503, (answer.status, took)
        assert answer.headers["retry-after"]
        assert took < 15
        assert caller.call("GET", f"{ML}/runs/get?run_id={run}").status == 200
        other.execute("ROLLBACK")
    deadline = time.monotonic() + 10
    while caller.call("POST", f"{ML}/runs/log-parameter", {**sent, "key": "b"}).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert doctor(server.home)["exit"] == 0


def test_a_flood_of_output_is_capped_and_costs_the_server_nothing(server: Server, caller: Caller):
    assert server.process is not None
    before = psutil.Process(server.process.pid).memory_info().rss
    command = "head -c 30000000 /dev/zero; head -c 30000000 /dev/urandom; yes flood | head -c 30000000; echo; echo end"
    assert (
        caller.call(
            "POST", f"{WS}/jobs", {"name": "f", "command": command, "environment": CURRENT}
        ).status
        == 201
    )
    (job,) = wait_for_jobs(server, 120)
    assert job["status"] == "Completed", job
    tail = caller.call("GET", f"{WS}/jobs/f/logs?follow=false&offset=89999000", limit=200_000_000)
    assert tail.body.endswith(b"end\n")
    after = psutil.Process(server.process.pid).memory_info().rss
    assert after - before < 80 * MIB


def test_hundreds_of_slow_connections_do_not_keep_others_out(server: Server, caller: Caller):
    host = urlsplit(server.url)
    slow = []
    try:
        for number in range(800):
            one = socket.create_connection((host.hostname, host.port), timeout=10)
            one.sendall(
                b"POST /api/v1/workspaces HTTP/1.1\r\nHost: "
                + (b"" if number % 2 else host.netloc.encode())
            )
            slow.append(one)
        began = time.monotonic()
        assert caller.call("GET", f"{WS}/jobs").status == 200
        assert time.monotonic() - began < 5
    finally:
        for one in slow:
            one.close()
    assert caller.call("GET", "/health").status == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /health",
        b"\r\n",
        b"POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\nab",
    ],
)
def test_who_sends_too_slowly_is_let_go(server: Server, sent: bytes):
    host = urlsplit(server.url)
    with socket.create_connection((host.hostname, host.port), timeout=80) as one:
        one.sendall(sent.replace(b"{host}", host.netloc.encode()))
        began = time.monotonic()
        while True:
            try:
                if not one.recv(65536):
                    break
            except ConnectionError:
                break
        assert time.monotonic() - began < 75
