"""A clock to hold in hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = now
        self._began = now

    def now(self) -> datetime:
        """Give the moment it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Give the seconds that have passed by."""
        return (self._now - self._began).total_seconds()

    def pass_by(self, time: timedelta) -> None:
        """Let time pass."""
        self._now += time
