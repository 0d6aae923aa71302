"""Requests that wait for a worker, oldest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from zaffre.runtime.gateway.calls import Call

QUEUE_BYTES = 256 << 20
BATCH = 256
BATCH_BYTES = 4 << 20


class Waiting:
    """A queue within limits; those whose client has gone are passed over."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._calls)

    def is_full(self, most: int) -> bool:
        """Tell whether no more may wait: as many do as may, or their bodies are too much."""
        return len(self._calls) >= most or self._bytes > QUEUE_BYTES

    def add(self, call: Call) -> None:
        """Let a request wait."""
        self._bytes += len(call.body)
        self._calls.append(call)

    def put_back(self, calls: Sequence[Call]) -> None:
        """Let requests wait that were here before: they are the first again, in their order."""
        for call in reversed(calls):
            self._bytes += len(call.body)
            self._calls.appendleft(call)

    def take(self) -> Call | None:
        """Give the oldest request that somebody waits for."""
        while self._calls:
            call = self._pop()
            if call.is_wanted:
                return call
        return None

    def batch(self) -> list[Call]:
        """Take what one prediction may answer; a request that may kill comes alone."""
        batch: list[Call] = []
        size = 0
        while self._calls and len(batch) < BATCH and size < BATCH_BYTES:
            if batch and self._calls[0].solo:
                break
            call = self._pop()
            if call.is_wanted:
                batch.append(call)
                size += len(call.body)
                if call.solo:
                    break
        return batch

    def expired(self, before: float) -> Iterator[Call]:
        """Take those that have waited since before a moment."""
        while self._calls and self._calls[0].started < before:
            yield self._pop()

    def _pop(self) -> Call:
        call = self._calls.popleft()
        self._bytes -= len(call.body)
        return call
