"""Progress of long work, drawn on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Self, TextIO

WIDTH = 28
LARGE = 8 << 20
PAUSE = 0.1
THOUSAND = 1000
UNITS = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """A bar on standard error for what is worth watching; silent elsewhere.

    What is counted are bytes, or else what `unit` says; from `least` on it is worth watching.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        stream: TextIO | None = None,
        shown: bool | None = None,
        unit: Callable[[float], str] | None = None,
        least: int = LARGE,
    ) -> None:
        self._unit = unit or size
        self._label = label
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = (self._stream.isatty() if shown is None else shown) and total >= least
        self._done = 0
        self._drawn = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._drawn:
            self._draw()
            self._stream.write("\n")
            self._stream.flush()

    def advance(self, size: int) -> None:
        """Count what was done; safe from several threads."""
        with self._lock:
            self._done += size
            now = time.monotonic()
            if self._shown and now - self._drawn >= PAUSE:
                self._drawn = now
                self._draw()

    def _draw(self) -> None:
        share = min(self._done / self._total, 1.0)
        bar = ("█" * int(share * WIDTH)).ljust(WIDTH, "░")
        self._stream.write(f"\r{self._label} {bar} {share:4.0%} of {self._unit(self._total)}")
        self._stream.flush()


def size(count: float) -> str:
    """Give bytes as a person reads them."""
    number, power = float(count), 0
    while abs(number) >= THOUSAND and power < len(UNITS) - 1:
        number, power = number / THOUSAND, power + 1
    return f"{number:.1f} {UNITS[power]}" if power else f"{number:.0f} B"
