"""Segments of the capture journal: records of requests and answers, in the order of answers.

A segment is a file of fixed size that its writer has mapped into memory. A record lies in it as
soon as it is copied there: the end of the process, however sudden, takes nothing away. Its length
is written after the record itself, so that half a record is none.

`NAME.part` is being written, `NAME.sealed` is complete. The first record is the `Origin`.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

SIZE = 16 << 20
LENGTH = struct.Struct("<I")


class Origin(msgspec.Struct, array_like=True):
    """Who answered the requests of a segment."""

    endpoint: str
    deployment: str
    revision: str
    model: str


class Record(msgspec.Struct, array_like=True):
    """A request and its answer; a body that is not collected is None.

    A mirrored one is a copy, whose answer nobody got. `collected` is what the script itself
    collected meanwhile: lists of rows, as JSON.
    """

    time: float
    request_id: str
    status: int
    inputs: bytes | None
    outputs: bytes | None
    headers: dict[str, str] = {}
    mirrored: bool = False
    collected: dict[str, bytes] = {}


class Segment:
    """A segment that is being written."""

    def __init__(self, folder: Path, name: str, origin: Origin) -> None:
        """Make the file with all its room: it cannot run out of disk later.

        Raises:
            OSError: there is no room for it.
        """
        self._path = folder / f"{name}.part"
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, SIZE)
            self._map = mmap.mmap(descriptor, SIZE)
        except OSError:
            self._path.unlink()
            raise
        finally:
            os.close(descriptor)
        self._end = 0
        self.add(msgspec.msgpack.encode(origin))
        self._empty = self._end

    def add(self, record: bytes) -> bool:
        """Add a record; False if there is no room for it."""
        begin = self._end + LENGTH.size
        after = begin + len(record)
        if after > SIZE:
            return False
        self._map[begin:after] = record
        LENGTH.pack_into(self._map, self._end, len(record))
        self._end = after
        return True

    def seal(self) -> None:
        """Complete it; one without a request is removed."""
        self._map.close()
        if self._end == self._empty:
            self._path.unlink(missing_ok=True)
        else:
            _seal(self._path, self._end)


def seal_left_over(folder: Path) -> None:
    """Seal the segments below a folder that a writer which is gone was writing."""
    for path in folder.glob("*/*/*/*.part"):
        places = list(_places(path.read_bytes()))
        if len(places) > 1:
            _seal(path, places[-1][1])
        else:
            path.unlink()


def _seal(path: Path, size: int) -> None:
    os.truncate(path, size)
    path.rename(path.with_suffix(".sealed"))


def read(path: Path) -> tuple[Origin, Iterator[Record]]:
    """Give who answered, and the records of a sealed segment, as far as a power cut left them.

    Raises:
        ValueError: it has no beginning.
    """
    content = path.read_bytes()
    places = _places(content)
    begin, end = next(places, (0, 0))
    return msgspec.msgpack.decode(content[begin:end], type=Origin), _records(content, places)


def _records(content: bytes, places: Iterator[tuple[int, int]]) -> Iterator[Record]:
    decoder = msgspec.msgpack.Decoder(Record)
    for begin, end in places:
        try:
            yield decoder.decode(content[begin:end])
        except msgspec.DecodeError:
            return


def _places(content: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start + LENGTH.size <= len(content):
        (size,) = LENGTH.unpack_from(content, start)
        begin = start + LENGTH.size
        start = begin + size
        if not size or start > len(content):
            return
        yield begin, start
