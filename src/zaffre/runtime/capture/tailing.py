"""Reading a journal while it is written: from a place on, as far as it goes now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from zaffre.runtime.capture.journal import LENGTH, Origin, Record


class Placed(NamedTuple):
    """A record, where it begins, and where it ends."""

    begin: int
    end: int
    record: Record


def origin_of(path: Path) -> Origin | None:
    """Give who answered the requests of a segment, once that is written.

    Raises:
        FileNotFoundError: there is no such segment.
    """
    with path.open("rb") as file:
        first = _next(file)
    try:
        return msgspec.msgpack.decode(first, type=Origin) if first else None
    except msgspec.DecodeError:
        return None


def tail(path: Path, start: int) -> Iterator[Placed]:
    """Give the records of a segment from a place on; 0 is its beginning.

    Raises:
        FileNotFoundError: there is no such segment.
    """
    decoder = msgspec.msgpack.Decoder(Record)
    with path.open("rb") as file:
        if not start:
            _next(file)  # the origin
        file.seek(start or file.tell())
        while True:
            begin = file.tell()
            found = _next(file)
            if not found:
                return
            try:
                yield Placed(begin, file.tell(), decoder.decode(found))
            except msgspec.DecodeError:  # a power cut left a length without its record
                return


def _next(file: BinaryIO) -> bytes:
    head = file.read(LENGTH.size)
    size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
    found = file.read(size)
    return found if len(found) == size else b""
