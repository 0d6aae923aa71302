"""Waiting for what takes time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from zaffre.errors import Failed, Unavailable

T = TypeVar("T")

SUCCEEDED = "Succeeded"
FAILED = "Failed"
ENDED = {SUCCEEDED, FAILED, "Canceled"}
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
GROWTH = 1.3


class Poller(Generic[T]):
    """A begun operation: look at it, or wait for its result.

    `look` gives the state, what there is to show, and the reason of a failure.
    """

    def __init__(
        self,
        look: Callable[[], tuple[str, T, str | None]],
        *,
        tick: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._look = look
        self._tick = tick
        self._clock = clock
        self._sleep = sleep
        self._state = "InProgress"
        self._value: T | None = None
        self._reason: str | None = None

    def status(self) -> str:
        """Say how far it is: a provisioning state, `Succeeded` or `Failed` at the end."""
        if self._state not in ENDED:
            self._state, self._value, self._reason = self._look()
        return self._state

    def latest(self) -> T | None:
        """Give what there was to show at the last look."""
        return self._value

    def done(self) -> bool:
        """Say whether it has ended, well or not."""
        return self.status() in ENDED

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds."""
        deadline = None if timeout is None else self._clock() + timeout
        pause = FIRST_PAUSE
        while not self.done():
            self._tick(self._state)
            if deadline is not None and self._clock() >= deadline:
                return
            self._sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    def result(self, timeout: float | None = None) -> T:
        """Wait and give what came of it.

        Raises:
            Failed: it failed; the message says why.
            Unavailable: it had not ended in time.
        """
        self.wait(timeout)
        if self._state not in ENDED:
            raise Unavailable(
                f"It is still {self._state} after {timeout} s.",
                hint="Wait longer, or look again later.",
            )
        if self._state != SUCCEEDED:
            raise Failed(self._reason or f"It ended as {self._state}.")
        return self._value  # type: ignore[return-value]  # set with the state
