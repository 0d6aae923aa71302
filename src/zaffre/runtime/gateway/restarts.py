"""When a worker that ended is started again: at once, or later the more often it ended."""

from __future__ import annotations

STABLE_SECONDS = 30.0
LONGEST_CRASH_PAUSE = 1.0
LONGEST_LOAD_PAUSE = 30.0
LOADS = 3


class Restarts:
    """Counts ends. A worker that was ready comes back soon, one that cannot load ever later."""

    def __init__(self) -> None:
        self.due = 0.0
        self._crashes = 0
        self._failed_loads = 0

    @property
    def is_hopeless(self) -> bool:
        """Tell whether it ended again and again before it was ready."""
        return self._failed_loads >= LOADS

    def ended(self, now: float, *, lived: float, was_ready: bool) -> None:
        """Note that a worker ended, and set when the next may start."""
        if was_ready:
            self._failed_loads = 0
            self._crashes = self._crashes + 1 if lived < STABLE_SECONDS else 1
            pause = 0.1 * 2.0 ** min(self._crashes, 8) if self._crashes > 1 else 0.0
            self.due = now + min(LONGEST_CRASH_PAUSE, pause)
        else:
            self._failed_loads += 1
            pause = 0.5 * 2.0 ** min(self._failed_loads - 1, 8)
            self.due = now + min(LONGEST_LOAD_PAUSE, pause)

    def postpone(self, until: float) -> None:
        """Start nothing before a moment."""
        self.due = max(self.due, until)
