"""One revision of a deployment: how many workers it has, and what becomes of requests."""

from __future__ import annotations

import asyncio
from typing import Any

from zaffre.runtime.gateway.calls import FAILED, Call
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.dealing import Dealing
from zaffre.runtime.gateway.launching import Place
from zaffre.runtime.gateway.processes import Record
from zaffre.runtime.gateway.sizing import Sizing
from zaffre.runtime.gateway.staff import Staff
from zaffre.runtime.gateway.usage import CpuMeter
from zaffre.runtime.gateway.wire import JSON_LINE, message
from zaffre.runtime.gateway.worker import State, Worker

GRACE_SECONDS = 0.25
HOLD_SECONDS = 10.0
RETRY_LINE = b"retry-after: 1\r\n"

BUSY = "The deployment has too many requests waiting. Try again later."
LATE = "The request waited too long for a free worker. Try again later."
DOWN = "The deployment has no running worker. Try again later."
DIED = "The worker stopped while it had this request."


class Pool:
    """Keeps the wanted number of workers running, and answers for those that cannot."""

    def __init__(self, deployment: Deployment, place: Place) -> None:
        self.deployment = deployment
        self.staff = Staff(self, place)
        self.workers = self.staff.workers
        self.dealing = Dealing(self.workers, deployment)
        self.waiting = self.dealing.waiting
        self.was_ready = False
        self.draining = False
        self.stopping = False
        self.swagger: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.compiled: dict[str, Any] | None = None
        self.cpu = CpuMeter()
        self._loop = asyncio.get_running_loop()
        self.sizing = Sizing(deployment, self._loop.time())
        self._running_since = 0.0

    # What others ask.

    @property
    def state(self) -> str:
        """Say how it stands: starting, ready, failed, or asleep as nobody asked for long."""
        if self.staff.ready:
            return "ready"
        if self.staff.trouble:
            return "failed"
        return "asleep" if self.was_ready and not self.sizing.instances else "starting"

    @property
    def is_complete(self) -> bool:
        """Tell whether all wanted workers are ready."""
        return self.staff.ready >= self.sizing.workers

    @property
    def is_idle(self) -> bool:
        """Tell whether no request is waiting or in work."""
        return not self.dealing.load

    def submit(self, call: Call) -> None:
        """Take a request: give it to a worker with room, or let it wait."""
        self.sizing.was_asked = True
        if self.dealing.give(call):
            return
        if not self.sizing.instances:
            self._wake()
        if self.state == "failed":
            call.refuse(503, DOWN, RETRY_LINE)
        elif self.waiting.is_full(self.deployment.queue_length):
            call.refuse(429, BUSY, RETRY_LINE)
        else:
            self.waiting.add(call)

    def _wake(self) -> None:
        """Start a worker at once: somebody asks, and there is none."""
        now = self._loop.time()
        self.sizing.wake(now)
        self.staff.events.add(self.deployment.log, "Scaled from 0 to 1 instances: it was asked.")
        if not self.stopping:
            self._keep_number()

    def adopt(self, record: Record) -> None:
        """Take over a worker that an earlier gateway started."""
        self.staff.adopt(record)
        self.sizing.at_least(len(self.workers) // self.deployment.per_instance)

    def update(self, deployment: Deployment) -> None:
        """Take new limits and the wanted number of workers; they are started as before."""
        self.deployment = deployment
        self.sizing.follow(deployment)
        self.dealing.follow(deployment)

    def stop(self) -> None:
        """End all workers."""
        self.stopping = self.dealing.ended = True
        self.staff.stop()

    # What the workers tell.

    def ready(self, worker: Worker) -> None:
        """A worker loaded what it serves."""
        self.swagger = worker.hello.get("swagger", {})
        self.metadata = worker.hello.get("metadata", {})
        self.compiled = worker.hello.get("compiled")
        self.dealing.together = worker.hello.get("mode") == "model"
        self.staff.trouble = None
        self.was_ready = True
        if self.staff.ready == 1:
            self._running_since = self._loop.time()
            self.sizing.wake(self._running_since)
        self.dealing.fill(worker)

    def failed(self, worker: Worker, why: dict[str, Any]) -> None:
        """A worker could not load it: a new revision has failed, an old one tries again."""
        self.staff.blame(worker, str(why.get("error")), why.get("file"), why.get("line"))

    def gone(self, worker: Worker, begun: list[Call], untouched: list[Call]) -> None:
        """A worker ended: what it had begun is lost, the rest goes elsewhere."""
        self.staff.bury(worker)
        for call in begun:
            if worker.timed_out:
                text = f"Scoring timeout after {self.deployment.timeout_ms} ms"
                call.answer(500, JSON_LINE + FAILED, message(text))
            elif self.dealing.together and not call.solo:
                # Predictions may be repeated: find the one request that kills, alone.
                call.solo = True
                untouched.append(call)
            else:
                call.answer(502, JSON_LINE + FAILED, message(DIED))
        self.dealing.put_back(untouched)

    def relieved(self, worker: Worker, microseconds: int) -> None:
        """A worker answered and has room."""
        self.dealing.relieved(worker, microseconds)

    def returned(self, calls: list[Call]) -> None:
        """Requests come back that nobody has begun."""
        self.dealing.put_back(calls)

    # What the clock tells.

    def check(self) -> None:
        """Answer what waits too long, end workers that hang, start those that are missing."""
        now = self._loop.time()
        if self.waiting:
            self._check_waiting(now)
        for worker in list(self.workers):
            self._check_worker(worker, now)
        if self.was_ready and not self.draining and not self.staff.is_starting:
            self._size(now)
        if not self.stopping and not (self.draining and self.is_idle):
            self._keep_number()

    def _size(self, now: float) -> None:
        """Let the number of instances follow the load."""
        before = self.sizing.instances
        if not self.sizing.look(now, self.dealing.load):
            return
        after = self.sizing.instances
        text = f"Scaled from {before} to {after} instances."
        self.staff.events.add(self.deployment.log, text)
        if not after:
            self.staff.trouble = None

    def _check_waiting(self, now: float) -> None:
        """Refuse what waited too long; while a worker comes back, requests are held longer."""
        patience = self.deployment.queue_wait_ms / 1000
        if self.staff.ready:
            # What waited for a worker to come has the usual time from then on.
            if now >= self._running_since + patience:
                self._refuse_late(now - patience, LATE)
            return
        if self.state == "starting":
            cold = self.deployment.cold_wait_ms / 1000
            patience = max(patience, cold if self.sizing.may_sleep else HOLD_SECONDS)
        self._refuse_late(now - patience, DOWN)

    def _refuse_late(self, before: float, text: str) -> None:
        for call in self.waiting.expired(before):
            call.refuse(503, text, RETRY_LINE)

    def _check_worker(self, worker: Worker, now: float) -> None:
        timeout = self.deployment.timeout_ms / 1000 + GRACE_SECONDS
        if worker.state is State.STARTING:
            self.staff.check_start(worker, self.deployment)
        elif not worker.load:
            self.staff.check_alive(worker, self.deployment)
        elif not worker.timed_out:
            if now - worker.head_since > timeout:
                worker.timed_out = True
                worker.stop(kindly=False)
            elif not self.dealing.together:
                worker.check_slow()

    def _keep_number(self) -> None:
        """Have as many workers as wanted; a new revision that failed stays failed."""
        self.staff.keep(self.deployment, self.sizing.workers, again=self.was_ready)
