"""A job's run in tracking: made with the job, and always telling the same as it."""

from __future__ import annotations

import contextlib
from datetime import datetime

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Resource, Spec
from zaffre.kinds.tracking import (
    DEFAULT_EXPERIMENT,
    PARENT_RUN,
    SOURCE_NAME,
    USER,
    NewRun,
    Pair,
    RunInfo,
    RunStatus,
)
from zaffre.kinds.tracking_rules import VALUE, check_experiment_name, check_tag, check_text
from zaffre.services import fields
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of

_SOURCE_TYPE = "mlflow.source.type"
_LONGEST_SOURCE = 500
_GIT = "mlflow.source.git."

_STATUS = {
    JobState.RUNNING: RunStatus.RUNNING,
    JobState.FINALIZING: RunStatus.RUNNING,
    JobState.COMPLETED: RunStatus.FINISHED,
    JobState.FAILED: RunStatus.FAILED,
    JobState.CANCELED: RunStatus.KILLED,
}


def check(spec: Spec) -> None:
    """Check what the run of a job must be able to keep: its name, experiment and tags.

    Raises:
        Invalid: one of them cannot be kept.
    """
    name, experiment = (
        getattr(spec, field, None) for field in ("display_name", "experiment_name")
    )
    with fields.at("display_name"):
        check_text(name or "", "display_name", VALUE)
    with fields.at("experiment_name"):
        check_experiment_name(experiment or DEFAULT_EXPERIMENT)
    with fields.at("tags"):
        for key, value in spec.tags.items():
            check_tag(Pair(key, value))


def ensure(ctx: Context, job: Resource) -> RunInfo:
    """Give the run of a job, made if it is not there."""
    with contextlib.suppress(NotFound):
        return ctx.tracking.get_info(job.key.workspace, job.key.name)
    return make(ctx, job)


def make(ctx: Context, job: Resource) -> RunInfo:
    """Make the run of a job."""
    spec = spec_of(job)
    workspace, name = job.key.workspace, job.key.name
    experiment = ctx.tracking.ensure_experiment(
        workspace, spec.experiment_name or DEFAULT_EXPERIMENT
    )
    made = ctx.tracking.create_run(
        workspace,
        NewRun(
            experiment_id=experiment,
            name=spec.display_name or name,
            user=job.created_by,
            start_time=milliseconds(job.created_at or ctx.clock.now()),
            tags=tags(job, spec),
            id=name,
            status=RunStatus.SCHEDULED.value,
        ),
    )
    return made.info


def mirror(ctx: Context, job: Resource, state: JobState, status: JobStatus) -> None:
    """Give the run the status that the job is about to have; a deleted run stays as it is."""
    told = _STATUS.get(state)
    if told is None:
        return
    ended = round(status.ended_at * 1000) if status.ended_at else None
    started = round(status.started_at * 1000) if status.started_at else None
    with contextlib.suppress(NotFound, Invalid):
        ctx.tracking.update_run(
            job.key.workspace, job.key.name, status=told.value, start_time=started, end_time=ended
        )


def milliseconds(moment: datetime) -> int:
    """Give a moment as tracking counts it."""
    return round(moment.timestamp() * 1000)


def tags(job: Resource, spec: CommandJobSpec) -> list[Pair]:
    """Give what the run of a job is labeled with."""
    found = {
        USER: job.created_by,
        SOURCE_NAME: str(getattr(spec, "command", ""))[:_LONGEST_SOURCE],
        _SOURCE_TYPE: "JOB",
        **{key: value for key, value in spec.properties.items() if key.startswith(_GIT)},
        PARENT_RUN: spec.parent_job_name or "",
    }
    known = {key: value for key, value in found.items() if value}
    return [Pair(key, value) for key, value in (known | spec.tags).items()]
