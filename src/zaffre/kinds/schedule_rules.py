"""What a schedule's document gets wrong beyond the types of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds import cron, reference, time_zones
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.names import shown
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Json

WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
YEARS = range(1970, 2200)
"""Years in which schedules may begin and end."""
_NEEDED = {"cron": ("expression",), "recurrence": ("frequency", "interval")}
_OWN = {
    "cron": ("expression",),
    "recurrence": ("frequency", "interval", "schedule"),
    "data": ("data", "path"),
}
_BOUNDS = {"hours": (0, 23), "minutes": (0, 59), "month_days": (1, 31)}


def schedule_problems(document: Document) -> Iterator[Problem]:
    """Find what is wrong with a schedule's trigger."""
    yield from trigger_problems(document, document.data.get("trigger"), ("trigger",))


def trigger_problems(document: Document, trigger: Json, at: Steps) -> Iterator[Problem]:
    """Find what is wrong with a trigger that stands anywhere."""
    if not isinstance(trigger, dict):
        return
    kind = str(trigger.get("type", "")).strip().lower()
    if kind not in _OWN:
        return
    yield from _fields(document, trigger, kind, at)
    if isinstance(trigger.get("expression"), str) and kind == "cron":
        yield from _cron(document, trigger["expression"], at)
    if isinstance(trigger.get("schedule"), dict):
        yield from _pattern(document, trigger["schedule"], (*at, "schedule"))
    yield from _times(document, trigger, at)
    if kind == "data":
        yield from _watched(document, trigger, at)


def _fields(
    document: Document, trigger: dict[str, Json], kind: str, at: Steps
) -> Iterator[Problem]:
    for name in _NEEDED.get(kind, ()):
        if trigger.get(name) is None:
            text = f"`{name}` is missing: a trigger of type `{kind}` needs it."
            yield Problem(text, document.key_place(at), f"Add `{name}: ...`.")
    for other, names in _OWN.items():
        for name in names:
            if other != kind and trigger.get(name) is not None:
                text = f"`{name}` belongs to a trigger of type `{other}`, not `{kind}`."
                yield Problem(text, document.key_place((*at, name)))
    if kind == "data" and (trigger.get("data") is None) == (trigger.get("path") is None):
        hint = "Give `data: azureml:NAME`, or `path: azureml://datastores/NAME/paths/PATH`."
        yield Problem("A data trigger watches one thing.", document.key_place(at), hint)


def _cron(document: Document, text: str, at: Steps) -> Iterator[Problem]:
    steps = (*at, "expression")
    parts = text.split()
    for fault in cron.parse(text)[1]:
        part = re.escape(parts[fault.field]) if fault.field is not None else ""
        yield Problem(fault.message, _part(document, steps, part), fault.hint)


def _part(document: Document, steps: Steps, pattern: str) -> Place:
    return (
        document.text_place(steps, rf"(?<![\w*/,-]){pattern}(?![\w*/,-])")
        if pattern
        else (document.value_place(steps))
    )


def _pattern(document: Document, pattern: dict[str, Json], at: Steps) -> Iterator[Problem]:
    for name, (lowest, highest) in _BOUNDS.items():
        if pattern.get(name) == []:
            place = document.value_place((*at, name))
            yield Problem(f"`{name}` is empty.", place)
        for steps, value in _items(pattern, name, at):
            if not lowest <= _whole(value, lowest) <= highest:
                hint = f"`{name}` go from {lowest} to {highest}."
                yield Problem(f"{value} is none of the {name}.", document.value_place(steps), hint)
    for steps, value in _items(pattern, "week_days", at):
        word = str(value).strip().lower()
        if word not in WEEK_DAYS:
            hint = advice(word, WEEK_DAYS)
            yield Problem(f"{shown(str(value))} is no day.", document.value_place(steps), hint)
    if pattern.get("week_days") == []:
        place = document.value_place((*at, "week_days"))
        yield Problem("`week_days` is empty.", place)


def _whole(value: Json, otherwise: int) -> float:
    """Give a number, also where it is written as a text; what is none is found elsewhere."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _items(pattern: dict[str, Json], name: str, at: Steps) -> Iterator[tuple[Steps, Json]]:
    value = pattern.get(name)
    steps: Steps = (*at, name)
    if isinstance(value, list):
        yield from (((*steps, place), one) for place, one in enumerate(value))
    elif value is not None:
        yield steps, value


def _times(document: Document, trigger: dict[str, Json], at: Steps) -> Iterator[Problem]:
    found: dict[str, datetime] = {}
    for name in ("start_time", "end_time"):
        text = trigger.get(name)
        if not isinstance(text, str):
            continue
        try:
            found[name] = time_of(text)
        except ValueError:
            hint = "Write it as `2026-03-01T10:00:00`."
            place = document.value_place((*at, name))
            yield Problem(f"{shown(text)} is no time.", place, hint)
    if len(found) == len(("start_time", "end_time")) and _ordered(found) is False:
        place = document.value_place((*at, "end_time"))
        yield Problem("`end_time` lies before `start_time`.", place)
    if isinstance(zone := trigger.get("time_zone"), str):
        try:
            time_zones.zone(zone)
        except Invalid as error:
            place = document.value_place((*at, "time_zone"))
            yield Problem(error.message, place, error.hint)


def time_of(text: str) -> datetime:
    """Give the time that a text names.

    Raises:
        ValueError: it names none, or one too far away.
    """
    found = datetime.fromisoformat(text.strip())
    if found.year not in YEARS:
        raise ValueError(text)
    return found


def _ordered(found: dict[str, datetime]) -> bool | None:
    start, end = found["start_time"], found["end_time"]
    if (start.tzinfo is None) != (end.tzinfo is None):
        return None
    return start <= end


def _watched(document: Document, trigger: dict[str, Json], at: Steps) -> Iterator[Problem]:
    text = trigger.get("path")
    if not isinstance(text, str):
        return
    try:
        found = reference.parse_remote(text)
    except Invalid as error:
        yield Problem(error.message, document.value_place((*at, "path")), error.hint)
        return
    if not isinstance(found, reference.DatastorePath):
        hint = "Write `azureml://datastores/NAME/paths/PATH`."
        place = document.value_place((*at, "path"))
        yield Problem(f"{shown(text)} cannot be watched.", place, hint)
