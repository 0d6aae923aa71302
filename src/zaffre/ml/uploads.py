"""Sending files: each content once, under its digest, with progress where somebody watches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from zaffre.errors import Invalid, Unavailable
from zaffre.ml import direct

PLAIN = 0o644
PROGRAM = 0o755
CHUNK = 1 << 20
BATCH = 1000
SENDERS = 4


class Wire(Protocol):
    """What an upload needs of the connection."""

    def path(self, *parts: str) -> str:
        """Give the path of something in the workspace."""

    def send(self, method: str, path: str, document: Any = None) -> Any:
        """Write a JSON document."""

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Do one call."""


@dataclass(frozen=True)
class Entry:
    """A file on its way into a tree: its path there, and where it lies here."""

    path: str
    source: Path
    size: int
    mode: int = PLAIN


@dataclass(frozen=True)
class Content:
    """A file's bytes, read anew each time, so that a broken upload can be repeated."""

    source: Path
    advance: Callable[[int], None]

    def __iter__(self) -> Iterator[bytes]:
        with self.source.open("rb") as file:
            while chunk := file.read(CHUNK):
                self.advance(len(chunk))
                yield chunk


def entry(path: str, source: Path) -> Entry:
    """Describe one file for a tree."""
    facts = source.stat()
    return Entry(path, source, facts.st_size, PROGRAM if facts.st_mode & 0o111 else PLAIN)


def walk(folder: Path) -> list[Entry]:
    """List all files of a folder in order; links to files outside of it are refused.

    Raises:
        Invalid: something in it is neither a plain file nor a folder.
    """
    found = []
    for source in sorted(folder.rglob("*")):
        if source.is_symlink() and not source.resolve().is_relative_to(folder.resolve()):
            raise Invalid(
                f"`{source}` leads out of the folder.",
                hint="Copy the file into the folder, or leave it out.",
            )
        if source.is_dir():
            continue
        if not source.is_file():
            raise Invalid(f"`{source}` is no plain file.")
        found.append(entry(source.relative_to(folder).as_posix(), source))
    return found


def digest(source: Path) -> str:
    """Give the digest of a file's content."""
    with source.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def send_tree(
    wire: Wire, entries: Sequence[Entry], advance: Callable[[int], None] = lambda _: None
) -> str:
    """Send what the server does not have yet and give the tree's digest."""
    with ThreadPoolExecutor(SENDERS) as senders:
        digests = list(senders.map(digest, (one.source for one in entries)))
        by_digest = dict(zip(digests, entries, strict=True))
        for batch in _batches(list(by_digest)):
            missing = wire.send("POST", wire.path("blobs", "missing"), {"digests": batch})[
                "missing"
            ]
            wanted = set(missing)
            advance(sum(by_digest[one].size for one in batch if one not in wanted))
            places = direct.upload_places(wire, {one: by_digest[one].size for one in missing})
            jobs = [
                senders.submit(_send, wire, one, by_digest[one], places.get(one), advance)
                for one in missing
            ]
            for job in jobs:
                job.result()
    files = [
        [one.path, digest, one.size, one.mode]
        for one, digest in zip(entries, digests, strict=True)
    ]
    files.sort(key=lambda file: str(file[0]))
    answer = wire.send("POST", wire.path("trees"), {"files": files})
    return str(answer["digest"])


def _send(
    wire: Wire,
    name: str,
    file: Entry,
    place: direct.Place | None,
    advance: Callable[[int], None],
) -> None:
    """Send one file: to its own place if it has one that works, else to the server."""
    if place is not None and _put(place, file, advance):
        return
    wire.call(
        "PUT",
        wire.path("blobs", name),
        content=Content(file.source, advance),
        headers={"Content-Length": str(file.size), "Content-Type": "application/octet-stream"},
        timeout=None,
    )


def _put(place: direct.Place, file: Entry, advance: Callable[[int], None]) -> bool:
    sent = [0]

    def count(size: int) -> None:
        sent[0] += size
        advance(size)

    try:
        direct.put(place, Content(file.source, count))
    except Unavailable:
        advance(-sent[0])
        return False
    return True


def _batches(digests: list[str]) -> Iterable[list[str]]:
    return (digests[start : start + BATCH] for start in range(0, len(digests), BATCH))
