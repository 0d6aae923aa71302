"""Whether a worker is alive: it is asked between requests, and how often it may fail to answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Liveness:
    """When a worker is asked, and how many answers in a row may be missing; all in seconds."""

    delay: float = 10.0
    period: float = 10.0
    timeout: float = 2.0
    failures: int = 30


class Due(Enum):
    """What is to be done now."""

    NOTHING = "nothing"
    ASK = "ask"
    REPLACE = "replace"


class Pulse:
    """What one worker answered so far. Pure but for what it remembers."""

    def __init__(self, now: float) -> None:
        self.failures = 0
        self._since = now
        self._next = now
        self._asked = 0.0

    def heard(self) -> None:
        """It answered: a ping or a request."""
        self.failures, self._asked = 0, 0.0

    def look(self, rule: Liveness, now: float, *, idle: bool) -> Due:
        """Say what is due. One with requests is not asked: they have a timeout of their own."""
        if self._asked:
            if not idle:
                # The request that came meanwhile shows whether it lives.
                self._asked = 0.0
            elif now >= self._asked + rule.timeout:
                self._asked, self.failures = 0.0, self.failures + 1
                if self.failures >= rule.failures:
                    return Due.REPLACE
        if self._asked or not idle or now < max(self._next, self._since + rule.delay):
            return Due.NOTHING
        self._asked, self._next = now, now + rule.period
        return Due.ASK
