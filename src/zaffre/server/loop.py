"""The loop: takes each unfinished wish one step, again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

LOG = logging.getLogger("zaffre.loop")
IDLE_SECONDS = 0.5
WORKERS = 4


@dataclass(frozen=True)
class Step:
    """One piece of work and the name under which it must not run twice at once."""

    name: str
    act: Callable[[], object]


class Loop:
    """Asks its sources for steps and takes them on a few threads, each name once at a time.

    A step whose `act` gives something true is taken again at once. One that fails is logged and
    tried again at the next turn: steps repair, they do not remember.
    """

    def __init__(self, sources: Iterable[Callable[[], Iterable[Step]]]) -> None:
        self._sources = tuple(sources)
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

    def wake(self) -> None:
        """Turn at once: something has changed."""
        self._wake.set()

    def stop(self) -> None:
        """End after the steps in hand."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for source in self._sources:
                self._take(source)
            self._wake.wait(IDLE_SECONDS)
            self._wake.clear()

    def _take(self, source: Callable[[], Iterable[Step]]) -> None:
        try:
            for step in source():
                self._submit(step)
        except Exception:  # the loop must outlive whatever a source meets
            LOG.exception("looking for work failed")

    def _submit(self, step: Step) -> None:
        with self._lock:
            if step.name in self._taken:
                self._missed.add(step.name)
                return
            self._taken.add(step.name)
        self._pool.submit(self._act, step)

    def _act(self, step: Step) -> None:
        again = False
        try:
            again = bool(step.act())
        except Exception:  # a step's failure must not stop the others
            LOG.exception("%s failed; it is tried again", step.name)
        with self._lock:
            self._taken.discard(step.name)
            again = again or step.name in self._missed
            self._missed.discard(step.name)
        if again:
            self._wake.set()
