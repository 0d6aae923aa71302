"""Cron expressions of five fields: what they say, and what is wrong with them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zaffre.kinds.names import shown

FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_WORDS: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {m: i for i, m in enumerate(_MONTHS, 1)},
    {d: i for i, d in enumerate(_DAYS)},
)
_SPECIAL = (
    None,
    None,
    re.compile(r"LW?\Z"),
    None,
    re.compile(r"([0-7]L|([0-7]|[A-Z]{3})#[1-5])\Z"),
)
_DAY, _MONTH, _WEEKDAY = 2, 3, 4
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SECONDS = 6


class CronFault(ValueError):
    """Something is wrong with one field. `field` counts from 0; None means the whole."""

    def __init__(self, message: str, hint: str | None = None, field: int | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.field = message, hint, field


@dataclass(frozen=True)
class Cron:
    """An expression taken apart: which minutes and hours; the day's fields as they are written."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: str
    weekdays: str

    @property
    def hourly(self) -> bool:
        """Say whether it goes by elapsed hours, naming none."""
        return len(self.hours) == _BOUNDS[1][1] + 1

    @property
    def plain(self) -> str:
        """Give the expression, minutes and hours listed; `*` only where every hour counts."""
        hours = "*" if self.hourly else ",".join(map(str, self.hours))
        minutes = ",".join(map(str, self.minutes))
        return f"{minutes} {hours} {self.days} {self.months} {self.weekdays}"


def parse(text: str) -> tuple[Cron | None, list[CronFault]]:
    """Give an expression taken apart, or all that is wrong with it."""
    parts = text.upper().split()
    if len(parts) != len(FIELDS):
        return None, [_wrong_count(text, len(parts))]
    faults: list[CronFault] = []
    values: list[set[int]] = []
    for at, part in enumerate(parts):
        try:
            values.append(_values(at, part))
        except CronFault as fault:
            faults.append(fault)
    if faults:
        return None, faults
    if _never(parts, values):
        return None, [CronFault(f"{shown(text)} never comes: no such month has that day.")]
    return Cron(tuple(sorted(values[0])), tuple(sorted(values[1])), *parts[2:]), []


def _wrong_count(text: str, count: int) -> CronFault:
    hint = f"In order: {', '.join(FIELDS)}, such as `0 4 * * *` for every day at 04:00."
    if count == _SECONDS:
        hint = "Leave the seconds out. " + hint
    return CronFault(
        f"{shown(text)} has {count} field{'s' * (count != 1)}; cron takes five.", hint
    )


def _values(at: int, part: str) -> set[int]:
    found: set[int] = set()
    for term in part.split(","):
        special = _SPECIAL[at]
        if special is not None and special.match(term):
            continue
        found |= _term(at, term)
    return found


def _term(at: int, term: str) -> set[int]:
    body, slash, step = term.partition("/")
    if slash and (not step.isdecimal() or int(step) == 0 or len(step) > 2):  # noqa: PLR2004
        raise _fault(at, term, "The step after `/` is a whole number from 1.")
    lowest, highest = _BOUNDS[at]
    if body == "*":
        first, last = lowest, highest - (at == _WEEKDAY)
    elif "-" in body:
        first, last = (_number(at, one, term) for one in body.split("-", 1))
        if last < first:
            raise _fault(at, term, f"The range runs backwards: {first} to {last}.")
    else:
        first = _number(at, body, term)
        last = highest if slash else first
    return set(range(first, last + 1, int(step) if slash else 1))


def _number(at: int, word: str, term: str) -> int:
    if word in _WORDS[at]:
        return _WORDS[at][word]
    lowest, highest = _BOUNDS[at]
    if not word.isdecimal() or len(word) > 2 or not lowest <= int(word) <= highest:  # noqa: PLR2004
        named = f", or {', '.join(_WORDS[at])}" if _WORDS[at] else ""
        raise _fault(at, term, f"The {FIELDS[at]} goes from {lowest} to {highest}{named}.")
    return int(word)


def _fault(at: int, term: str, hint: str) -> CronFault:
    return CronFault(f"{shown(term)} is no {FIELDS[at]}.", hint, at)


def _never(parts: list[str], values: list[set[int]]) -> bool:
    days, months = values[_DAY], values[_MONTH]
    either = not (parts[_DAY].startswith("*") or parts[_WEEKDAY].startswith("*"))
    if either or "L" in parts[_DAY]:
        return False
    return min(days) > max(_LONGEST[month - 1] for month in months)
