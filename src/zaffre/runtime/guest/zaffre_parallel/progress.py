"""How far a step is: told in its log, and as metrics of its run while it runs."""

from __future__ import annotations

import importlib
import json
import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 5.0
"""Seconds between metrics while it runs."""
TAG = "zaffre.processed"
"""The tag of the run that tells the counts at the end."""
FAILURES = "logs/failed_mini_batches.jsonl"


class Progress:
    """Counts what is done and what has failed."""

    def __init__(self, total: int, say: Callable[[str], None], every: float = EVERY) -> None:
        self._say = say
        self._every = every
        self._lock = threading.Lock()
        self._told = time.monotonic()
        self._can_log = True
        self._first_error = ""
        self.counts = {
            "mini_batches": total,
            "mini_batches_done": 0,
            "failed_mini_batches": 0,
            "items": 0,
            "failed_items": 0,
        }

    def note(self, size: int, items: int | None, error: str = "") -> dict[str, int]:
        """Count a mini-batch and how many items came back; None: it failed. Give all counts."""
        counts = self.counts
        if items is not None and items < size:
            error = f"run() gave {items} results for {size} items"
        with self._lock:
            self._first_error = self._first_error or error
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
            self._log(self._summary())

    def _log(self, summary: dict[str, object] | None = None) -> None:
        self._told = time.monotonic()
        if not self._can_log:
            return
        step = self.counts["mini_batches_done"] + self.counts["failed_mini_batches"]
        try:
            ml = importlib.import_module("zaffre.ml")
            ml.log_metrics({name: float(one) for name, one in self.counts.items()}, step=step)
            if summary:
                ml.set_tag(TAG, json.dumps(summary))
        except Exception as error:  # noqa: BLE001 (whatever it is, it must not undo the step)
            self._can_log = False
            self._say(f"metrics were not logged: {error}")

    def _summary(self) -> dict[str, object]:
        names = ("items", "failed_items", "mini_batches", "failed_mini_batches")
        found: dict[str, object] = {name: self.counts[name] for name in names}
        if self._first_error:
            found["first_error"] = self._first_error[:500]
        if self.counts["failed_mini_batches"]:
            found["details"] = f"`{FAILURES}` of job `{os.environ.get('MLFLOW_RUN_ID', '')}`"
        return found
