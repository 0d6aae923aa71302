"""The schedule: when jobs are created by themselves, and which."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status

Numbers = list[int] | int
Words = list[str] | str


INVOCATION = "batch_endpoint"


def is_invocation(job: object) -> bool:
    """Say whether what a schedule creates is an invocation of a batch endpoint."""
    return isinstance(job, dict) and str(job.get("type", "")).strip().lower() == INVOCATION


class RecurrencePattern(Part):
    """At which hours and minutes of which days; every hour is taken with every minute."""

    hours: Numbers = Field(title="Hours", description="Hours of the day, 0 to 23.")
    minutes: Numbers = Field(title="Minutes", description="Minutes of the hour, 0 to 59.")
    week_days: Words | None = Field(
        default=None, title="Week days", description="`monday` to `sunday`, for `frequency: week`."
    )
    month_days: Numbers | None = Field(
        default=None, title="Days", description="1 to 31, for `frequency: month`."
    )


class Trigger(Part):
    """What makes the schedule create a job: a time, or data that changes."""

    type: Annotated[Literal["cron", "recurrence", "data"], AnyCase] = Field(
        title="Type", description="`cron`, `recurrence` or `data`."
    )
    expression: str | None = Field(
        default=None, title="Expression", description="Cron expression of five fields."
    )
    frequency: Annotated[Literal["minute", "hour", "day", "week", "month"], AnyCase] | None = (
        Field(default=None, title="Frequency", description="Unit of a recurrence.")
    )
    interval: int | None = Field(
        default=None, ge=1, le=100_000, title="Interval", description="How many units lie between."
    )
    schedule: RecurrencePattern | None = Field(
        default=None, title="Pattern", description="Hours, minutes and days of a recurrence."
    )
    start_time: str | None = Field(
        default=None,
        title="Start",
        description="As `2026-03-01T10:00:00`; by default when it is made.",
    )
    end_time: str | None = Field(
        default=None, title="End", description="No job is created after it."
    )
    time_zone: str = Field(
        default="UTC", title="Time zone", description="`Europe/Berlin`, or Windows' name for it."
    )
    data: str | None = Field(
        default=None,
        title="Data",
        description="`azureml:NAME`: a job for each new version of this data.",
    )
    path: str | None = Field(
        default=None,
        title="Path",
        description="`azureml://datastores/NAME/paths/PATH`: a job when what lies there changes.",
    )


class ScheduleSpec(Spec):
    """Creates jobs by itself: at times of a clock, or when data changes."""

    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people."
    )
    trigger: Trigger = Field(title="Trigger", description="When a job is created.")
    create_job: dict[str, JsonValue] | str = Field(
        title="Job",
        description="Path of a job's document, `azureml:JOB` to repeat it, one written here, or "
        "`type: batch_endpoint` with `endpoint_name` and `inputs`.",
    )
    is_enabled: bool = Field(default=True, title="Enabled", description="Whether it creates jobs.")
    catch_up: Annotated[Literal["skip", "run_once", "run_all"], AnyCase] = Field(
        default="run_once",
        title="Catch up",
        description="What becomes of times that passed while the server was away.",
    )
    overlap: Annotated[Literal["allow", "skip"], AnyCase] = Field(
        default="allow",
        title="Overlap",
        description="Whether a job is created while an earlier one of the schedule still runs.",
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on."""
        trigger = self.trigger
        if trigger.schedule and trigger.frequency in ("minute", "hour"):
            text = f"A pattern means nothing with `frequency: {trigger.frequency}`."
            return (("trigger.schedule", text),)
        return ()


class ScheduledRun(Part):
    """A job that was created, or could not be."""

    due: str = Field(title="Due", description="Time it was due, in UTC.")
    job: str | None = Field(default=None, title="Job", description="Name of the job.")
    reason: str = Field(
        default="due", title="Reason", description="`due`, `catch_up`, `trigger` or `data`."
    )
    data: str | None = Field(
        default=None, title="Data", description="The new version, or the path that changed."
    )
    error: str | None = Field(default=None, title="Error", description="Why there is no job.")


class Missed(Part):
    """Due times for which no job was created."""

    first: str = Field(title="First", description="First of them, in UTC.")
    last: str = Field(title="Last", description="Last of them, in UTC.")
    count: int = Field(title="Count", description="How many.")
    reason: str = Field(title="Reason", description="`away`, `overlap` or `too_many`.")


class ScheduleStatus(Status):
    """How far the schedule is."""

    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether it can be used."
    )
    handled_until: str | None = Field(
        default=None, title="Handled until", description="Due times up to here are settled."
    )
    next_run_time: str | None = Field(
        default=None, title="Next", description="When the next job is due, in UTC."
    )
    next_run_times: tuple[str, ...] = Field(
        default=(), title="Next times", description="The next five, in the schedule's time zone."
    )
    pending: tuple[ScheduledRun, ...] = Field(
        default=(), title="Pending", description="Jobs that are being created."
    )
    active_jobs: tuple[str, ...] = Field(
        default=(), title="Active jobs", description="Its jobs that may still run."
    )
    runs: tuple[ScheduledRun, ...] = Field(
        default=(), title="Runs", description="The last jobs, newest first."
    )
    run_count: int = Field(default=0, title="Runs", description="Jobs created so far.")
    missed: tuple[Missed, ...] = Field(
        default=(), title="Missed", description="Due times without a job, newest first."
    )
    missed_count: int = Field(default=0, title="Misses", description="Due times without a job.")
    seen: str | None = Field(
        default=None, title="Seen", description="What a data trigger saw last."
    )


SCHEDULE = Kind(
    name="schedule",
    noun="schedule",
    plural="schedules",
    title="Schedule",
    spec=ScheduleSpec,
    status=ScheduleStatus,
    columns=("name", "is_enabled", "next_run_time", "run_count", "missed_count"),
    actions=(
        Action("enable", "Let it create jobs."),
        Action("disable", "Let it create none."),
        Action("trigger", "Create a job now."),
    ),
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json
name: nightly
trigger:
  type: cron
  expression: "30 4 * * *"
  time_zone: Europe/Berlin
create_job:
  type: command
  command: echo "It is night."
  environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
catch_up: run_once
overlap: skip
""",
)
