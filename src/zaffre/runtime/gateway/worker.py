"""One worker of a deployment, as the gateway sees it: starting, ready, or gone."""

from __future__ import annotations

import asyncio
import os
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from zaffre.runtime.gateway import processes
from zaffre.runtime.gateway.calls import Call
from zaffre.runtime.gateway.link import Link, Marks
from zaffre.runtime.gateway.liveness import Due, Liveness, Pulse
from zaffre.runtime.gateway.processes import Process, Record

SLOW_SECONDS = 0.02
KINDLY_SECONDS = 3.0
LAST_WORDS_SECONDS = 0.25


class State(Enum):
    """How a worker stands."""

    STARTING = "starting"
    READY = "ready"
    GONE = "gone"


class Keeper(Protocol):
    """The pool that a worker belongs to."""

    def ready(self, worker: Worker) -> None:
        """The worker may be given requests."""

    def failed(self, worker: Worker, why: dict[str, Any]) -> None:
        """A worker could not load what it serves."""

    def gone(self, worker: Worker, begun: list[Call], untouched: list[Call]) -> None:
        """The worker ended; it had `begun` some of its requests and left others `untouched`."""

    def relieved(self, worker: Worker, microseconds: int) -> None:
        """Some answers came."""

    def returned(self, calls: list[Call]) -> None:
        """Requests that a slow worker had not begun go back to the queue."""


class Worker:
    """Holds the process, its connection, and the requests that it has."""

    def __init__(
        self, keeper: Keeper, folder: Path, record: Record, process: Process | None
    ) -> None:
        self.record = record
        self.log: str | None = None
        self.log_start = 0
        self.state = State.STARTING
        self.hello: dict[str, Any] = {}
        self.loop = asyncio.get_running_loop()
        self.adopted_at = self.loop.time()
        self.since = self.adopted_at - processes.age(record)
        self.head_since = 0.0
        self.timed_out = False
        self.pulse = Pulse(self.loop.time())
        self.retiring = False
        self._keeper = keeper
        self._folder = folder
        self._process = process
        self._taken_back: tuple[int, int] | None = None
        self._marks = Marks(folder / f"{record.name}.marks")
        self.link = Link(self)
        self._pidfd: int | None = os.pidfd_open(record.pid)
        self.loop.add_reader(self._pidfd, self._ended)

    async def connect(self) -> None:
        """Connect to the process; a failure is told as its end."""
        try:
            client = processes.connect(self._folder, self.record.name)
            await self.loop.create_unix_connection(lambda: self.link, sock=client)
        except OSError:
            self._ended()

    @property
    def load(self) -> int:
        """How many requests it has."""
        return len(self.link.inflight)

    @property
    def is_staying(self) -> bool:
        """Tell whether it answers and is not about to end."""
        return self.state is State.READY and not self.retiring

    @property
    def takes_more(self) -> bool:
        """Tell whether it may be given requests: ready, staying, not busy with a slow one."""
        return self.is_staying and self._taken_back is None

    def send(self, call: Call) -> None:
        """Hand over a request."""
        if not self.link.inflight:
            self.head_since = self.loop.time()
        self.link.send(call)

    def stop(self, *, kindly: bool) -> None:
        """End the process and all that it started; kindly means that it has three seconds."""
        if self.state is not State.GONE:
            processes.end(self.record.name, kindly=kindly)
            if kindly:
                self.loop.call_later(KINDLY_SECONDS, lambda: self.stop(kindly=False))

    def retire(self) -> None:
        """Give it no more requests, and end it as soon as it has answered those that it has."""
        self.retiring = True
        self._leave_if_idle()

    def _leave_if_idle(self) -> None:
        if not self.load:
            self.stop(kindly=True)

    # What the link tells.

    def greeted(self, link: Link, hello: dict[str, Any]) -> None:
        """The worker is ready, or says why not."""
        self.hello = hello
        link.plain = hello.get("mode") != "raw" and not hello.get("headers")
        link.json_only = hello.get("mode") == "named"
        if hello["state"] == "ready":
            self.state = State.READY
            self.pulse = Pulse(self.loop.time())
            self._keeper.ready(self)
        else:
            self._keeper.failed(self, hello)

    def answered(self, microseconds: int) -> None:
        """Answers came."""
        self.head_since = self.loop.time()
        self.pulse.heard()
        self._taken_back = None
        self._keeper.relieved(self, microseconds)
        if self.retiring:
            self._leave_if_idle()

    def skipped(self, call: Call) -> None:
        """A request that was asked back was not begun."""
        self._keeper.returned([call])

    def alive(self) -> None:
        """It answered a ping."""
        self.pulse.heard()

    def lost(self) -> None:
        """The connection ended: the process is ending or in a state that nobody can tell."""
        if self.state is not State.GONE:
            processes.end(self.record.name, kindly=False)
            self._bury()

    # What the clock tells.

    def check_alive(self, rule: Liveness) -> bool:
        """Ask it now and then whether it lives; False where it did not answer too often."""
        if not self.is_staying or not self.hello.get("pings"):
            return True  # a worker of an earlier version does not know the question
        due = self.pulse.look(rule, self.loop.time(), idle=not self.load)
        if due is Due.ASK:
            self.link.ping()
        return due is not Due.REPLACE

    def check_slow(self) -> None:
        """Take back what waits behind a request that takes long, so that others can have it."""
        inflight = self.link.inflight
        if len(inflight) <= 1 or self.loop.time() - self.head_since < SLOW_SECONDS:
            return
        numbers = list(inflight)
        if self._taken_back is None:
            self._taken_back = (numbers[1], numbers[-1])
            self._marks.take_back(*self._taken_back)
            return
        # Milliseconds have passed: had it missed the marks, it would have begun another by now.
        low, high = self._taken_back
        if self._marks.begun < low:
            back = [inflight.pop(number) for number in numbers if low <= number <= high]
            if back:
                self._keeper.returned(back)

    def _ended(self) -> None:
        """The process is gone; its last answers may still be to be read, then the socket ends."""
        self._unwatch()
        self.loop.call_later(LAST_WORDS_SECONDS, self._bury)

    def _unwatch(self) -> None:
        if self._pidfd is not None:
            self.loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

    def _bury(self) -> None:
        """Say which requests the process had begun when it ended."""
        if self.state is State.GONE:
            return
        self.state = State.GONE
        self._unwatch()
        last = self._marks.begun
        inflight = list(self.link.inflight.items())
        self.link.inflight.clear()
        self.link.close()
        begun = [call for number, call in inflight if number <= last]
        untouched = [call for number, call in inflight if number > last]
        processes.end(self.record.name, kindly=False)
        processes.forget(self._folder, self.record.name)
        if self._process is not None and self._process.poll() is None:
            self.loop.call_later(0.5, self._process.poll)
        self._keeper.gone(self, begun, untouched)
