"""Mini-batches go to worker processes, one at a time each, again when one fails or is late."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

from zaffre_parallel.asking import Failure, Fatal, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from zaffre_parallel.batches import Batch
    from zaffre_parallel.journal import Journal
    from zaffre_parallel.progress import Progress
    from zaffre_parallel.settings import Settings

    Waiting = queue.Queue[tuple[int, Batch]]

MOST_FILES = 1000
"""How many files of a failed mini-batch are named."""


class Pool:
    """Gives mini-batches to workers; what comes back is kept in the journal."""

    def __init__(
        self,
        settings: Settings,
        arguments: list[str],
        journal: Journal,
        progress: Progress,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._arguments = arguments
        self._journal = journal
        self._progress = progress
        self._say = say
        self._lock = threading.Lock()
        self._fatal: Exception | None = None
        self._workers: list[Worker] = []
        self.failures: list[dict[str, Any]] = []

    def run(self, batches: list[Batch]) -> None:
        """Have all mini-batches done that the journal does not have.

        Raises:
            Fatal: `init()` fails, or more has failed than may.
            OSError: what came back cannot be kept.
        """
        waiting: Waiting = queue.Queue()
        for at, batch in enumerate(batches):
            waiting.put((at, batch))
        threads = [
            threading.Thread(target=self._serve, args=(waiting,), daemon=True)
            for _ in range(min(self._settings.processes, max(1, len(batches))))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not self._fatal:
            self._judge(self._progress.counts, len(batches))
        if self._fatal:
            raise self._fatal

    def close(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            worker.kill()

    def _serve(self, waiting: Waiting) -> None:
        worker = None
        try:
            while not self._fatal:
                at, batch = waiting.get_nowait()
                worker = self._do(worker, at, *batch)
        except queue.Empty:
            pass
        except (Fatal, OSError) as error:
            self._fatal = error
        if worker is not None:
            worker.end()

    def _do(
        self, worker: Worker | None, at: int, batch: Any, key: dict[str, Any] | None
    ) -> Worker | None:
        digest = self._journal.digest(batch, key)
        items = self._journal.finished(at, digest)
        if items is not None:
            self._note(len(batch), items)
            return worker
        error = ""
        for attempt in range(1, self._settings.tries + 1):
            if worker is None or not worker.alive():
                worker = self._start()
            try:
                text, items = worker.do(at, batch, key, self._settings.timeout)
            except Failure as failure:
                error = str(failure)
                self._say(f"mini-batch {at} failed (try {attempt}): {error}")
            else:
                self._journal.keep(at, digest, text, items)
                self._note(len(batch), items)
                return worker
        self._failed(at, batch, key, error)
        return worker

    def _start(self) -> Worker:
        worker = Worker(self._settings.script, self._arguments)
        with self._lock:
            self._workers.append(worker)
        return worker

    def _failed(self, at: int, batch: Any, key: dict[str, Any] | None, error: str) -> None:
        failure = {"mini_batch": at, "items": len(batch), "error": error}
        failure["tries"] = self._settings.tries
        if isinstance(batch, list):
            failure["files"] = batch[:MOST_FILES]
        if key is not None:
            failure["key"] = {name: str(value) for name, value in key.items()}
        with self._lock:
            self.failures.append(failure)
        self._note(len(batch), None, error)

    def _note(self, size: int, items: int | None, error: str = "") -> None:
        self._judge(self._progress.note(size, items, error))

    def _judge(self, counts: dict[str, int], total: int = 0) -> None:
        """End it where too much has failed; of all, only once all is done."""
        failed = counts["failed_mini_batches"]
        reason = self._settings.too_many(counts["failed_items"], failed, total)
        if reason and not self._fatal:
            self._fatal = Fatal(reason)
