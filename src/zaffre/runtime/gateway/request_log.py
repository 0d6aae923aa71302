"""Logs of requests: a line for each answer, within limits on disk and in memory."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol

LIMIT = 64 << 20
OLDER = 4
MOST_WAITING = 500_000


class Line(Protocol):
    """What can be logged."""

    @property
    def line(self) -> str:
        """Give it as a line of text."""


class Row(NamedTuple):
    """An answered request: when, its id, who answered it, with what status and in what time."""

    at: float
    request: bytes
    endpoint: str
    deployment: str
    revision: str
    status: int
    took: float
    mirrored: bool = False

    @property
    def line(self) -> str:
        """Give it as a line of JSON; names and revisions are plain by their grammar."""
        name = json.dumps(self.request.decode("latin-1"))
        copy = ',"mirrored":true' if self.mirrored else ""
        return (
            f'{{"time":{self.at:.3f},"id":{name},"endpoint":"{self.endpoint}",'
            f'"deployment":"{self.deployment}","revision":"{self.revision}",'
            f'"status":{self.status},"ms":{self.took * 1000:.3f}{copy}}}\n'
        )


class RequestLog:
    """Lines for answered requests; a thread writes them: a slow disk holds no request up.

    A file of 64 MiB becomes `.1`, `.1` becomes `.2`, and so on to `.4`. While the disk is so slow
    that half a million rows wait, further rows are left out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[Line] = []
        self._waiting = 0
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="request-log")

    def add(self, row: Line) -> None:
        """Remember one line."""
        self._rows.append(row)

    def flush(self) -> None:
        """Hand what was gathered to the writer."""
        rows, self._rows = self._rows, []
        if rows and self._waiting < MOST_WAITING:
            self._waiting += len(rows)
            self._writer.submit(self._write, rows)

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        self._writer.shutdown()

    def _write(self, rows: list[Line]) -> None:
        text = "".join(row.line for row in rows)
        try:
            if self._path.exists() and self._path.stat().st_size > LIMIT:
                self._rotate()
            with open(self._path, "a", opener=_private, encoding="utf-8") as file:
                file.write(text)
        except OSError:
            return  # a full disk must not end the service; the counts in memory go on
        finally:
            self._waiting -= len(rows)

    def _rotate(self) -> None:
        names = [self._path.with_name(f"{self._path.name}.{n}") for n in range(OLDER, 0, -1)]
        for older, newer in pairwise([*names, self._path]):
            if newer.exists():
                newer.replace(older)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
