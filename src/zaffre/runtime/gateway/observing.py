"""What is known of the traffic: counts and times in memory, requests in a log."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

from zaffre.runtime.gateway.calls import Call

SAMPLE = 4096
LOG_LIMIT = 64 << 20


class Tally:
    """Counts of one deployment, and the times of its last requests in seconds."""

    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.times: deque[float] = deque(maxlen=SAMPLE)

    def summary(self) -> dict[str, Any]:
        """Give counts and percentiles in milliseconds."""
        ordered = sorted(self.times)
        found: dict[str, Any] = {"requests": self.requests, "errors": self.errors}
        for percent in (50, 95, 99):
            at = min(len(ordered) - 1, len(ordered) * percent // 100)
            found[f"p{percent}_ms"] = round(ordered[at] * 1000, 3) if ordered else None
        return found


class RequestLog:
    """Lines for answered requests; a thread writes them: a slow disk holds no request up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[tuple[float, bytes, str, str, int, float]] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="request-log")

    def add(self, row: tuple[float, bytes, str, str, int, float]) -> None:
        """Remember one answered request."""
        self._rows.append(row)

    def flush(self) -> None:
        """Hand what was gathered to the writer."""
        if self._rows:
            rows, self._rows = self._rows, []
            self._writer.submit(self._write, rows)

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        self._writer.shutdown()

    def _write(self, rows: list[tuple[float, bytes, str, str, int, float]]) -> None:
        text = "".join(map(_line, rows))
        try:
            if self._path.exists() and self._path.stat().st_size > LOG_LIMIT:
                self._path.replace(self._path.with_suffix(".log.1"))
            with open(self._path, "a", opener=_private, encoding="utf-8") as file:
                file.write(text)
        except OSError:
            return  # a full disk must not end the service; the counts in memory go on


class Observations:
    """Takes note of every answer to a scoring call."""

    def __init__(self, log: RequestLog) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.changed = False
        self.log = log

    def answered(self, call: Call) -> None:
        """Count a call and write it to the log."""
        endpoint = call.endpoint.name if call.endpoint else ""
        tally = self.tallies.get((endpoint, call.deployment))
        if tally is None:
            tally = self.tallies[(endpoint, call.deployment)] = Tally()
        took = time.monotonic() - call.started
        tally.requests += 1
        if call.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            tally.errors += 1
        tally.times.append(took)
        self.changed = True
        self.log.add((time.time(), call.request_id, endpoint, call.deployment, call.status, took))


def _line(row: tuple[float, bytes, str, str, int, float]) -> str:
    at, request, endpoint, deployment, status, took = row
    name = json.dumps(request.decode("latin-1"))
    return (
        f'{{"time":{at:.3f},"id":{name},"endpoint":"{endpoint}","deployment":"{deployment}",'
        f'"status":{status},"ms":{took * 1000:.3f}}}\n'
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
