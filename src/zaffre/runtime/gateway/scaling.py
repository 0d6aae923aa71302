"""How many instances a deployment shall have: decided from its load and the clock alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

ROUNDING = 1e-9


@dataclass(frozen=True)
class Scale:
    """Within which bounds the number follows the load, and how fast."""

    least: int = 1
    most: int = 1
    target: float = 0.7
    interval: float = 1.0
    cool_down: float = 60.0
    idle: float = 300.0


@dataclass(frozen=True)
class Course:
    """How many are wanted now; while fewer would do: since when, and how many at most."""

    wanted: int
    busy_at: float
    lower_since: float | None = None
    peak: int = 0


def needed(scale: Scale, demand: float, concurrency: int) -> int:
    """Give the number of which `demand`, the requests at a time, uses the target share."""
    fitting = math.ceil(demand / (concurrency * scale.target) - ROUNDING)
    return min(scale.most, max(scale.least, 1, fitting))


def step(scale: Scale, course: Course, now: float, demand: float, concurrency: int) -> Course:
    """Take one look: more instances at once, fewer after the cool-down, none after idleness."""
    busy_at = now if demand > 0 else course.busy_at
    rests = course.wanted == 0 or now - busy_at >= scale.idle
    if scale.least == 0 and demand <= 0 and rests:
        return Course(0, busy_at)
    need = needed(scale, demand, concurrency)
    wanted = min(course.wanted, scale.most)
    if need >= wanted:
        return Course(need, busy_at)
    since = now if course.lower_since is None else course.lower_since
    peak = max(course.peak, need)
    if now - since >= scale.cool_down:
        return Course(peak, busy_at)
    return Course(wanted, busy_at, since, peak)


def woken(course: Course, now: float) -> Course:
    """Give the course of a deployment that was asked for something."""
    return replace(course, wanted=max(course.wanted, 1), busy_at=now)
