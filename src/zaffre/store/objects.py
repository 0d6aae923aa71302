"""The artifact store in an object store, with the folder of the home as its nearer copy.

What is stored is what the bucket holds. The folder keeps what was written or read here lately, so
that jobs and deployments link to it and nothing is fetched twice.

    blobs/ab/abcd...   content under its SHA-256
    seen/abcd...       empty; its time says when somebody last stored or asked for that content
    aside/abcd...      content that is being discarded: it comes back if somebody asks meanwhile
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from zaffre.errors import Failed, Invalid, NotFound
from zaffre.kinds.digest import hex_of, is_digest
from zaffre.ports.artifacts import Blob
from zaffre.ports.clock import Clock
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.artifacts_disk import open_plain, translated
from zaffre.store.artifacts_read import absent, damaged
from zaffre.store.artifacts_write import FolderUpload
from zaffre.store.bucket import Bucket, Found, blob_key
from zaffre.store.nearby import trim

YOUNG = timedelta(minutes=10)
"""Content that somebody asked for is not discarded for this long, whatever gc is told."""

BELIEVED = 300.0
"""Seconds for which content that was asked for is believed to be there: less than `YOUNG`."""

REMEMBERED = 100_000
ROUNDS = 600.0
"""Seconds between two looks for leftovers, and at how much the folder holds."""

KEEP = 20 * 2**30
"""Bytes that the folder holds at most, apart from what was used in the last hour."""

_AT_ONCE = 16


class ObjectArtifacts:
    """Keeps content in a bucket (the `ArtifactStore` socket)."""

    def __init__(
        self, bucket: Bucket, near: FolderArtifacts, clock: Clock, *, keep: int = KEEP
    ) -> None:
        self.bucket = bucket
        self.near = near
        self._clock = clock
        self._keep = keep
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="objects")

    def put(self, chunks: Iterable[bytes], *, expect: str | None = None) -> Blob:
        """Store content and give its digest; storing it again is harmless."""
        upload = self.receive()
        try:
            for chunk in chunks:
                upload.write(chunk)
            return upload.commit(expect=expect)
        finally:
            upload.abort()

    def receive(self) -> FolderUpload:
        """Take content piece by piece; it goes to the bucket before it is there."""
        return self.near.receive(self._send)

    def adopt(self, path: Path, blob: Blob) -> None:
        """Send a file to the bucket, and move it into the folder."""
        hex_of(blob.digest)
        with translated(f"adopt `{path.name}`"), open_plain(path):
            if path.stat().st_size == blob.size:  # else the folder refuses it
                self._send(path, blob)
        self.near.adopt(path, blob)

    def open(self, digest: str) -> BinaryIO:
        """Open content, which is fetched first if it is not here; its digest is checked."""
        try:
            return self.near.open(digest)
        except NotFound:
            self._fetch(digest)
        except Failed:
            self.near.discard(digest)
            self._fetch(digest)
        return self.near.open(digest)

    def path(self, digest: str) -> Path | None:
        """Give the file of content, which is fetched first if it is not here."""
        if self.near.missing([digest]):
            try:
                self._fetch(digest)
            except NotFound:
                return None
        return self.near.path(digest)

    def size(self, digest: str) -> int:
        """Give the size that the bucket tells."""
        size = self._seen(digest)
        if size is None:
            raise absent(digest)
        return size

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Ask for many at once; those that are there count as stored just now."""
        asked = list(dict.fromkeys(digests))
        for digest in asked:
            hex_of(digest)
        sizes = self._pool.map(self._seen, asked)
        return [digest for digest, size in zip(asked, sizes, strict=True) if size is None]

    def walk(self) -> Iterator[tuple[Blob, datetime]]:
        """List the bucket's content with the time when it was last stored or asked for."""
        seen = {one.path.rpartition("/")[2]: one.stored for one in self.bucket.walk("seen/")}
        for one in self.bucket.walk("blobs/"):
            digits = one.path.rpartition("/")[2]
            digest = f"sha256:{digits}"
            if is_digest(digest):
                yield Blob(digest, one.size), max(one.stored, seen.get(digits, one.stored))

    def discard(self, digest: str, *, unless_since: datetime | None = None) -> bool:
        """Delete content unless somebody stored it or asked for it meanwhile.

        It is put aside before the mark is looked at for the last time: who asks at the same
        moment made the mark before (then it comes back), or finds nothing and stores it anew.
        """
        found = self.bucket.head(blob_key(digest))
        if found is None or self._is_young(digest, found, unless_since):
            return False
        aside = f"aside/{hex_of(digest)}"
        try:
            self.bucket.move(found, aside)
        except FileNotFoundError:
            return False
        with self._lock:
            self._known.pop(digest, None)
        if self._is_young(digest, found, unless_since):
            self._restore(aside)
            return False
        self.bucket.delete(aside)
        self.bucket.delete(_mark(digest))
        self.near.discard(digest)
        return True

    def sweep(self) -> int:
        """Clear up after uploads and discards that broke off; trim the folder."""
        cleared = self.near.sweep()
        now = self._clock.monotonic()
        if now - self._looked < ROUNDS:
            return cleared
        self._looked = now
        moment = self._clock.now()
        trim(self.near, self._keep, moment)
        asides = [one for one in self.bucket.walk("aside/") if one.stored < moment - YOUNG]
        for one in asides:
            self._restore(one.path)
        return cleared + len(asides)

    def _restore(self, aside: str) -> None:
        """Put content back, unless there is new one."""
        digits = aside.rpartition("/")[2]
        found = self.bucket.head(aside)
        if found is None or not is_digest(f"sha256:{digits}"):
            return
        if self.bucket.head(blob_key(f"sha256:{digits}")) is None:
            self.bucket.move(found, blob_key(f"sha256:{digits}"))
        else:
            self.bucket.delete(aside)

    def _is_young(self, digest: str, found: Found, since: datetime | None) -> bool:
        if since is None:
            return False
        mark = self.bucket.head(_mark(digest))
        return max(found.stored, mark.stored if mark else found.stored) + YOUNG > since

    def _send(self, path: Path, blob: Blob) -> None:
        if self._seen(blob.digest) != blob.size:
            self.bucket.send(blob_key(blob.digest), path)
            self._remember(blob.digest, blob.size)

    def _seen(self, digest: str) -> int | None:
        """Mark content as asked for, then look whether it is there: give its size, or None."""
        known = self._known.get(digest)
        if known is not None and self._clock.monotonic() - known[0] < BELIEVED:
            return known[1]
        self.bucket.put(_mark(digest), b"")
        found = self.bucket.head(blob_key(digest))
        if found is None:
            return None
        self._remember(digest, found.size)
        return found.size

    def _remember(self, digest: str, size: int) -> None:
        with self._lock:
            self._known[digest] = (self._clock.monotonic(), size)
            self._known.move_to_end(digest)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _fetch(self, digest: str) -> None:
        found = self.bucket.head(blob_key(digest))
        if found is None:
            raise absent(digest)
        try:
            self.near.put(self.bucket.pieces(found.path, found.size), expect=digest)
        except FileNotFoundError:
            raise absent(digest) from None
        except Invalid:
            raise damaged(digest) from None


def _mark(digest: str) -> str:
    return f"seen/{hex_of(digest)}"
