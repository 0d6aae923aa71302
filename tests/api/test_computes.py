"""Computes from outside: over HTTP, from Python and at the terminal, with the words of Azure's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served import Served, serving
from zaffre.api.table import all_routes
from zaffre.cli.main import run
from zaffre.errors import Conflict
from zaffre.ml.client import MLClient
from zaffre.ml.entities import ComputeInstance, LocalCompute

WS = "/api/v1/workspaces/default/computes"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("computes"), all_routes()) as running:
        yield running


@pytest.fixture
def client(served: Served) -> MLClient:
    return MLClient(url=served.url, token=served.token)


def test_a_compute_is_stopped_and_started_over_http(served):
    made = served.call("POST", WS, {"name": "a", "type": "local", "slots": 2})
    assert (made.status, made.json["state"]) == (201, "Running")
    assert served.call("POST", f"{WS}/a/stop").json["state"] == "Stopped"
    shown = served.call("GET", f"{WS}/a").json
    assert (shown["state"], shown["capacity"], shown["running"]) == ("Stopped", "2 CPUs", 0)
    assert served.call("POST", f"{WS}/a/start").json["state"] == "Running"
    assert served.call("POST", f"{WS}/none/start").status == 404
    assert served.call("POST", f"{WS}/a/detach").status == 409
    far = {"name": "far", "type": "kubernetes"}
    assert served.call("POST", WS, far).status == 201
    assert served.call("POST", f"{WS}/far/detach").status == 204
    assert served.call("GET", f"{WS}/far").status == 404


def test_a_compute_is_turned_from_python(client):
    client.compute.begin_create_or_update(
        ComputeInstance(name="mine", idle_time_before_shutdown="PT30M")
    ).result()
    assert client.compute.begin_stop("mine").result().state == "Stopped"
    assert client.compute.begin_start("mine").result().state == "Running"
    assert client.compute.begin_restart("mine").result().state == "Running"
    client.compute.begin_attach(LocalCompute(name="side", slots=1)).result()
    with pytest.raises(Conflict, match="not attached"):
        client.compute.begin_delete("side", action="Detach")
    client.compute.begin_delete("side").wait()
    assert "side" not in {one.name for one in client.compute.list()}


def test_a_compute_is_turned_at_the_terminal(served, monkeypatch, capsys):
    monkeypatch.setenv("ZAFFRE_URL", served.url)
    monkeypatch.setenv("ZAFFRE_TOKEN", served.token)

    def zaffre(*words: str) -> str:
        code = run(["compute", *words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return str(told.out)

    zaffre("attach", "-n", "far", "--type", "kubernetes")
    assert '"Stopped"' in zaffre("stop", "-n", "far")
    assert '"Running"' in zaffre("start", "-n", "far")
    zaffre("detach", "-n", "far", "--yes")
    listed = zaffre("list", "-o", "table").splitlines()
    assert listed[0].split() == ["NAME", "TYPE", "STATE", "CAPACITY", "FREE", "RUNNING", "WAITING"]
    assert not [line for line in listed if line.startswith("far")]
