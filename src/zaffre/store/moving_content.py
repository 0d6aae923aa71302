"""Move all content of an artifact store to another place, each piece checked on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import BinaryIO, Protocol

from zaffre.ports.artifacts import ArtifactStore, Blob
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.bucket import Bucket, blob_key

_CHUNK = 2**20
Note = Callable[[int], None]


class Target(Protocol):
    """Where content goes."""

    def holds(self, blob: Blob) -> bool:
        """Say whether content of this digest and size is there."""

    def take(self, blob: Blob, source: ArtifactStore) -> None:
        """Store content of another store."""

    def digest(self, blob: Blob) -> str:
        """Read content back and give the digest of what is there."""


class FolderTarget:
    """A folder."""

    def __init__(self, folder: FolderArtifacts) -> None:
        self._folder = folder

    def holds(self, blob: Blob) -> bool:
        """Look at the file's size."""
        place = self._folder.path(blob.digest)
        return place is not None and place.stat().st_size == blob.size

    def take(self, blob: Blob, source: ArtifactStore) -> None:
        """Write it, checked."""
        with source.open(blob.digest) as file:
            self._folder.put(_pieces(file), expect=blob.digest)

    def digest(self, blob: Blob) -> str:
        """Read the file."""
        with self._folder.open(blob.digest) as file:
            return _digest(_pieces(file))


class BucketTarget:
    """A bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def holds(self, blob: Blob) -> bool:
        """Ask for the object's size."""
        found = self._bucket.head(blob_key(blob.digest))
        return found is not None and found.size == blob.size

    def take(self, blob: Blob, source: ArtifactStore) -> None:
        """Read it through, then send its file; it is read back later."""
        with source.open(blob.digest) as file:
            for _ in _pieces(file):  # a bad end is noticed here, before anything is sent
                pass
        path = source.path(blob.digest)
        if path is not None:
            self._bucket.send(blob_key(blob.digest), path)

    def digest(self, blob: Blob) -> str:
        """Read the object, part by part."""
        return _digest(self._bucket.pieces(blob_key(blob.digest), blob.size))


def move(source: ArtifactStore, target: Target, blobs: Iterable[Blob], note: Note) -> None:
    """Store what the target lacks.

    Raises:
        Failed: content of the source is damaged.
    """
    for blob in blobs:
        if not target.holds(blob):
            target.take(blob, source)
        note(blob.size)


def damaged(target: Target, blobs: Iterable[Blob], note: Note) -> list[str]:
    """Read everything back; give the digests of what is not what it should be."""
    wrong = []
    for blob in blobs:
        try:
            if target.digest(blob) != blob.digest:
                wrong.append(blob.digest)
        except FileNotFoundError:
            wrong.append(blob.digest)
        note(blob.size)
    return wrong


def _pieces(file: BinaryIO) -> Iterable[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


def _digest(pieces: Iterable[bytes]) -> str:
    seen = hashlib.sha256()
    for piece in pieces:
        seen.update(piece)
    return f"sha256:{seen.hexdigest()}"
