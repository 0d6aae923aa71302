"""Content in and out: streamed with bounded memory, all file work off the event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import BinaryIO
from urllib.parse import quote

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.errors import Unavailable
from zaffre.ports.artifacts import Blob
from zaffre.services import blobs
from zaffre.services.context import Context

CHUNK = 2**20
STALLED_SECONDS = 60.0
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


async def receive(request: Request, *, expect: str | None = None) -> Blob:
    """Store a request's body.

    Raises:
        Invalid: it is not what `expect` says.
        Unavailable: the sender stopped for too long.
        StorageFull: no room; nothing is kept.
    """
    ctx: Context = request.scope["context"]
    pieces = _pieces_of(request)
    first = await anext(pieces, b"")
    second = await anext(pieces, None)
    if second is None:
        return await run_in_threadpool(lambda: ctx.artifacts.put([first], expect=expect))
    upload = await run_in_threadpool(ctx.artifacts.receive)
    try:
        await run_in_threadpool(upload.write, first)
        await run_in_threadpool(upload.write, second)
        async for piece in pieces:
            await run_in_threadpool(upload.write, piece)
        return await run_in_threadpool(lambda: upload.commit(expect=expect))
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(upload.abort)


async def _pieces_of(request: Request) -> AsyncIterator[bytes]:
    """Give the body in pieces that are worth a turn of a thread."""
    waiting: list[bytes] = []
    held = 0
    async for chunk in _arriving(request):
        waiting.append(chunk)
        held += len(chunk)
        if held >= CHUNK:
            yield b"".join(waiting)
            waiting, held = [], 0
    if waiting:
        yield b"".join(waiting)


async def _arriving(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                yield await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Unavailable("The upload stalled, so it was given up.", code="stalled") from None


async def send(request: Request, digest: str, *, name: str = "") -> Response:
    """Give stored content, or the range of it that was asked for.

    Raises:
        NotFound: there is no such content.
        Failed: it is damaged.
    """
    ctx: Context = request.scope["context"]
    headers = _headers(digest, name)
    if digest in request.headers.get("if-none-match", ""):
        await run_in_threadpool(blobs.size_of, ctx, digest)
        return Response(status_code=304, headers=headers)
    size = await run_in_threadpool(blobs.size_of, ctx, digest)
    asked = _range(request, size, digest)
    if asked is None:
        return await _whole(request, ctx, digest, size, headers)
    first, last = asked
    if first > last:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    headers |= {"content-range": f"bytes {first}-{last}/{size}"}
    file = await run_in_threadpool(blobs.open_at, ctx, digest, first)
    return _stream(request, file, last - first + 1, headers, 206)


async def _whole(
    request: Request, ctx: Context, digest: str, size: int, headers: dict[str, str]
) -> Response:
    if request.method == "HEAD":
        return Response(headers={**headers, "content-length": str(size)})
    file = await run_in_threadpool(ctx.artifacts.open, digest)
    return _stream(request, file, size, headers, 200)


def _stream(
    request: Request, file: BinaryIO, length: int, headers: dict[str, str], status: int
) -> Response:
    headers = {**headers, "content-length": str(length)}
    if request.method == "HEAD":
        file.close()
        return Response(status_code=status, headers=headers)
    media = "application/octet-stream"
    return StreamingResponse(_pieces(file, length), status, headers, media)


async def _pieces(file: BinaryIO, length: int) -> AsyncIterator[bytes]:
    try:
        while length > 0:
            chunk = await run_in_threadpool(file.read, min(CHUNK, length))
            if not chunk:
                raise Unavailable("The stored content is shorter than it should be.")
            length -= len(chunk)
            if not length:
                # Damage shows at the end of the file: look there before the last piece is given.
                await run_in_threadpool(file.read, 1)
            yield chunk
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(file.close)


def _headers(digest: str, name: str) -> dict[str, str]:
    headers = {"etag": f'"{digest}"', "accept-ranges": "bytes"}
    if name:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return headers


def _range(request: Request, size: int, digest: str) -> tuple[int, int] | None:
    """Give the first and last byte asked for; None means all (so does a form not served)."""
    found = _RANGE.match(request.headers.get("range", ""))
    if_range = request.headers.get("if-range")
    if found is None or if_range not in (None, f'"{digest}"') or not size:
        return None
    first, last = found.groups()
    if first:
        return int(first), min(int(last) if last else size - 1, size - 1)
    return (max(0, size - int(last)), size - 1) if last else None
