"""Server-sent events: a job's log and states, until it ends or the reader leaves."""

from __future__ import annotations

import asyncio
import codecs
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.api.bodies import flag, number
from zaffre.kinds import wire
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.services import jobs
from zaffre.services.context import Context

CHUNK = 256 * 1024
TURN_SECONDS = 0.1
HEARTBEAT_TURNS = 100
BUILD_TURNS = 5
"""How often one looks how far a job's environment is."""
MOST = 2**62


def event(name: str, data: Any) -> bytes:
    """Write one server-sent event (WHATWG HTML, section 9.2)."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode(
        "utf-8", "backslashreplace"
    )


def job_key(request: Request) -> Key:
    """Give the key of the job in the path."""
    return Key("job", request.scope["zaffre"].workspace, request.path_params["name"])


async def job_logs(request: Request) -> Response:
    """Give a job's merged output from a byte offset: all there is, or as events while it grows."""
    ctx, key = request.scope["context"], job_key(request)
    offset = number(request.query_params, "offset", 0, least=0, most=MOST)
    await run_in_threadpool(ctx.metadata.get, key)
    if flag(request.query_params, "follow", default=True) is False:
        await run_in_threadpool(jobs.require_here, ctx, key)
        return StreamingResponse(
            _whole_log(ctx, key, offset), media_type="text/plain; charset=utf-8"
        )
    return _events(_follow(ctx, key, offset, with_log=True))


async def job_events(request: Request) -> Response:
    """Give a job's document at each change of state, as events."""
    ctx, key = request.scope["context"], job_key(request)
    await run_in_threadpool(ctx.metadata.get, key)
    return _events(_follow(ctx, key, 0, with_log=False))


def _events(content: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(
        content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _whole_log(ctx: Context, key: Key, offset: int) -> AsyncIterator[bytes]:
    while chunk := await run_in_threadpool(jobs.logs, ctx, key, offset, CHUNK):
        yield chunk
        offset += len(chunk)


async def _follow(ctx: Context, key: Key, offset: int, *, with_log: bool) -> AsyncIterator[bytes]:
    """Give log text and states as they come; the log's end comes before the job's end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    seen: tuple[int, str] | None = None
    reason: str | None = None
    quiet = 0
    while True:
        job = await run_in_threadpool(ctx.metadata.get, key)
        state = _state(job)
        building = state == JobState.PREPARING and quiet % BUILD_TURNS == 0
        if (job.revision, state) != seen or building:
            shown = await _shown(ctx, key)
            if (job.revision, state) != seen or shown.get("reason") != reason:
                seen, reason = (job.revision, state), shown.get("reason")
                yield event("state", shown)
                quiet = 0
        while with_log and (chunk := await run_in_threadpool(jobs.logs, ctx, key, offset, CHUNK)):
            offset += len(chunk)
            quiet = 0
            yield event("log", {"offset": offset, "text": decoder.decode(chunk)})
        if state in TERMINAL:
            yield event("end", await _shown(ctx, key))
            return
        quiet += 1
        if quiet % HEARTBEAT_TURNS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(TURN_SECONDS)


async def _shown(ctx: Context, key: Key) -> dict[str, Any]:
    return wire.to_wire(await run_in_threadpool(jobs.show, ctx, key))


def _state(job: Resource) -> str:
    return str(getattr(job.status, "status", ""))
