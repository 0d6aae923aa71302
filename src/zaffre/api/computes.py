"""What only computes have: start, stop, detach."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import resource_answer
from zaffre.api.routing import Access, Handler, Route
from zaffre.kinds.resource import Key, Resource
from zaffre.services import computes
from zaffre.services.context import Context

BASE = "/api/v1/workspaces/{workspace}/computes/{name}"


def _key(request: Request) -> Key:
    return Key("compute", request.scope["zaffre"].workspace, request.path_params["name"])


def _turning(turn: Callable[[Context, Key], Resource]) -> Handler:
    async def handle(request: Request) -> Response:
        ctx = request.scope["context"]
        return resource_answer(await run_in_threadpool(turn, ctx, _key(request)))

    return handle


async def detach(request: Request) -> Response:
    """Forget a compute that was attached."""
    await run_in_threadpool(computes.detach, request.scope["context"], _key(request))
    return Response(status_code=204)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{BASE}/start",
        _turning(computes.start),
        Access.WRITE,
        "Let a compute take jobs again.",
        answer="compute",
    ),
    Route(
        "POST",
        f"{BASE}/stop",
        _turning(computes.stop),
        Access.WRITE,
        "Let a compute start no more jobs.",
        answer="compute",
    ),
    Route("POST", f"{BASE}/detach", detach, Access.WRITE, "Forget an attached compute."),
)
