"""How long something took, and how a person says it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

MINUTE = 60


def elapsed(facts: Mapping[str, Any]) -> float | None:
    """Give the seconds that something took, up to now if it still does; None before it began."""
    started, ended = facts.get("started_at"), facts.get("ended_at")
    if started is None:
        return None
    return max(0.0, float((ended if ended is not None else time.time()) - started))


def spoken(seconds: float | None) -> str:
    """Write seconds as a person says them: `3.2 s`, `4 min 05 s`, `2 h 03 min`."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
