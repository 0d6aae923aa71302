"""The artifact store on a folder: each blob a read-only file named by its SHA-256."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from zaffre.errors import Invalid
from zaffre.kinds.digest import hex_of, is_digest
from zaffre.ports.artifacts import Blob
from zaffre.store.artifacts_disk import (
    make_folder,
    make_shards,
    open_plain,
    publish,
    restore,
    touch,
    translated,
)
from zaffre.store.artifacts_read import absent, checked
from zaffre.store.artifacts_write import FolderUpload, Sender, drop_if_orphaned

RESERVE = 32 * 2**20
"""Bytes that uploads leave free, so that state changes still fit on a full disk."""

ASIDE = "discard-"
"""Names of blobs moved aside; one whose process died there is put back."""

_CHUNK = 2**20


class FolderArtifacts:
    """Blobs under `blobs/ab/abcd...`, written in `tmp` and renamed into place."""

    def __init__(self, root: Path, *, reserve: int = RESERVE, make: bool = True) -> None:
        self.root = root
        self.blobs = root / "blobs"
        self.tmp = root / "tmp"
        self.reserve = reserve
        if make:
            for folder in (root, self.blobs, self.tmp):
                make_folder(folder)
            make_shards(self.blobs)

    def put(self, chunks: Iterable[bytes], *, expect: str | None = None) -> Blob:
        """Store content and give its digest; storing it again is harmless."""
        upload = self.receive()
        try:
            for chunk in chunks:
                upload.write(chunk)
            return upload.commit(expect=expect)
        finally:
            upload.abort()

    def receive(self, first: Sender | None = None) -> FolderUpload:
        """Begin to store content that comes piece by piece; `first` is done before it is there."""
        return FolderUpload(self.tmp, self._place, reserve=self.reserve, first=first)

    def adopt(self, path: Path, blob: Blob) -> None:
        """Move a file into the store by renaming it where that is safe, else by copying it."""
        place = self._place(blob.digest)
        with translated(f"adopt `{path.name}`"), open_plain(path) as source:
            facts = os.fstat(source.fileno())
            if facts.st_size != blob.size:
                raise Invalid(
                    f"`{path.name}` has {facts.st_size} bytes where {blob.size} were announced."
                )
            # A file with a second name could still be changed through it: copy such a one.
            if facts.st_nlink > 1 or facts.st_dev != self.blobs.stat().st_dev:
                self.put(iter(lambda: source.read(_CHUNK), b""), expect=blob.digest)
            elif not touch(place, blob.size):
                os.fchmod(source.fileno(), 0o400)
                os.utime(source.fileno())
                os.fsync(source.fileno())
                publish(path, place)
            path.unlink(missing_ok=True)

    def open(self, digest: str) -> BinaryIO:
        """Open content that is checked at the latest when its last byte is read."""
        return checked(self._place(digest), digest)

    def path(self, digest: str) -> Path | None:
        """Give the blob's own file, or None if it is not stored."""
        place = self._place(digest)
        return place if place.is_file() and not place.is_symlink() else None

    def size(self, digest: str) -> int:
        """Give the size of the blob's file."""
        path = self.path(digest)
        if path is None:
            raise absent(digest)
        return path.stat().st_size

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Say which are not stored; mark the others as stored now."""
        return [digest for digest in dict.fromkeys(digests) if not touch(self._place(digest))]

    def walk(self) -> Iterator[tuple[Blob, datetime]]:
        """List all blobs in the order of their digests."""
        shards = os.scandir(self.blobs) if self.blobs.is_dir() else ()
        for shard in sorted(shards, key=lambda entry: entry.name):
            if not shard.is_dir(follow_symlinks=False):
                continue
            for entry in sorted(os.scandir(shard), key=lambda entry: entry.name):
                digest = f"sha256:{entry.name}"
                if is_digest(digest) and entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    yield Blob(digest, facts.st_size), datetime.fromtimestamp(facts.st_mtime, UTC)

    def discard(self, digest: str, *, unless_since: datetime | None = None) -> bool:
        """Delete a blob unless it was stored again meanwhile.

        It is moved aside before its time is looked at: a `put` at the same moment either marked
        it before (then it comes back) or finds it gone and stores its own copy.
        """
        place = self._place(digest)
        aside = self.tmp / f"{ASIDE}{place.name}-{os.urandom(8).hex()}"
        with translated("discard content"):
            try:
                place.rename(aside)
            except FileNotFoundError:
                return False
            stored = datetime.fromtimestamp(aside.stat().st_mtime, UTC)
            if unless_since is not None and stored > unless_since:
                restore(aside, place)
                return False
            aside.unlink(missing_ok=True)
            return True

    def sweep(self) -> int:
        """Clear up after processes that died while they wrote; living ones lock their files."""
        with translated("sweep temporary files"):
            return sum(self._clear(path) for path in list(self.tmp.iterdir()))

    def _clear(self, path: Path) -> bool:
        if not path.name.startswith(ASIDE):
            return drop_if_orphaned(path)
        digest = f"sha256:{path.name[len(ASIDE) :].partition('-')[0]}"
        if is_digest(digest) and not path.is_symlink():
            restore(path, self._place(digest))
        else:
            path.unlink(missing_ok=True)
        return True

    def _place(self, digest: str) -> Path:
        digits = hex_of(digest)
        return self.blobs / digits[:2] / digits
