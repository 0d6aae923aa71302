"""The workers of one revision: started, found again, replaced, given up; and why they failed."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from zaffre.errors import Failed
from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.launching import Place, launch
from zaffre.runtime.gateway.logs import Events, last_lines, size_of
from zaffre.runtime.gateway.processes import Process, Record
from zaffre.runtime.gateway.restarts import Restarts
from zaffre.runtime.gateway.worker import Keeper, State, Worker

ADOPT_SECONDS = 5.0
PAUSE_SECONDS = 5.0


class Trouble(NamedTuple):
    """Why workers failed: text, the place in the user's code where known, and the log's end."""

    error: str
    file: str | None = None
    line: int | None = None
    log: str = ""


class Staff:
    """Keeps the wanted number of workers."""

    def __init__(self, keeper: Keeper, place: Place) -> None:
        self.workers: list[Worker] = []
        self.trouble: Trouble | None = None
        self.events = Events()
        self._keeper = keeper
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._restarts = Restarts()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> int:
        """How many workers answer."""
        return sum(worker.state is State.READY for worker in self.workers)

    @property
    def staying(self) -> int:
        """How many workers answer and are not about to end."""
        return sum(worker.is_staying for worker in self.workers)

    @property
    def is_starting(self) -> bool:
        """Tell whether none answers yet of those that there are."""
        return bool(self.workers) and not self.ready

    def keep(self, deployment: Deployment, wanted: int, *, again: bool) -> None:
        """Start the workers that are missing, or let those end that are too many.

        After trouble, none is started unless `again`.
        """
        staying = [worker for worker in self.workers if not worker.retiring]
        missing = wanted - len(staying)
        if missing < 0:
            staying.sort(key=lambda worker: (worker.state is State.READY, worker.load))
            for worker in staying[:-missing]:
                worker.retire()
        elif again or self.trouble is None:
            while missing and self._loop.time() >= self._restarts.due and self._start(deployment):
                missing -= 1

    def adopt(self, record: Record) -> None:
        """Take over a worker that an earlier gateway started."""
        self._take(record, None)

    def stop(self) -> None:
        """End all workers."""
        for worker in list(self.workers):
            worker.stop(kindly=True)

    def blame(
        self, worker: Worker, error: str, file: str | None = None, line: int | None = None
    ) -> None:
        """Note why a worker failed, with what it said last."""
        self.trouble = Trouble(error, file, line, last_lines(worker.log, worker.log_start))

    def bury(self, worker: Worker) -> None:
        """Strike off a worker that ended; the more often it does, the later the next may start."""
        self.workers.remove(worker)
        was_ready = worker.hello.get("state") == "ready"
        now = self._loop.time()
        self._restarts.ended(now, lived=now - worker.since, was_ready=was_ready)
        if self._restarts.is_hopeless and self.trouble is None:
            self.blame(worker, "The worker ended while it loaded the model.")

    def check_start(self, worker: Worker, deployment: Deployment) -> None:
        """End a worker that takes too long to start."""
        # One that was found again may still be at a request of the gateway before.
        found = worker.adopted_at + deployment.timeout_ms / 1000 + ADOPT_SECONDS
        seconds = deployment.start_ms / 1000
        if self._loop.time() > max(worker.since + seconds, found):
            self.blame(worker, f"The worker was not ready in {seconds:g} seconds.")
            worker.stop(kindly=False)

    def check_alive(self, worker: Worker, deployment: Deployment) -> None:
        """End a worker that does not answer any more; another takes its place."""
        if not worker.check_alive(deployment.liveness):
            rule = deployment.liveness
            text = (
                f"Worker {worker.record.pid} was replaced: it did not answer {rule.failures} times"
                f" in a row within {rule.timeout:g} seconds (liveness_probe)."
            )
            self.events.add(deployment.log, text)
            worker.stop(kindly=False)

    def _start(self, deployment: Deployment) -> bool:
        log_start = size_of(deployment.log)
        try:
            record, process = launch(deployment, self._place)
        except (OSError, Failed) as error:
            self.trouble = Trouble(f"The worker could not be started: {error}")
            self._restarts.postpone(self._loop.time() + PAUSE_SECONDS)
            return False
        worker = self._take(record, process)
        if worker is not None:
            worker.log, worker.log_start = deployment.log, log_start
        return True

    def _take(self, record: Record, process: Process | None) -> Worker | None:
        try:
            worker = Worker(self._keeper, self._place.folder, record, process)
        except OSError:
            return None  # it has ended already: the next check starts another
        self.workers.append(worker)
        task = self._loop.create_task(worker.connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return worker
