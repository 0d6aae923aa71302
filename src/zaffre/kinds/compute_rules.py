"""What a compute's document gets wrong beyond the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator

from zaffre.errors import Problem
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.resource import Json
from zaffre.kinds.schedule_rules import trigger_problems

_DATA = "An instance is started and stopped by the clock: use `cron` or `recurrence`."


def compute_problems(document: Document) -> Iterator[Problem]:
    """Find what is wrong with the times at which an instance is started and stopped."""
    for place, one in enumerate(_start_stop(document.data)):
        steps: Steps = ("schedules", "compute_start_stop", place, "trigger")
        trigger = one.get("trigger") if isinstance(one, dict) else None
        if isinstance(trigger, dict) and str(trigger.get("type")).strip().lower() == "data":
            yield Problem("Data cannot start a machine.", document.value_place(steps), _DATA)
            continue
        yield from trigger_problems(document, trigger, steps)


def _start_stop(data: dict[str, Json]) -> list[Json]:
    schedules = data.get("schedules")
    found = schedules.get("compute_start_stop") if isinstance(schedules, dict) else None
    return found if isinstance(found, list) else []
