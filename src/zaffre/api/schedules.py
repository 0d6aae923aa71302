"""What only schedules have: enable, disable, trigger."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import resource_answer
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Handler, Route
from zaffre.kinds.resource import Key, Resource
from zaffre.services import schedules
from zaffre.services.context import Context

BASE = "/api/v1/workspaces/{workspace}/schedules/{name}"


def _key(request: Request) -> Key:
    return Key("schedule", request.scope["zaffre"].workspace, request.path_params["name"])


def _switch(*, enabled: bool) -> Handler:
    async def handle(request: Request) -> Response:
        ctx, key = request.scope["context"], _key(request)
        found = await run_in_threadpool(lambda: schedules.enable(ctx, key, enabled=enabled))
        return resource_answer(found)

    return handle


async def trigger(request: Request) -> Response:
    """Create a job now; a repeated idempotency key gives the one made before."""
    ctx = once_of(request, await request.body(), "job")
    return resource_answer(await run_in_threadpool(_trigger, ctx, _key(request)), 201)


def _trigger(ctx: Context, key: Key) -> Resource:
    known = ctx.metadata.recall(ctx.actor.once) if ctx.actor.once else None
    return ctx.metadata.get(known) if known is not None else schedules.trigger(ctx, key)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{BASE}/enable",
        _switch(enabled=True),
        Access.WRITE,
        "Let a schedule create jobs.",
        answer="schedule",
    ),
    Route(
        "POST",
        f"{BASE}/disable",
        _switch(enabled=False),
        Access.WRITE,
        "Let a schedule create no jobs.",
        answer="schedule",
    ),
    Route(
        "POST",
        f"{BASE}/trigger",
        trigger,
        Access.WRITE,
        "Create a job of a schedule now.",
        answer="job",
    ),
)
