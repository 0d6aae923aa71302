"""Resources as they were last read: what was not written since is not parsed again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from zaffre.kinds.resource import Resource, Spec
from zaffre.store.resource_rows import key_of, resource_of

MOST = 4096
"""Resources that are remembered."""

CHARACTERS = 8 * 2**20
"""Length of all their documents together, at most."""


@dataclass(frozen=True)
class _Read:
    """A resource, what tells the write that it was read from, and its spec as text."""

    row: int
    write: tuple[int, int]
    text: str
    length: int
    resource: Resource


class Memory:
    """Remembers what was read last. Resources never change in place, so all may share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reads: OrderedDict[int, _Read] = OrderedDict()
        self._specs: dict[int, _Read] = {}
        self._length = 0

    def resource(self, row: Row[Any]) -> Resource:
        """Give the resource that a row stores."""
        with self._lock:
            known = self._reads.get(row.id)
        if known is not None and known.resource.key != key_of(row):
            known = None  # another one has got the number of its row
        write = (row.revision, row.updated_at)
        if known is not None and known.write == write:
            return known.resource
        spec = known.resource.spec if known is not None and known.text == row.spec else None
        found = resource_of(row, spec)
        self._keep(_Read(row.id, write, row.spec, len(row.spec) + len(row.status), found))
        return found

    def text_of(self, spec: Spec) -> str | None:
        """Give the text that a spec was read from, if it is remembered."""
        with self._lock:
            read = self._specs.get(id(spec))
        return read.text if read is not None and read.resource.spec is spec else None

    def forget(self, row: int) -> None:
        """Forget what was read from a row that is deleted: its number is given anew."""
        with self._lock:
            self._forget(row)

    def _keep(self, read: _Read) -> None:
        with self._lock:
            self._forget(read.row)
            self._reads[read.row] = read
            self._specs[id(read.resource.spec)] = read
            self._length += read.length
            while self._length > CHARACTERS or len(self._reads) > MOST:
                self._forget(next(iter(self._reads)))

    def _forget(self, row: int) -> None:
        read = self._reads.pop(row, None)
        if read is not None:
            self._length -= read.length
            self._specs.pop(id(read.resource.spec), None)
