"""File operations of the artifact folder: durable, following no link, failing with our errors."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from zaffre.errors import Invalid, NotFound, StorageFull, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn errors of the disk into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(
                f"There is no room to {doing}.", hint="Free space, or run `zaffre workspace gc`."
            ) from error
        raise Unavailable(f"The disk refused to {doing}: {error.strerror}.") from error


def make_folder(path: Path) -> None:
    """Make a private folder, durably, or do nothing if it is there."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    sync_folder(path.parent)


def make_shards(path: Path) -> None:
    """Make the folders for all first two digits, so that no upload waits for one to be durable."""
    there = {entry.name for entry in path.iterdir()}
    wanted = [f"{number:02x}" for number in range(256)]
    missing = [name for name in wanted if name not in there]
    for name in missing:
        (path / name).mkdir(mode=0o700, exist_ok=True)
    if missing:
        sync_folder(path)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(path: Path, place: Path) -> None:
    """Rename a synced file into its place, durably."""
    make_folder(place.parent)
    path.replace(place)
    sync_folder(place.parent)


def restore(aside: Path, place: Path) -> None:
    """Put a file that was moved aside back, unless there is a new one."""
    make_folder(place.parent)
    try:
        place.hardlink_to(aside)
    except FileExistsError:
        pass
    except FileNotFoundError:
        return
    aside.unlink(missing_ok=True)


def touch(place: Path, size: int | None = None) -> bool:
    """Mark a file as stored now and say whether it is there (and of the size wanted)."""
    try:
        facts = place.lstat()
        if not stat.S_ISREG(facts.st_mode) or size not in (None, facts.st_size):
            return False
        os.utime(place, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file to read, following no link and waiting for no pipe.

    Raises:
        NotFound: there is none.
        Invalid: it is something else.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise NotFound(f"There is no file `{path.name}`.") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise Invalid(f"`{path.name}` is no plain file.") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Invalid(f"`{path.name}` is no plain file.")
    return os.fdopen(descriptor, "rb", buffering=0)
