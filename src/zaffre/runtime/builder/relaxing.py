"""Version pins that give way, when no build of them exists for the Python that there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zaffre.kinds.requirement import name_of

Resolves = Callable[[Sequence[str], Sequence[str]], bool]
"""Says whether lines resolve, with only ready-made builds of the packages named second."""


@dataclass(frozen=True)
class Relaxed:
    """Requirements that resolve, what was changed, and which packages must come as wheels."""

    lines: tuple[str, ...]
    changes: tuple[str, ...]
    wheels: tuple[str, ...]


def relax(lines: Sequence[str], resolves: Resolves) -> Relaxed:
    """Loosen as little as resolves: what has no build, then all pins, then all bounds."""
    named = [name_of(line) for line in lines if name_of(line)]
    options = [line for line in lines if not name_of(line)]
    wheels = [n for n in named if resolves([*options, n], [":all:"])]
    lone = {line: _alone(line, options, resolves, wheels) for line in lines}
    for attempt in (
        lone,
        {line: lower_bound(line) for line in lines},
        {line: bare(line) for line in lines},
    ):
        tried = [attempt[line] for line in lines]
        if resolves(tried, wheels):
            return Relaxed(tuple(tried), _changes(lines, tried), tuple(wheels))
    tried = [lone[line] for line in lines]
    return Relaxed(tuple(tried), _changes(lines, tried), tuple(wheels))


def lower_bound(line: str) -> str:
    """Give a requirement with only the lower end of its version: `x==1.2` becomes `x>=1.2`."""
    name = name_of(line)
    if not name or "@" in line:
        return line
    lowest = re.search(
        r"(?:===?|~=|>=)\s*([0-9][A-Za-z0-9.]*[A-Za-z0-9]|[0-9])", line.split(";", maxsplit=1)[0]
    )
    return bare(line, f">={lowest[1]}" if lowest else "")


def bare(line: str, version: str = "") -> str:
    """Give a requirement without its version, or with another one."""
    if not name_of(line) or "@" in line:
        return line
    head, semicolon, marker = line.partition(";")
    named = re.match(r"[A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?", head)
    return f"{named[0].strip() if named else head}{version}{semicolon}{marker}"


def _alone(line: str, options: Sequence[str], resolves: Resolves, wheels: Sequence[str]) -> str:
    """Give a requirement as it is if it can be had by itself, else loosened."""
    name = name_of(line)
    if not name or name not in wheels or resolves([*options, line], [":all:"]):
        return line
    for looser in (lower_bound(line), bare(line)):
        if resolves([*options, looser], [":all:"]):
            return looser
    return line


def _changes(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{old} -> {new}" for old, new in zip(before, after, strict=True) if old != new)
