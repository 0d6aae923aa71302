"""The server itself: its health, its description, lineage and garbage."""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre import __version__
from zaffre.api.bodies import body_of, text_answer
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key
from zaffre.services import gc, lineage

WORKSPACE = "/api/v1/workspaces/{workspace}"
VERSIONED = f"{WORKSPACE}/lineage/{{kind}}/{{name}}/{{version}}"
OBJECT = {"type": "object"}


async def health(_: Request) -> Response:
    """Say that the server is ready."""
    return text_answer({"status": "ok", "version": __version__})


async def collect(request: Request) -> Response:
    """Find stored content that nothing refers to, and delete it if asked."""
    body = body_of(await request.body() or b"{}")
    dry = body.get("dry_run", True) if isinstance(body, dict) else None
    if not isinstance(dry, bool):
        raise Invalid("`dry_run` is neither true nor false.")
    found = await run_in_threadpool(lambda: gc.collect(request.scope["context"], dry_run=dry))
    return text_answer(asdict(found))


async def show_lineage(request: Request) -> Response:
    """Say what a thing came of and what came of it."""
    path = request.path_params
    wanted = kind(path["kind"].replace("-", "_"))
    version = path.get("version", "latest" if wanted.versioned else "")
    parent = request.query_params.get("parent", "")
    key = Key(wanted.name, request.scope["zaffre"].workspace, path["name"], version, parent)
    direction = request.query_params.get("direction", "both")
    if direction not in ("up", "down", "both"):
        raise Invalid("`direction` is none of up, down, both.")
    ctx = request.scope["context"]
    return text_answer(await run_in_threadpool(lineage.walk, ctx, key, direction))


async def show_request(request: Request) -> Response:
    """Say what made the prediction of a request."""
    wanted = request.query_params.get("request", "")
    if not wanted:
        raise Invalid("`request` is missing.", hint="Give the `x-request-id` of an answer.")
    ctx, workspace = request.scope["context"], request.scope["zaffre"].workspace
    return text_answer(await run_in_threadpool(lineage.walk_request, ctx, workspace, wanted))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", health, Access.PUBLIC, "Whether the server is ready.", answer=OBJECT),
    Route(
        "POST",
        f"{WORKSPACE}/gc",
        collect,
        Access.OWN,
        "Collect garbage.",
        body=OBJECT,
        answer=OBJECT,
    ),
    Route(
        "GET",
        f"{WORKSPACE}/lineage",
        show_request,
        Access.READ,
        "What made the prediction of a request.",
        answer=OBJECT,
        query=("request",),
    ),
    Route(
        "GET",
        f"{WORKSPACE}/lineage/{{kind}}/{{name}}",
        show_lineage,
        Access.READ,
        "What a thing came of, and what came of it.",
        answer=OBJECT,
        query=("direction", "parent"),
    ),
    Route(
        "GET",
        VERSIONED,
        show_lineage,
        Access.READ,
        "What a version came of, and what came of it.",
        answer=OBJECT,
        query=("direction", "parent"),
    ),
)
