"""One revision of a deployment: its workers, its waiting requests, and its health."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from zaffre.errors import Failed
from zaffre.runtime.gateway.calls import FAILED, Call
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.launching import Place, launch
from zaffre.runtime.gateway.logs import last_lines, size_of
from zaffre.runtime.gateway.observing import Histogram
from zaffre.runtime.gateway.processes import Process, Record
from zaffre.runtime.gateway.restarts import Restarts
from zaffre.runtime.gateway.usage import CpuMeter
from zaffre.runtime.gateway.waiting import Waiting
from zaffre.runtime.gateway.wire import JSON_LINE, message
from zaffre.runtime.gateway.worker import State, Worker

FAST_US = 2000.0
DEPTH = 16
GRACE_SECONDS = 0.25
HOLD_SECONDS = 10.0
START_SECONDS = 300.0
ADOPT_SECONDS = 5.0
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
RETRY_LINE = b"retry-after: 1\r\n"

BUSY = "The deployment has too many requests waiting. Try again later."
LATE = "The request waited too long for a free worker. Try again later."
DOWN = "The deployment has no running worker. Try again later."
DIED = "The worker stopped while it had this request."


class Trouble(NamedTuple):
    """Why a pool failed: text, and the place in the user's code where known."""

    error: str
    file: str | None = None
    line: int | None = None
    log: str = ""


class Pool:
    """Gives requests to free workers, oldest first, and keeps the wanted number running."""

    def __init__(self, deployment: Deployment, place: Place) -> None:
        self.deployment = deployment
        self.workers: list[Worker] = []
        self.waiting = Waiting()
        self.trouble: Trouble | None = None
        self.was_ready = False
        self.draining = False
        self.stopping = False
        self.swagger: dict[str, Any] = {}
        self.compiled: dict[str, Any] | None = None
        self.batches = Histogram(BATCHES)
        self.cpu = CpuMeter()
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._restarts = Restarts()
        self._batching = False
        self._spent = FAST_US
        self._tasks: set[asyncio.Task[None]] = set()

    # What others ask.

    @property
    def ready_workers(self) -> int:
        """How many workers answer."""
        return sum(worker.state is State.READY for worker in self.workers)

    @property
    def state(self) -> str:
        """Say how it stands: starting, ready or failed."""
        if self.ready_workers:
            return "ready"
        return "failed" if self.trouble else "starting"

    @property
    def is_complete(self) -> bool:
        """Tell whether all wanted workers are ready."""
        return self.ready_workers >= self.deployment.workers

    @property
    def is_idle(self) -> bool:
        """Tell whether no request is waiting or in work."""
        return not self.waiting and all(not worker.load for worker in self.workers)

    def submit(self, call: Call) -> None:
        """Take a request: give it to a worker with room, or let it wait."""
        if not self.waiting:
            worker = self._free()
            if worker is not None:
                worker.send(call)
                if self._batching:
                    self.batches.add(1)
                return
        if self.state == "failed":
            call.refuse(503, DOWN, RETRY_LINE)
        elif self.waiting.is_full:
            call.refuse(429, BUSY, RETRY_LINE)
        else:
            self.waiting.add(call)

    def adopt(self, record: Record) -> None:
        """Take over a worker that an earlier gateway started."""
        self._keep(record, None)

    def update(self, deployment: Deployment) -> None:
        """Take new limits and the wanted number of workers; they are started as before."""
        self.deployment = deployment

    def stop(self) -> None:
        """End all workers."""
        self.stopping = True
        for worker in list(self.workers):
            worker.stop(kindly=True)

    # What the workers tell.

    def ready(self, worker: Worker) -> None:
        """A worker loaded what it serves."""
        self.swagger = worker.hello.get("swagger", {})
        self.compiled = worker.hello.get("compiled")
        self._batching = worker.hello.get("mode") == "model"
        self.trouble = None
        self.was_ready = True
        self._fill(worker)

    def failed(self, worker: Worker, why: dict[str, Any]) -> None:
        """A worker could not load it: a new revision has failed, an old one tries again."""
        self._blame(worker, str(why.get("error")), why.get("file"), why.get("line"))

    def _blame(
        self, worker: Worker, error: str, file: str | None = None, line: int | None = None
    ) -> None:
        said = last_lines(self.deployment.log, worker.log_start)
        self.trouble = Trouble(error, file, line, said)

    def gone(self, worker: Worker, begun: list[Call], untouched: list[Call]) -> None:
        """A worker ended: what it had begun is lost, the rest goes elsewhere."""
        self.workers.remove(worker)
        for call in begun:
            if worker.timed_out:
                text = f"Scoring timeout after {self.deployment.timeout_ms} ms"
                call.answer(500, JSON_LINE + FAILED, message(text))
            elif self._batching and not call.solo:
                # Predictions may be repeated: find the one request that kills, alone.
                call.solo = True
                untouched.append(call)
            else:
                call.answer(502, JSON_LINE + FAILED, message(DIED))
        self.returned(untouched)
        was_ready = worker.hello.get("state") == "ready"
        now = self._loop.time()
        self._restarts.ended(now, lived=now - worker.since, was_ready=was_ready)
        if self._restarts.is_hopeless and self.trouble is None:
            self._blame(worker, "The worker ended while it loaded the model.")

    def relieved(self, worker: Worker, microseconds: int) -> None:
        """A worker answered and has room."""
        if microseconds:
            self._spent += (microseconds - self._spent) * 0.1
        if self.waiting:
            self._fill(worker)

    def returned(self, calls: list[Call]) -> None:
        """Requests come back that nobody has begun; they are first in the queue."""
        self.waiting.put_back(calls)
        for worker in self.workers:
            if self.waiting:
                self._fill(worker)

    # Giving requests to workers.

    def _free(self) -> Worker | None:
        """Find the worker with the fewest requests that has room for one more."""
        best, least = None, 1 if self._batching else self._depth()
        for worker in self.workers:
            load = worker.load
            if load < least and worker.takes_more:
                best, least = worker, load
        return best

    def _depth(self) -> int:
        """How many requests a worker may have: some more when they are quick, to save its time."""
        deployment = self.deployment
        wanted = -(-deployment.concurrency * deployment.instances // deployment.workers)
        return max(wanted, min(DEPTH, int(FAST_US / (self._spent + 1.0))), 1)

    def _fill(self, worker: Worker) -> None:
        if self.stopping or not worker.takes_more:
            return
        if self._batching:
            batch = () if worker.load else self.waiting.batch()
            for call in batch:
                worker.send(call)
            if batch:
                self.batches.add(len(batch))
            return
        room = self._depth() - worker.load
        while room > 0:
            taken = self.waiting.take()
            if taken is None:
                return
            worker.send(taken)
            room -= 1

    # What the clock tells.

    def check(self) -> None:
        """Answer what waits too long, end workers that hang, start those that are missing."""
        now = self._loop.time()
        if self.waiting:
            self._check_waiting(now)
        for worker in list(self.workers):
            self._check_worker(worker, now)
        if not self.stopping and not (self.draining and self.is_idle):
            self._keep_number(now)

    def _check_waiting(self, now: float) -> None:
        """Refuse what waited too long; while a worker comes back, requests are held longer."""
        patience = self.deployment.queue_wait_ms / 1000
        running = self.ready_workers > 0
        if not running and self.state == "starting":
            patience = max(patience, HOLD_SECONDS)
        for call in self.waiting.expired(now - patience):
            call.refuse(503, LATE if running else DOWN, RETRY_LINE)

    def _check_worker(self, worker: Worker, now: float) -> None:
        timeout = self.deployment.timeout_ms / 1000 + GRACE_SECONDS
        if worker.state is State.STARTING:
            # One that was found again may still be at a request of the gateway before.
            if now > max(
                worker.since + START_SECONDS, worker.adopted_at + timeout + ADOPT_SECONDS
            ):
                self._blame(worker, f"The worker was not ready in {START_SECONDS:.0f} seconds.")
                worker.stop(kindly=False)
        elif worker.load and not worker.timed_out:
            if now - worker.head_since > timeout:
                worker.timed_out = True
                worker.stop(kindly=False)
            elif not self._batching:
                worker.check_slow()

    def _keep_number(self, now: float) -> None:
        wanted = self.deployment.workers
        staying = [worker for worker in self.workers if not worker.retiring]
        missing = wanted - len(staying)
        if missing < 0:
            staying.sort(key=lambda worker: (worker.state is State.READY, worker.load))
            for worker in staying[:-missing]:
                worker.retire()
        elif self.was_ready or self.trouble is None:  # a new revision that failed stays failed
            while missing and now >= self._restarts.due and self._start():
                missing -= 1

    def _start(self) -> bool:
        log_start = size_of(self.deployment.log)
        try:
            record, process = launch(self.deployment, self._place)
        except (OSError, Failed) as error:
            self.trouble = Trouble(f"The worker could not be started: {error}")
            self._restarts.postpone(self._loop.time() + 5.0)
            return False
        self._keep(record, process, log_start)
        return True

    def _keep(self, record: Record, process: Process | None, log_start: int = 0) -> None:
        try:
            worker = Worker(self, self._place.folder, record, process)
        except OSError:
            return  # it has ended already: the next check starts another
        worker.log_start = log_start
        self.workers.append(worker)
        task = self._loop.create_task(worker.connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
