"""`up`, `down`, `status`: against a small program that stands for the server."""

from __future__ import annotations

import json
import sys

import pytest

from zaffre.ml import local_server
from zaffre.ml.home import Home

SERVER = """\
import http.server, json, os, pathlib, sys
home = pathlib.Path(sys.argv[sys.argv.index("--home") + 1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        if "/jobs" in self.path and "state=Running" in self.path:
            rows = [{"name": "j", "status": "Running"}]
        elif "/online-deployments" in self.path:
            rows = [{"name": "blue", "endpoint_name": "e", "provisioning_state": "Succeeded"}]
        elif "/online-endpoints" in self.path:
            rows = [{"name": "e", "traffic": {"blue": 100}}]
        else:
            rows = []
        self.wfile.write(json.dumps({"items": rows, "next": ""}).encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
stat = open("/proc/self/stat").read().rpartition(")")[2].split()
facts = {"pid": os.getpid(), "boot": open("/proc/sys/kernel/random/boot_id").read().strip(),
         "start_time": int(stat[19]), "url": "http://127.0.0.1:%d" % server.server_address[1],
         "gateway_url": "http://127.0.0.1:1", "started": 1.0,
         "isolation": "namespaces"}
(home / "token").write_text("t")
(home / "run" / "server.json").write_text(json.dumps(facts))
server.serve_forever()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    program = tmp_path / "server.py"
    program.write_text(SERVER)
    monkeypatch.setattr(
        local_server,
        "command",
        lambda home, options=(): [
            sys.executable,
            str(program),
            "--home",
            str(home.path),
            *options,
        ],
    )
    monkeypatch.setenv("ZAFFRE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZAFFRE_URL", raising=False)
    monkeypatch.delenv("ZAFFRE_TOKEN", raising=False)
    home = Home(tmp_path / "home")
    yield home
    local_server.stop(home)


def test_up_status_and_down(place, zaffre):
    up = zaffre("up", "--port", "0")
    assert up.code == 0, up.err
    assert up.result["server"] == "running"
    again = zaffre("up")
    assert again.code == 1
    assert str(up.result["pid"]) in again.err

    status = zaffre("status").result
    assert [job["name"] for job in status["jobs"]] == ["j"]
    assert status["deployments"][0]["traffic"] == "100 %"
    drawn = zaffre("status", "-o", "table").out
    assert "blue" in drawn
    assert "Running" in drawn
    exported = zaffre("status", "--export").out
    assert f"export MLFLOW_TRACKING_URI={up.result['url']}\n" in exported
    assert "MLFLOW_TRACKING_TOKEN=t" in exported

    down = zaffre("down")
    assert "Stopped the server" in down.err
    assert "Nothing runs" in zaffre("down").err
    stopped = zaffre("status")
    assert stopped.result["server"] == "stopped"
    assert zaffre("status", "--export").code == 1


def test_a_command_that_finds_no_server_starts_one_and_says_so(place, zaffre):
    first = zaffre("model", "list")
    assert first.code == 0, first.err
    assert first.err.count("\n") == 1
    assert "Started Zaffre" in first.err
    assert zaffre("model", "list").err == ""


def test_up_says_what_to_do_next(place, zaffre):
    shown = zaffre("up", "-o", "table").out
    assert "zaffre status --export" in shown
    assert "zaffre job create" in shown


def test_the_doctor_takes_the_forms_of_other_commands(tmp_path, zaffre, monkeypatch):
    (tmp_path / "told.py").write_text(
        "import pathlib, sys; pathlib.Path('told').write_text(' '.join(sys.argv[3:]))"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zaffre.cli.server.DOCTOR", "told")
    for words, told in ((("-o", "json"), "--json"), (("--json", "--full"), "--full --json")):
        assert zaffre("doctor", "--home", str(tmp_path), *words).code == 0
        assert (tmp_path / "told").read_text() == told
    wrong = zaffre("doctor", "-o", "jsn")
    assert wrong.code == 2
    assert "--full" in zaffre("doctor", "--help").out


def test_the_doctors_exit_code_is_the_commands(tmp_path, zaffre, monkeypatch):
    monkeypatch.setattr("zaffre.cli.server.DOCTOR", "no.such.doctor")
    assert zaffre("doctor", "--home", str(tmp_path)).code == 1


def test_a_token_file_is_read(place, zaffre):
    zaffre("up")
    assert json.loads(zaffre("job", "list", "--state", "Running").out)[0]["name"] == "j"
