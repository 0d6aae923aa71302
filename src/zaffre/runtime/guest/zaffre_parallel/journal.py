"""What finished mini-batches gave, in a file: in order whatever order they ended in.

Where the file survives the step, its next attempt goes on where the one before it ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pickle
import tempfile
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

NAME = "finished"
_PIECE = 1 << 20
_SIZE = 16


class Finished(NamedTuple):
    """Where the text of a mini-batch lies, what the mini-batch was, and how many items it gave."""

    place: int
    size: int
    digest: str
    items: int


class Journal:
    """Texts of mini-batches by their number; `folder` survives, "" keeps nothing for later.

    `target` is the output, or its folder: once the script writes files of its own there, nothing
    survives, for these files would be missing in the next attempt.
    """

    def __init__(self, folder: str, top: str, target: str, say: Callable[[str], None]) -> None:
        self._top = top
        self._say = say
        self._lock = threading.Lock()
        self._before: dict[int, Finished] = {}
        self._now: dict[int, Finished] = {}
        self._target = target if os.path.isdir(target) else os.path.dirname(target)
        self._path = ""
        self._file = self._opened(folder)
        self._changed = self._stamp()
        if self._path:
            self._read()

    def digest(self, batch: Any, key: dict[str, Any] | None) -> str:
        """Name the content of a mini-batch; "" where nothing survives, or it cannot be read."""
        if not self._path:
            return ""
        if not isinstance(batch, list):
            return _sum(pickle.dumps((batch, key), protocol=4))
        seen = hashlib.blake2b(digest_size=_SIZE)
        try:
            for name in batch:
                seen.update(os.fsencode(os.path.relpath(name, self._top)) + b"\0")
                seen.update(_digest_of(name))
        except OSError:
            return ""
        return seen.hexdigest()

    def finished(self, at: int, digest: str) -> int | None:
        """Give how many items a mini-batch gave in an earlier attempt; None: it is to be done."""
        one = self._before.get(at)
        if one is None or not digest or one.digest != digest:
            return None
        self._now[at] = one
        return one.items

    def keep(self, at: int, digest: str, text: str, items: int) -> None:
        """Keep what a mini-batch gave.

        Raises:
            OSError: the disk is full.
        """
        data = text.encode("utf-8", "backslashreplace")
        head = {"at": at, "digest": digest, "items": items, "size": len(data), "sum": _sum(data)}
        line = json.dumps(head).encode() + b"\n"
        with self._lock:
            if self._path and self._stamp() != self._changed:
                self._survive_no_more()
            place = self._file.seek(0, os.SEEK_END) + len(line)
            self._file.write(line + data)
            self._file.flush()
            self._now[at] = Finished(place, len(data), digest, items)

    def copy(self, target: IO[bytes]) -> None:
        """Write the texts of all that is done, in the order of their numbers."""
        for _, one in sorted(self._now.items()):
            self._file.seek(one.place)
            for start in range(0, one.size, _PIECE):
                target.write(self._file.read(min(_PIECE, one.size - start)))

    def forget(self) -> None:
        """Delete it: all is done, and no attempt follows."""
        if self._path:
            os.unlink(self._path)
            self._path = ""

    def close(self) -> None:
        """Let another attempt have it."""
        self._file.close()

    def _opened(self, folder: str) -> IO[bytes]:
        if folder:
            file = open(os.path.join(folder, NAME), "a+b")  # noqa: SIM115 (open until the end)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._say("the same step runs elsewhere: this one keeps nothing for later")
                file.close()
            else:
                self._path = file.name
                return file
        return tempfile.TemporaryFile(dir=".")

    def _read(self) -> None:
        """Find what an earlier attempt kept; what was cut off at its end goes."""
        end = 0
        for at, one in self._records():
            self._before[at] = one
            end = one.place + one.size
        self._file.truncate(end)
        if self._before:
            self._say(f"{len(self._before)} mini-batches were done by an earlier attempt")

    def _records(self) -> Iterator[tuple[int, Finished]]:
        self._file.seek(0)
        with contextlib.suppress(ValueError, KeyError, TypeError):  # a line that was cut off
            while True:
                head = json.loads(self._file.readline())
                place = self._file.tell()
                data = self._file.read(head["size"])
                if head["sum"] != _sum(data):
                    return
                yield head["at"], Finished(place, len(data), head["digest"], head["items"])

    def _stamp(self) -> int:
        return os.stat(self._target).st_mtime_ns if self._target else 0

    def _survive_no_more(self) -> None:
        self._say("the script writes files to the output: no later attempt goes on from here")
        os.unlink(self._path)
        self._path = ""


def _sum(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_SIZE).hexdigest()


def _digest_of(path: str) -> bytes:
    seen = hashlib.blake2b(digest_size=_SIZE)
    with open(path, "rb", buffering=0) as file:
        for data in iter(functools.partial(file.read, _PIECE), b""):
            seen.update(data)
    return seen.digest()
