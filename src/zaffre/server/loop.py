"""The loop: takes each unfinished wish one step, again and again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

LOG = logging.getLogger("zaffre.loop")
IDLE_SECONDS = 0.5
WORKERS = 4


@dataclass(frozen=True)
class Step:
    """One piece of work and the name under which it must not run twice at once.

    What moves in an `inward` step matters to others of its source only.
    """

    name: str
    act: Callable[[], object]
    inward: bool = False


Source = Callable[[], Iterable[Step]]


class Loop:
    """Asks its sources for steps and takes them on a few threads, each name once at a time.

    All sources are asked twice a second, and at once when something was changed. After a step
    whose `act` gives something true, its source is asked at once, and the others unless it is
    inward. A step that fails is logged and tried again at the next turn: steps repair, they do
    not remember.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = tuple(sources)
        self._known: list[dict[str, Step]] = [{} for _ in self._sources]
        self._due: set[int] = set()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._taken: set[str] = set()
        self._missed: set[str] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="loop")
        self._thread = threading.Thread(target=self._run, name="loop", daemon=True)

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def wake(self, name: str = "") -> None:
        """Take the step of this name at once, if it is known; else ask all sources."""
        for number, known in enumerate(self._known):
            if name in known:
                self._submit(number, known[name])
                return
        self._want(range(len(self._sources)))

    def stop(self) -> None:
        """End after the steps in hand."""
        with self._lock:
            self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        turn = time.monotonic()
        while not self._stopping.is_set():
            if (now := time.monotonic()) >= turn:
                self._want(range(len(self._sources)))
                turn = now + IDLE_SECONDS
            with self._lock:
                due, self._due = sorted(self._due), set()
            for number in due:
                self._take(number)
            self._wake.wait(turn - time.monotonic())
            self._wake.clear()

    def _want(self, sources: Iterable[int]) -> None:
        with self._lock:
            self._due.update(sources)
        self._wake.set()

    def _take(self, number: int) -> None:
        known = {}
        try:
            for step in self._sources[number]():
                known[step.name] = step
                self._submit(number, step)
        except Exception:  # the loop must outlive whatever a source meets
            LOG.exception("looking for work failed")
        self._known[number] = known

    def _submit(self, number: int, step: Step) -> None:
        with self._lock:
            if step.name in self._taken:
                self._missed.add(step.name)
            elif not self._stopping.is_set():
                self._taken.add(step.name)
                self._pool.submit(self._act, number, step)

    def _act(self, number: int, step: Step) -> None:
        moved = False
        try:
            moved = bool(step.act())
        except Exception:  # a step's failure must not stop the others
            LOG.exception("%s failed; it is tried again", step.name)
        with self._lock:
            self._taken.discard(step.name)
            missed = step.name in self._missed
            self._missed.discard(step.name)
        if missed:
            self._submit(number, step)
        if moved:
            self._want([number] if step.inward else range(len(self._sources)))
