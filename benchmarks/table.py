"""Rows of figures: a value, its reference from the same run, their ratio, and the goal."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "build" / "bench"


@dataclass(frozen=True)
class Goal:
    """What a row must reach: bounds on its value, or on its ratio to reference or peer."""

    of: str = "ratio"
    at_least: float | None = None
    at_most: float | None = None

    def met(self, row: Row) -> bool | None:
        """Say whether a row reaches it; None where the figure is not there."""
        figure = {"value": row.value, "ratio": row.ratio, "peer": row.peer_ratio}[self.of]
        if figure is None:
            return None
        return (self.at_least is None or figure >= self.at_least) and (
            self.at_most is None or figure <= self.at_most
        )

    def __str__(self) -> str:
        """Write it as the table shows it."""
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return {
            "value": f"{sign} {bound:g}",
            "ratio": f"{sign} {bound:g}× ref",
            "peer": f"{sign} {bound:g}× peer",
        }[self.of]


@dataclass(frozen=True)
class Row:
    """One figure. Ratios are value / reference, whatever is better."""

    what: str
    unit: str
    value: float | None
    reference: float | None = None
    peer: float | None = None
    goal: Goal | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Give the value over the reference."""
        return self.value / self.reference if self.value is not None and self.reference else None

    @property
    def peer_ratio(self) -> float | None:
        """Give the value over the peer's."""
        return self.value / self.peer if self.value is not None and self.peer else None


@dataclass
class Table:
    """The figures of one benchmark."""

    name: str
    quick: bool = False
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, what: str, unit: str, value: float | None, **more: Any) -> Row:
        """Take a figure in and show it at once."""
        row = Row(what, unit, value, **more)
        self.rows.append(row)
        print(f"  {self._line(row)}", flush=True)
        return row

    def write(self) -> Path:
        """Write `build/bench/NAME.json` (quick runs: `quick/NAME.json`) and give its path."""
        path = OUT / ("quick" if self.quick else "") / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "benchmark": self.name,
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "quick": self.quick,
            "machine": {
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "system": platform.platform(terse=True),
            },
            "facts": self.facts,
            "rows": [self._document(row) for row in self.rows],
        }
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return path

    def missed(self) -> list[Row]:
        """List the rows that do not reach their goal."""
        return [row for row in self.rows if row.goal is not None and row.goal.met(row) is False]

    def _document(self, row: Row) -> dict[str, Any]:
        fields = asdict(row)
        return fields | {
            "ratio": row.ratio,
            "peer_ratio": row.peer_ratio,
            "goal": str(row.goal) if row.goal else None,
            "met": row.goal.met(row) if row.goal else None,
        }

    def _line(self, row: Row) -> str:
        parts = [f"{row.what:<58}", f"{figure(row.value):>10} {row.unit:<9}"]
        parts.append(f"ref {figure(row.reference):>9}" if row.reference else " " * 13)
        parts.append(f"{row.ratio:7.3g}×" if row.ratio else " " * 8)
        if row.peer:
            parts.append(f"peer {figure(row.peer)} ({row.peer_ratio:.3g}×)")
        if row.goal:
            word = {True: "ok", False: "MISSED", None: "?"}[row.goal.met(row)]
            parts.append(f"[{row.goal}: {word}]")
        if row.note:
            parts.append(row.note)
        return " ".join(parts)


def figure(value: float | None) -> str:
    """Write a number with as many digits as it deserves."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def median(values: Iterable[float]) -> float:
    """Give the middle value."""
    return statistics.median(list(values))


def percentile(values: Iterable[float], share: float) -> float:
    """Give the value that `share` (0 to 1) of the values do not pass."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def timed(work: Callable[[], Any], times: int) -> list[float]:
    """Do something several times; the seconds of each."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken
