"""How far the answers of two models are apart."""

from __future__ import annotations

import math
from typing import Any, Iterator, List, NamedTuple, Tuple

Pair = Tuple[int, Any, Any]


class Difference(NamedTuple):
    """The largest difference, and the first row that has it."""

    largest: float = 0.0
    row: int = 0
    original: Any = None
    other: Any = None

    @property
    def text(self) -> str:
        """Say it for people."""
        if not math.isfinite(self.largest):
            return f"row {self.row}: {self.other!r} instead of {self.original!r}"
        return f"largest difference {self.largest:.3g} (row {self.row})"


def difference(original: List[Any], other: List[Any]) -> Difference:
    """Compare answers row by row: numbers by |a - b| / max(1, |a|), all else by equality."""
    if len(original) != len(other):
        return Difference(math.inf, 0, f"{len(original)} answers", f"{len(other)} answers")
    worst = Difference()
    for row, (one, two) in enumerate(zip(original, other)):
        for a, b in _pairs(one, two):
            apart = _apart(a, b)
            if apart > worst.largest:
                worst = Difference(apart, row, a, b)
    return worst


def _pairs(one: Any, two: Any) -> Iterator[Tuple[Any, Any]]:
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for a, b in zip(one, two):
            yield from _pairs(a, b)
    elif isinstance(one, dict) and isinstance(two, dict) and list(one) == list(two):
        for name, a in one.items():
            yield from _pairs(a, two[name])
    else:
        yield one, two


def _apart(a: Any, b: Any) -> float:
    if a == b:
        return 0.0
    if not (isinstance(a, (int, float)) and isinstance(b, (int, float))):
        return math.inf
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return 0.0
    apart = abs(a - b) / max(1.0, abs(a))
    return apart if math.isfinite(apart) else math.inf
