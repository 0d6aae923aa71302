"""What changes in a workspace, as server-sent events: one stream for everything on a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.api.bodies import number
from zaffre.api.routing import Access, Caller, Route
from zaffre.api.streams import MOST
from zaffre.ports.metadata import Change
from zaffre.services.context import Context

TURN_SECONDS = 0.5
HEARTBEAT_TURNS = 20


async def watch(request: Request) -> Response:
    """Give each change from now on, or from the last event that the reader has."""
    known = number(request.headers, "last-event-id", 0, least=0, most=MOST)
    ctx, caller = request.scope["context"], request.scope["zaffre"]
    return StreamingResponse(
        _changes(ctx, caller, known or None),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _changes(ctx: Context, caller: Caller, after: int | None) -> AsyncIterator[bytes]:
    if after is None:
        newest = await run_in_threadpool(ctx.metadata.changes, caller.workspace, None)
        after = newest[-1].mark if newest else 0
    yield _event("ready", after, [])
    quiet = 0
    while ctx.tokens.check(caller.token) is not None:
        found = await run_in_threadpool(ctx.metadata.changes, caller.workspace, after)
        if found:
            after, quiet = found[-1].mark, 0
            yield _event("changes", after, _told(found))
        quiet += 1
        if quiet % HEARTBEAT_TURNS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(TURN_SECONDS)


def _told(found: Sequence[Change]) -> list[dict[str, Any]]:
    """Give the last change of each resource."""
    last = {change.key: change for change in found}
    return [
        {
            "verb": change.verb,
            "kind": key.kind,
            "parent": key.parent,
            "name": key.name,
            "version": key.version,
            "revision": change.revision,
        }
        for key, change in last.items()
    ]


def _event(name: str, mark: int, data: list[dict[str, Any]]) -> bytes:
    text = json.dumps(data, ensure_ascii=False)
    return f"id: {mark}\nevent: {name}\ndata: {text}\n\n".encode("utf-8", "backslashreplace")


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/workspaces/{workspace}/events",
        watch,
        Access.READ,
        "What changes in the workspace, as events.",
    ),
)
