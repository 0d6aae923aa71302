"""The gate: nothing answers that was not declared, to nobody who may not call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.gate import Gate
from zaffre.api.matching import Table
from zaffre.api.routing import Access, Route
from zaffre.errors import Conflict, StorageFull
from zaffre.kinds.resource import Resource, Status
from zaffre.kinds.workspace import WorkspaceSpec
from zaffre.ports.metadata import Add
from zaffre.ports.tokens import Principal, Role
from zaffre.services import workspaces
from zaffre.testing.clock import FakeClock
from zaffre.testing.metadata import FakeMetadata

HOST = "127.0.0.1:8642"
PEOPLE = {
    "owner": Principal("ada", Role.OWNER),
    "reader": Principal("ben", Role.READER),
    "writer": Principal("cyd", Role.CONTRIBUTOR, workspace="default"),
    "job": Principal("job:default/j1", Role.JOB, workspace="default", job="j1"),
}


async def echo(request: Request) -> Response:
    return Response(f"{request.scope['zaffre'].workspace}:{(await request.body()).decode()}")


async def full(_: Request) -> Response:
    raise StorageFull("No room is left.")


async def taken(_: Request) -> Response:
    raise Conflict("There is one already.", code="exists")


async def broken(_: Request) -> Response:
    return Response(str(1 // 0))


ROUTES = (
    Route("GET", "/health", echo, Access.PUBLIC),
    Route("GET", "/api/v1/workspaces/{workspace}/things", echo, Access.READ),
    Route("POST", "/api/v1/workspaces/{workspace}/things", echo, Access.WRITE, max_body=10),
    Route("POST", "/api/v1/workspaces/{workspace}/report", echo, Access.JOB_WRITE),
    Route("GET", "/api/v1/workspaces/{workspace}/report", echo, Access.JOB),
    Route("DELETE", "/api/v1/workspaces/{workspace}", echo, Access.OWN),
    Route("GET", "/full", full, Access.READ),
    Route("GET", "/broken", broken, Access.READ),
    Route("POST", "/api/2.0/mlflow/runs/create", taken, Access.WRITE),
    Route("GET", "/api/2.0/mlflow/who", echo, Access.READ),
)
Call = Callable[..., httpx2.Response]


@pytest.fixture
def call() -> Call:
    tokens = SimpleNamespace(check=PEOPLE.get)
    metadata = FakeMetadata(FakeClock())
    context = SimpleNamespace(tokens=tokens, metadata=metadata, acting=lambda actor: actor)
    for name in ("default", "other"):
        metadata.apply([Add(Resource(workspaces.key_of(name), WorkspaceSpec(), Status()))])
    gate = Gate(ROUTES, context, [HOST])  # type: ignore[arg-type]

    def send(method: str, path: str, token: str = "", **more: Any) -> httpx2.Response:
        headers = {"host": HOST, **more.pop("headers", {})}
        if token:
            headers["authorization"] = f"Bearer {token}"

        async def go() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=gate)  # type: ignore[arg-type]
            async with httpx2.AsyncClient(
                transport=transport, base_url=f"http://{HOST}"
            ) as client:
                return await client.request(method, path, headers=headers, **more)

        return asyncio.run(go())

    return send


def test_a_workspace_that_is_not_there_is_said_to_be_missing(call: Call) -> None:
    for path in ("/api/v1/workspaces/nope/things", "/workspaces/nope/api/2.0/mlflow/who"):
        answer = call("GET", path, "owner")
        assert answer.status_code == 404
        assert "workspace" in answer.text
        assert "`nope`" in answer.text
    assert call("DELETE", "/api/v1/workspaces/nope", "owner").status_code == 200


def test_health_needs_no_token(call: Call) -> None:
    assert call("GET", "/health").status_code == 200


@pytest.mark.parametrize(
    "path", [route.path for route in ROUTES if route.access is not Access.PUBLIC]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_else_answers_without_a_token(call: Call, path: str, method: str) -> None:
    spelled = path.replace("{workspace}", "default")
    for variant in (
        spelled,
        f"{spelled}/",
        f"/{spelled}",
        spelled.upper(),
        f"{spelled}?token=owner",
    ):
        assert call(method, variant).status_code == 401


@pytest.mark.parametrize("token", ["nobody", "OWNER", " ", "owner owner"])
def test_a_token_that_is_not_known_is_refused(call: Call, token: str) -> None:
    answer = call("GET", "/api/v1/workspaces/default/things", token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_password_of_basic_authentication_is_a_token(call: Call) -> None:
    headers = {"authorization": "Basic YW55Ym9keTpvd25lcg=="}  # anybody:owner
    assert call("GET", "/api/v1/workspaces/default/things", headers=headers).status_code == 200


def test_unknown_addresses_are_not_found_for_those_who_may_know(call: Call) -> None:
    assert call("GET", "/api/v1/nothing", "owner").status_code == 404
    assert call("PUT", "/api/v1/workspaces/default/things", "owner").json()["code"] == "method"


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        ("owner", "DELETE", "/api/v1/workspaces/default", 200),
        ("writer", "DELETE", "/api/v1/workspaces/default", 403),
        ("writer", "POST", "/api/v1/workspaces/default/things", 200),
        ("reader", "POST", "/api/v1/workspaces/default/things", 403),
        ("reader", "GET", "/api/v1/workspaces/default/things", 200),
        ("job", "GET", "/api/v1/workspaces/default/things", 403),
        ("job", "POST", "/api/v1/workspaces/default/report", 200),
        ("job", "GET", "/api/v1/workspaces/default/report", 200),
        ("reader", "GET", "/api/v1/workspaces/default/report", 200),
        ("reader", "POST", "/api/v1/workspaces/default/report", 403),
        ("writer", "POST", "/api/v1/workspaces/default/report", 200),
        ("job", "POST", "/api/v1/workspaces/other/report", 404),
        ("writer", "GET", "/api/v1/workspaces/other/things", 404),
        ("writer", "GET", "/workspaces/other/api/2.0/mlflow/who", 404),
        ("owner", "GET", "/workspaces/other/api/2.0/mlflow/who", 200),
    ],
)
def test_roles_reach_what_they_may(
    call: Call, token: str, method: str, path: str, status: int
) -> None:
    assert call(method, path, token).status_code == status


def test_a_prefix_names_the_workspace_of_mlflow_clients(call: Call) -> None:
    assert call("GET", "/workspaces/other/api/2.0/mlflow/who", "owner").text == "other:"
    assert call("GET", "/api/2.0/mlflow/who", "owner").text == "default:"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:8642.evil.example", ""])
def test_foreign_host_names_are_refused_even_for_public_routes(call: Call, host: str) -> None:
    assert call("GET", "/health", "owner", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_cannot_change_anything(call: Call, headers: dict[str, str]) -> None:
    path = "/api/v1/workspaces/default/things"
    assert call("POST", path, "owner", headers=headers).status_code == 403
    assert call("POST", path, "owner", headers={"origin": f"http://{HOST}"}).status_code == 200


def test_bodies_are_limited_whether_or_not_they_say_their_length(call: Call) -> None:
    path = "/api/v1/workspaces/default/things"
    assert call("POST", path, "owner", content=b"x" * 10).status_code == 200
    assert call("POST", path, "owner", content=b"x" * 11).status_code == 413

    async def chunks() -> Any:
        for _ in range(4):
            yield b"xxxx"

    assert call("POST", path, "owner", content=chunks()).status_code == 413


def test_errors_are_problem_documents(call: Call) -> None:
    answer = call("GET", "/full", "owner")
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    assert answer.json()["detail"] == "No room is left."


def test_an_error_of_our_own_tells_nothing_but_its_request(call: Call) -> None:
    answer = call("GET", "/broken", "owner")
    assert answer.status_code == 500
    assert "division" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_mlflow_gets_errors_in_its_own_form(call: Call) -> None:
    answer = call("POST", "/api/2.0/mlflow/runs/create", "owner")
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert call("GET", "/api/2.0/mlflow/who").json()["error_code"] == "UNAUTHENTICATED"


def test_every_answer_is_guarded(call: Call) -> None:
    for answer in (call("GET", "/health"), call("GET", "/x"), call("GET", "/broken", "owner")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_route_that_declares_no_access_stops_the_start() -> None:
    with pytest.raises(TypeError, match="does not declare who may call it"):
        Table([Route("GET", "/open", echo, None)])  # type: ignore[arg-type]


def test_a_route_declared_twice_stops_the_start() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Table([ROUTES[0], ROUTES[0]])
