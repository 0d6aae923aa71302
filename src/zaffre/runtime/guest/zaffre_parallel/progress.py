"""How far a step is: told in its log, and as metrics of its run while it runs."""

from __future__ import annotations

import importlib
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 5.0
"""Seconds between metrics while it runs."""


class Progress:
    """Counts what is done and what has failed."""

    def __init__(self, total: int, say: Callable[[str], None], every: float = EVERY) -> None:
        self._say = say
        self._every = every
        self._lock = threading.Lock()
        self._told = time.monotonic()
        self._can_log = True
        self.counts = {
            "mini_batches": total,
            "mini_batches_done": 0,
            "failed_mini_batches": 0,
            "items": 0,
            "failed_items": 0,
        }

    def note(self, size: int, items: int | None) -> dict[str, int]:
        """Count a mini-batch and how many items came back; None: it failed. Give all counts."""
        counts = self.counts
        with self._lock:
            counts["mini_batches_done"] += items is not None
            counts["failed_mini_batches"] += items is None
            counts["items"] += min(size, items or 0)
            counts["failed_items"] += max(0, size - (items or 0))
            done, failed = counts["mini_batches_done"], counts["failed_mini_batches"]
            self._say(f"{done + failed} of {counts['mini_batches']} mini-batches, {failed} failed")
            if time.monotonic() - self._told >= self._every:
                self._log()
            return dict(counts)

    def end(self) -> None:
        """Say what was done."""
        with self._lock:
            self._say(", ".join(f"{value} {name}" for name, value in self.counts.items()))
            self._log()

    def _log(self) -> None:
        self._told = time.monotonic()
        if not self._can_log:
            return
        step = self.counts["mini_batches_done"] + self.counts["failed_mini_batches"]
        try:
            log_metrics = importlib.import_module("zaffre.ml").log_metrics
            log_metrics({name: float(one) for name, one in self.counts.items()}, step=step)
        except Exception as error:  # noqa: BLE001 (whatever it is, it must not undo the step)
            self._can_log = False
            self._say(f"metrics were not logged: {error}")
