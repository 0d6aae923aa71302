"""The worker processes: one mini-batch at a time each, tried again when it fails or is late."""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from zaffre_parallel.batches import Batch
    from zaffre_parallel.settings import Settings

    Waiting = queue.Queue[tuple[int, Batch]]

HEAD = struct.Struct("!Q")
INIT_SECONDS = 600.0
"""How long `init()` may take, as on Azure."""


MOST_FILES = 1000
"""How many files of a failed mini-batch are named."""


class Fatal(Exception):
    """What no retry helps against."""


class Pool:
    """Gives mini-batches to workers and keeps what comes back in order."""

    def __init__(
        self, settings: Settings, arguments: list[str], say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._arguments = arguments
        self._say = say
        self._lock = threading.Lock()
        self._fatal = ""
        self._workers: list[Worker] = []
        self.failures: list[dict[str, Any]] = []
        self.items = 0
        self.failed_items = 0
        self._done = 0

    def run(self, batches: list[Batch]) -> list[str | None]:
        """Give the text of each mini-batch; None where it failed.

        Raises Fatal when `init()` fails or too much else does.
        """
        self._total = len(batches)
        results: list[str | None] = [None] * len(batches)
        waiting: Waiting = queue.Queue()
        for at, batch in enumerate(batches):
            waiting.put((at, batch))
        threads = [
            threading.Thread(target=self._serve, args=(waiting, results), daemon=True)
            for _ in range(min(self._settings.processes, max(1, len(batches))))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._fatal:
            raise Fatal(self._fatal)
        return results

    def close(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            worker.kill()

    def _serve(self, waiting: Waiting, results: list[str | None]) -> None:
        worker = None
        while not self._fatal:
            try:
                at, (batch, key) = waiting.get_nowait()
            except queue.Empty:
                break
            worker, text, count, error = self._tries(worker, at, batch, key)
            self._note(at, batch, text, count, error)
            results[at] = text
        if worker is not None:
            worker.end()

    def _tries(
        self, worker: Worker | None, at: int, batch: Any, key: dict[str, Any] | None
    ) -> tuple[Worker | None, str | None, int, str]:
        error = ""
        for attempt in range(1, self._settings.tries + 1):
            if worker is None or not worker.alive():
                worker = self._start()
            try:
                text, count = worker.do(at, batch, key, self._settings.timeout)
            except Fatal as fatal:
                self._fatal = str(fatal)
                return worker, None, 0, str(fatal)
            except Failure as failure:
                error = str(failure)
                self._say(f"mini-batch {at} failed (try {attempt}): {error}")
            else:
                return worker, text, count, ""
        return worker, None, 0, error

    def _start(self) -> Worker:
        worker = Worker(self._settings.script, self._arguments)
        with self._lock:
            self._workers.append(worker)
        return worker

    def _note(self, at: int, batch: Any, text: str | None, count: int, error: str) -> None:
        with self._lock:
            size = len(batch)
            self._done += 1
            if text is None:
                self.failed_items += size
                failure = {"mini_batch": at, "items": size, "error": error}
                if isinstance(batch, list):
                    failure["files"] = batch[:MOST_FILES]
                self.failures.append(failure)
            else:
                self.items += min(size, count)
                self.failed_items += max(0, size - count)
            failed = len(self.failures)
            reason = self._settings.too_many(self.failed_items, failed, 0)
            if reason and not self._fatal:
                self._fatal = reason
        self._say(f"{self._done} of {self._total} mini-batches, {failed} failed")


class Failure(Exception):
    """A mini-batch that failed."""


class Worker:
    """A process that has loaded the script."""

    def __init__(self, script: str, arguments: list[str]) -> None:
        out, own = os.pipe()
        os.set_inheritable(own, True)  # noqa: FBT003 (it takes no name)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zaffre_parallel.worker", str(own), script, *arguments],
            stdin=subprocess.PIPE,
            pass_fds=(own,),
        )
        os.close(own)
        self._is_ready = False
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = os.fdopen(out, "rb")

    def alive(self) -> bool:
        """Say whether it can be asked."""
        return self._process.poll() is None

    def do(
        self, at: int, batch: Any, key: dict[str, Any] | None, timeout: float
    ) -> tuple[str, int]:
        """Have one mini-batch done; give its text and how many items came back."""
        if not self._is_ready:
            # Loading a model is no part of the first mini-batch: it has a time of its own.
            kind, text, _ = self._within(INIT_SECONDS, "init() ", self._answer)
            if kind == "init":
                raise Fatal(f"init() failed: {text}")
            self._is_ready = True
        data = pickle.dumps((at, batch, key), protocol=4)
        kind, text, count = self._within(timeout, "", lambda: self._ask(data))
        if kind == "failed":
            raise Failure(text)
        return text, count

    def _within(
        self, seconds: float, what: str, wait: Callable[[], tuple[str, str, int]]
    ) -> tuple[str, str, int]:
        """Give an answer of the process, which is ended when it takes too long."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            return wait()
        except (OSError, EOFError):
            self._process.wait()
            late = not timer.is_alive()
            why = f"{what or 'it '}took longer than {seconds:g} s" if late else "its process ended"
            raise Failure(f"{why} (exit code {self._process.returncode})") from None
        finally:
            timer.cancel()

    def _ask(self, data: bytes) -> tuple[str, str, int]:
        self._requests.write(HEAD.pack(len(data)) + data)
        self._requests.flush()
        return self._answer()

    def _answer(self) -> tuple[str, str, int]:
        head = self._answers.read(HEAD.size)
        if len(head) < HEAD.size:
            raise EOFError
        (size,) = HEAD.unpack(head)
        data = self._answers.read(size)
        if len(data) < size:
            raise EOFError
        kind, text, count = pickle.loads(data)  # noqa: S301 (our own worker wrote it)
        return kind, text, count

    def end(self) -> None:
        """Let it call `shutdown()` and end."""
        try:
            self._requests.close()
            self._process.wait(60)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()

    def kill(self) -> None:
        """End it now."""
        if self._process.poll() is None:
            self._process.kill()
