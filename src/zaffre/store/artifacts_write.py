"""Uploads into the artifact folder: a locked temporary file, synced, then renamed."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from zaffre.errors import Invalid
from zaffre.ports.artifacts import Blob
from zaffre.store.artifacts_disk import publish, touch, translated

_LOOK_EVERY = 16 * 2**20


Sender = Callable[[Path, Blob], None]
"""What is done with a file of known content before it becomes visible."""


class FolderUpload:
    """One upload. Its temporary file is locked while this process lives: a sweep can tell."""

    def __init__(
        self,
        folder: Path,
        place: Callable[[str], Path],
        *,
        reserve: int,
        first: Sender | None = None,
    ) -> None:
        self._place = place
        self._first = first
        self._reserve = reserve
        self._hash = hashlib.sha256()
        self._size = 0
        self._look_at = 0
        with translated("store content"):
            self._path, self._descriptor = _locked_file(folder)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._hash.update(chunk)
        rest = memoryview(chunk)
        with translated("store content"):
            if self._size >= self._look_at:
                self._keep_reserve()
            while rest:
                written = os.write(self._descriptor, rest)
                rest = rest[written:]
                self._size += written

    def commit(self, *, expect: str | None = None) -> Blob:
        """Make the content durable and visible under its digest."""
        blob = Blob(f"sha256:{self._hash.hexdigest()}", self._size)
        try:
            if expect not in (None, blob.digest):
                raise Invalid(
                    f"The content is {blob.digest}, not {expect}.",
                    code="digest_mismatch",
                    hint="Send it again.",
                )
            if self._first is not None:
                self._first(self._path, blob)
            with translated("store content"):
                self._finish(self._place(blob.digest))
        finally:
            self.abort()
        return blob

    def abort(self) -> None:
        """Delete the temporary file, if it is still there."""
        if self._descriptor < 0:
            return
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1

    def _finish(self, place: Path) -> None:
        if touch(place, self._size):
            return
        os.fchmod(self._descriptor, 0o400)
        os.fsync(self._descriptor)
        publish(self._path, place)

    def _keep_reserve(self) -> None:
        self._look_at = self._size + _LOOK_EVERY
        if not self._reserve:
            return
        disk = os.fstatvfs(self._descriptor)
        if disk.f_bavail * disk.f_frsize < self._reserve:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def drop_if_orphaned(path: Path) -> bool:
    """Delete a temporary file that no living process holds, and say whether it was deleted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(descriptor)


def _locked_file(folder: Path) -> tuple[Path, int]:
    while True:
        path = folder / f"put-{os.urandom(12).hex()}"
        descriptor = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        if os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)
