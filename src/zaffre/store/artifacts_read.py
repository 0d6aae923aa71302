"""Reading blobs so that damage is noticed: before the first byte, or at the last."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, cast

from zaffre.errors import Failed, NotFound
from zaffre.kinds.digest import digest_of
from zaffre.store.artifacts_disk import translated

SMALL = 2**20
"""Content up to this size is read and checked at once."""


def checked(place: Path, digest: str) -> BinaryIO:
    """Open a blob's file.

    Raises:
        NotFound: there is none.
        Failed: it is small and damaged.
    """
    file = _open(place, digest)
    if os.fstat(file.fileno()).st_size > SMALL:
        return cast(BinaryIO, io.BufferedReader(CheckedFile(file, digest), SMALL))
    with file, translated("read content"):
        content = file.read()
    if digest_of(content) != digest:
        raise damaged(digest)
    return io.BytesIO(content)


def absent(digest: str) -> NotFound:
    """Make the error of content that is not stored."""
    return NotFound(f"There is no content {digest} here.")


def damaged(digest: str) -> Failed:
    """Make the error of content that is not what its name says."""
    return Failed(
        f"The stored content {digest} is damaged.",
        code="damaged_content",
        hint="Run `zaffre doctor --full` and store it again or restore a backup.",
    )


class CheckedFile(io.RawIOBase):
    """Reads a file once, front to back, and fails at the end if its digest is another."""

    def __init__(self, file: io.FileIO, digest: str) -> None:
        super().__init__()
        self._file = file
        self._digest = digest
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's is private
        """Read some bytes; the end is given only if all before it was right."""
        with translated("read content"):
            count = self._file.readinto(buffer) or 0
        if count:
            self._hash.update(memoryview(buffer)[:count])
        elif f"sha256:{self._hash.hexdigest()}" != self._digest:
            raise damaged(self._digest)
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def _open(place: Path, digest: str) -> io.FileIO:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise absent(digest) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise absent(digest)
    return io.FileIO(descriptor, "rb")
