"""Stored content by its digest: how large it is, and reading from its middle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from zaffre.errors import Failed, Invalid
from zaffre.kinds import names
from zaffre.ports.artifacts import Blob
from zaffre.ports.direct import Place
from zaffre.services.context import Context

MOST_PLACES = 1000
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
    return ctx.artifacts.size(digest)


def downloads(ctx: Context, digests: Sequence[str]) -> dict[str, Place]:
    """Say which content clients can get past the server, and where.

    Raises:
        Invalid: these are too many, or one is no digest.
    """
    _check_few(digests)
    known = [names.digest(digest) for digest in digests]
    return ctx.direct.downloads(known) if ctx.direct else {}


def uploads(ctx: Context, wanted: Sequence[Blob]) -> dict[str, Place]:
    """Say which content clients can put past the server, and where.

    Raises:
        Invalid: these are too many, or one has no digest or size.
    """
    _check_few(wanted)
    for blob in wanted:
        names.digest(blob.digest)
        if blob.size < 0:
            raise Invalid(f"{blob.size} is no size.")
    return ctx.direct.uploads(wanted) if ctx.direct else {}


def _check_few(asked: Sequence[object]) -> None:
    if len(asked) > MOST_PLACES:
        raise Invalid(f"Ask for at most {MOST_PLACES} at a time.")


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
