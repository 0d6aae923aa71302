"""Schedules and their triggers."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import schedule
from zaffre.ml.entities.jobs import Job
from zaffre.ml.entity import Entity, Part, placed_document


class RecurrencePattern(Part, model=schedule.RecurrencePattern):
    """At which hours, minutes and days something recurs."""


class CronTrigger(Part, model=schedule.Trigger):
    """A cron expression."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("cron", fields))


class RecurrenceTrigger(Part, model=schedule.Trigger):
    """Something that recurs."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("recurrence", fields))


class DataTrigger(Part, model=schedule.Trigger):
    """Data that changes."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**_trigger("data", fields))


def _trigger(kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Give the fields of a trigger; times may be given as such."""
    for name in ("start_time", "end_time"):
        if hasattr(fields.get(name), "isoformat"):
            fields[name] = fields[name].isoformat()
    return {**fields, "type": kind}


class Schedule(Entity, kind="schedule"):
    """Creates jobs by itself: by the clock, or when data changes."""

    def __init__(self, **fields: Any) -> None:
        job = fields.get("create_job")
        if isinstance(job, Job) and "revision" not in job.to_dict():
            fields["create_job"] = placed_document("job", job)
        super().__init__(**fields)


class JobSchedule(Schedule):
    """The same, by Azure's name."""
