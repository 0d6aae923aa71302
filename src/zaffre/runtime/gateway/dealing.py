"""Which worker gets which request: one with room, the oldest request first."""

from __future__ import annotations

from collections.abc import Sequence

from zaffre.runtime.gateway.calls import Call
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.observing import Histogram
from zaffre.runtime.gateway.waiting import Waiting
from zaffre.runtime.gateway.worker import Worker

FAST_US = 2000.0
DEPTH = 16
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Dealing:
    """Gives requests to the workers of a revision, and keeps those that wait.

    With `together`, a worker gets all that wait at once and answers them with one prediction.
    """

    def __init__(self, workers: Sequence[Worker], deployment: Deployment) -> None:
        self.waiting = Waiting()
        self.batches = Histogram(BATCHES)
        self.together = False
        self.ended = False
        self._workers = workers
        self._spent = FAST_US
        self._wanted = 1
        self.follow(deployment)

    @property
    def load(self) -> int:
        """How many requests are waiting or in work."""
        return len(self.waiting) + sum(worker.load for worker in self._workers)

    def follow(self, deployment: Deployment) -> None:
        """Take a new limit on the requests that a worker may have."""
        self._wanted = -(-deployment.concurrency // deployment.per_instance)

    def give(self, call: Call) -> bool:
        """Give a request to a worker with room, if none waits before it; False if none has."""
        worker = None if self.waiting else self._free()
        if worker is None:
            return False
        worker.send(call)
        if self.together:
            self.batches.add(1)
        return True

    def fill(self, worker: Worker) -> None:
        """Give a worker what waits, as much as it takes."""
        if self.ended or not worker.takes_more:
            return
        if self.together:
            self._fill_together(worker)
            return
        room = self._depth() - worker.load
        while room > 0:
            taken = self.waiting.take()
            if taken is None:
                return
            worker.send(taken)
            room -= 1

    def put_back(self, calls: list[Call]) -> None:
        """Take requests back that nobody has begun; they are first in the queue."""
        self.waiting.put_back(calls)
        for worker in self._workers:
            if self.waiting:
                self.fill(worker)

    def relieved(self, worker: Worker, microseconds: int) -> None:
        """Learn how long a request takes, and fill the worker that answered it."""
        if microseconds:
            self._spent += (microseconds - self._spent) * 0.1
        if self.waiting:
            self.fill(worker)

    def _fill_together(self, worker: Worker) -> None:
        batch = () if worker.load else self.waiting.batch()
        for call in batch:
            worker.send(call)
        if batch:
            self.batches.add(len(batch))

    def _free(self) -> Worker | None:
        """Find the worker with the fewest requests that has room for one more."""
        best, least = None, 1 if self.together else self._depth()
        for worker in self._workers:
            load = worker.load
            if load < least and worker.takes_more:
                best, least = worker, load
        return best

    def _depth(self) -> int:
        """How many requests a worker may have: some more when they are quick, to save its time."""
        return max(self._wanted, min(DEPTH, int(FAST_US / (self._spent + 1.0))), 1)
