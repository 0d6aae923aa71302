"""Stored content by its digest: how large it is, and reading from its middle."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from zaffre.errors import Failed
from zaffre.services.context import Context

_CHUNK = 2**20
_REMEMBERED = 1024

# Large content is read through before a part of it is given. What was right, and until when
# that is believed.
_verified: dict[tuple[str, int, int], float] = {}
_BELIEVED_SECONDS = 600.0


def size_of(ctx: Context, digest: str) -> int:
    """Give the bytes of stored content.

    Raises:
        NotFound: there is none.
    """
    path = ctx.artifacts.path(digest)
    if path is not None:
        return path.stat().st_size
    with ctx.artifacts.open(digest) as file:
        return sum(len(chunk) for chunk in iter(lambda: file.read(_CHUNK), b""))


def verify(ctx: Context, digest: str) -> int:
    """Read content through and give its size.

    Raises:
        NotFound: there is none.
        Failed: it is damaged.
    """
    with ctx.artifacts.open(digest) as file:
        return sum(len(chunk) for chunk in iter(lambda: file.read(_CHUNK), b""))


def open_at(ctx: Context, digest: str, offset: int) -> BinaryIO:
    """Open verified content at an offset.

    Raises:
        NotFound: there is none.
        Failed: it is damaged.
    """
    path = ctx.artifacts.path(digest)
    if path is None:
        file = ctx.artifacts.open(digest)
        _skip(file, offset)
        return file
    now = ctx.clock.monotonic()
    if _verified.get(_facts(path), 0.0) <= now:
        verify(ctx, digest)
        _remember(path, now)
    file = path.open("rb")
    file.seek(offset)
    return file


def _skip(file: BinaryIO, count: int) -> None:
    while count:
        chunk = file.read(min(count, _CHUNK))
        if not chunk:
            raise Failed(
                "The stored content is shorter than it should be.", code="damaged_content"
            )
        count -= len(chunk)


def _facts(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_ino, found.st_size


def _remember(path: Path, now: float) -> None:
    while len(_verified) >= _REMEMBERED:
        _verified.pop(next(iter(_verified)), None)
    _verified[_facts(path)] = now + _BELIEVED_SECONDS
