"""Environments: building them, the log of that, and what exactly they were built of."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import resource_answer
from zaffre.api.routing import Access, Route
from zaffre.kinds.resource import Key
from zaffre.services import environments

PLACE = "/api/v1/workspaces/{workspace}/environments/{name}"
VERSION = f"{PLACE}/versions/{{version}}"
TEXT = {"type": "string"}


def _key(request: Request) -> Key:
    path = request.path_params
    version = path.get("version", "latest")
    return Key("environment", request.scope["zaffre"].workspace, path["name"], version)


async def build(request: Request) -> Response:
    """Build an environment now; its status tells how it goes."""
    ctx = request.scope["context"]
    return resource_answer(await run_in_threadpool(environments.build, ctx, _key(request)))


async def log(request: Request) -> Response:
    """Give the log of the last build."""
    ctx = request.scope["context"]
    text = await run_in_threadpool(environments.build_log, ctx, _key(request))
    return Response(text, media_type="text/plain; charset=utf-8")


async def lock(request: Request) -> Response:
    """Give what exactly the environment was built of."""
    ctx, platform = request.scope["context"], request.query_params.get("platform")
    text = await run_in_threadpool(environments.lock_of, ctx, _key(request), platform)
    return Response(text, media_type="application/json")


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{PLACE}/build",
        build,
        Access.WRITE,
        "Build the latest version of an environment.",
        answer="environment",
    ),
    Route(
        "POST",
        f"{VERSION}/build",
        build,
        Access.WRITE,
        "Build an environment.",
        answer="environment",
    ),
    Route(
        "GET",
        f"{VERSION}/log",
        log,
        Access.READ,
        "The log of an environment's last build.",
        answer=TEXT,
    ),
    Route(
        "GET",
        f"{VERSION}/lock",
        lock,
        Access.READ,
        "What exactly an environment was built of on a platform.",
        answer={"type": "object"},
        query=("platform",),
    ),
)
