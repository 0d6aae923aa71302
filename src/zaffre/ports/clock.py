"""The clock socket."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests hold one in hand."""

    def now(self) -> datetime:
        """Give the present moment in UTC."""

    def monotonic(self) -> float:
        """Give seconds that never go back, for durations."""
