from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from zaffre.errors import Failed
from zaffre.ml import local_server
from zaffre.ml.home import Home, Process, boot, start_time

SERVER = """\
import http.server, json, os, pathlib, sys
home = pathlib.Path(sys.argv[sys.argv.index("--home") + 1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
stat = open("/proc/self/stat").read().rpartition(")")[2].split()
facts = {"pid": os.getpid(), "boot": open("/proc/sys/kernel/random/boot_id").read().strip(),
         "start_time": int(stat[19]), "url": "http://127.0.0.1:%d" % server.server_address[1]}
(home / "run" / "server.json").write_text(json.dumps(facts))
(home / "starts").open("a").write("x")
server.serve_forever()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A home whose server is a small program of this test."""
    program = tmp_path / "server.py"
    program.write_text(SERVER)
    monkeypatch.setattr(
        local_server,
        "command",
        lambda home, options=(): [sys.executable, str(program), "--home", str(home.path)],
    )
    home = Home(tmp_path / "home")
    yield home
    local_server.stop(home)


def test_a_server_is_started_once_and_found_again(place):
    said: list[str] = []
    first = local_server.ensure(place, said.append)
    assert local_server.ensure(place, said.append) == first
    assert len(said) == 1
    assert first.url in said[0]


def test_of_two_that_try_one_starts_it(place):
    threads = [
        threading.Thread(target=local_server.ensure, args=(place, lambda _: None))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (place.path / "starts").read_text() == "x"


def test_stopping_ends_the_process(place):
    served = local_server.ensure(place, lambda _: None)
    stopped = local_server.stop(place)
    assert stopped == served
    assert not served.process.alive()
    assert place.served() is None
    assert local_server.stop(place) is None


def test_a_server_that_ends_at_once_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(
        local_server,
        "command",
        lambda *_: [sys.executable, "-c", "raise SystemExit('Port 8642 is taken.')"],
    )
    with pytest.raises(Failed, match="Port 8642 is taken"):
        local_server.start(Home(tmp_path / "home"))


def test_the_home_is_private(place):
    place.prepare()
    assert place.path.stat().st_mode & 0o777 == 0o700


def test_a_reused_pid_is_no_server(place):
    place.prepare()
    facts = {"pid": os.getpid(), "boot": boot(), "start_time": 1, "url": "http://x"}
    (place.path / "run" / "server.json").write_text(json.dumps(facts))
    assert place.served() is None
    facts |= {"start_time": start_time(os.getpid()), "boot": "another boot"}
    (place.path / "run" / "server.json").write_text(json.dumps(facts))
    assert place.served() is None


def test_no_stranger_is_signalled():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not Process(child.pid, boot(), 1).signal(signal.SIGTERM)
        assert child.poll() is None
    finally:
        child.communicate(b"\n")
