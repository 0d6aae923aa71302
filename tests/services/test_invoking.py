"""An endpoint is called through the server with its own key, and its answer comes back as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.endpoint_context import ENDPOINT, Stage, stage
from zaffre.adapters.local.data_plane import GatewayDataPlane
from zaffre.errors import NotFound, Unavailable
from zaffre.ports.data_plane import Call, Reply
from zaffre.services import endpoints, invoking


class Echo:
    """A data plane that answers with what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def ask(self, call: Call) -> Reply:
        self.calls.append(call)
        return Reply(418, {"x-request-id": "r1"}, call.body, 0.01)


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "home") as found:
        found.endpoint()
        yield found


def test_a_call_has_the_endpoints_key_and_names_the_deployment(on: Stage):
    plane = Echo()
    ctx = replace(on.ctx, data_plane=plane)
    answer = invoking.invoke(ctx, ENDPOINT, b"{}", deployment="green")
    assert (answer.status, answer.body) == (418, b"{}")
    (call,) = plane.calls
    assert call.key == endpoints.keys(ctx, ENDPOINT)["primaryKey"]
    assert (call.endpoint, call.path, call.method) == ("churn", "score", "POST")
    assert call.headers["azureml-model-deployment"] == "green"
    assert call.key not in repr(call)


def test_the_description_is_asked_for(on: Stage):
    plane = Echo()
    invoking.description(replace(on.ctx, data_plane=plane), ENDPOINT)
    assert (plane.calls[0].path, plane.calls[0].method) == ("swagger.json?version=3", "GET")


def test_without_an_endpoint_nothing_is_asked(on: Stage):
    plane = Echo()
    with pytest.raises(NotFound):
        invoking.invoke(replace(on.ctx, data_plane=plane), replace(ENDPOINT, name="no"), b"")
    assert plane.calls == []


def test_without_a_gateway_it_is_said(on: Stage):
    for plane in (None, GatewayDataPlane("127.0.0.1:1")):
        with pytest.raises(Unavailable):
            invoking.invoke(replace(on.ctx, data_plane=plane), ENDPOINT, b"{}")
