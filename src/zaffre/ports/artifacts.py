"""The artifact socket: content under its own digest, immutable once visible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Blob:
    """Stored content: `digest` is `sha256:` and 64 hex digits, `size` in bytes."""

    digest: str
    size: int


class Upload(Protocol):
    """Content on its way in: invisible before `commit`; `abort` after either is harmless."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            StorageFull: no room; nothing is kept.
        """

    def commit(self, *, expect: str | None = None) -> Blob:
        """Make the content durable and visible.

        Raises:
            Invalid: the content is not what `expect` says; nothing is kept.
            StorageFull: no room; nothing is kept.
        """

    def abort(self) -> None:
        """Forget what was written, or do nothing if it was committed."""


class ArtifactStore(Protocol):
    """Keeps bytes under their SHA-256. What can be opened is complete; what is read is checked."""

    def put(self, chunks: Iterable[bytes], *, expect: str | None = None) -> Blob:
        """Store content and give its digest; storing it again is harmless.

        Raises:
            Invalid: the content is not what `expect` says.
            StorageFull: no room; nothing is kept.
        """

    def receive(self) -> Upload:
        """Begin to store content that comes piece by piece."""

    def adopt(self, path: Path, blob: Blob) -> None:
        """Move a file on this machine into the store unread; its digest is checked on use.

        Raises:
            NotFound: there is no such file.
            Invalid: it is no plain file, or of another size.
        """

    def open(self, digest: str) -> BinaryIO:
        """Open content that is verified by its last byte (a bad end raises `Failed`).

        Raises:
            NotFound: no such content.
            Failed: the content is damaged.
        """

    def path(self, digest: str) -> Path | None:
        """Give a local file to link or copy from, or None where there is no such content."""

    def size(self, digest: str) -> int:
        """Give how many bytes content has, without reading it.

        Raises:
            NotFound: no such content.
        """

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Say which of these are not stored; those that are count as stored just now."""

    def walk(self) -> Iterator[tuple[Blob, datetime]]:
        """List all content with the time it was last stored."""

    def discard(self, digest: str, *, unless_since: datetime | None = None) -> bool:
        """Delete content, unless it was stored after `unless_since`; say whether it was."""

    def sweep(self) -> int:
        """Clear up after uploads that broke off, and say how many; safe beside running ones."""
