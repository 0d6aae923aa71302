"""Jobs of any type: what is asked of one goes to the services of its type."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.child import RESUMES, STEP_PROPERTY
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.services import jobs, pipelines, sweeps
from zaffre.services.context import Context, JobType
from zaffre.services.jobs import runs
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.services.sweeps.trials import TRIAL_PROPERTY

OWN: Mapping[str, JobType] = {
    "command": JobType(jobs.submit, jobs.advance, jobs.cancel, jobs.unfinished),
    "pipeline": JobType(
        pipelines.submit, pipelines.advance, pipelines.cancel, pipelines.unfinished
    ),
    "sweep": JobType(sweeps.submit, sweeps.advance, sweeps.cancel, sweeps.unfinished),
}
"""The types that this release brings."""

_OF_ONE_RUN = (RESUMES, "best_child_run_id")


def submit(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a job of any type, to be taken to its end by the server's loop.

    Raises:
        Invalid: the job is written wrong, or of a type that cannot be submitted.
        Conflict: the name is taken.
    """
    runs.check(spec)
    return type_of(ctx, spec).submit(ctx, key, spec)


def cancel(ctx: Context, key: Key) -> Resource:
    """Ask a job of any type to stop.

    Raises:
        Conflict: it has ended by itself.
        NotFound: there is none.
    """
    return type_of(ctx, ctx.metadata.get(key).spec).cancel(ctx, key)


def resubmit(ctx: Context, key: Key, name: str = "") -> Resource:
    """Submit a job that has ended again; a pipeline that failed goes on at the failed step.

    Raises:
        Conflict: it has not ended, is a part of another job, or the new name is taken.
        NotFound: there is none.
        Invalid: something that it needs is no longer there.
    """
    job = ctx.metadata.get(key)
    _check_whole(job)
    properties = {
        name: value for name, value in job.spec.properties.items() if name not in _OF_ONE_RUN
    }
    if status_of(job).steps and state_of(job) is not JobState.COMPLETED:
        properties[RESUMES] = key.name
    again = job.spec.model_copy(update={"properties": properties})
    return submit(ctx, Key("job", key.workspace, name), again)


def _check_whole(job: Resource) -> None:
    name, properties = job.key.name, job.spec.properties
    if state_of(job) not in TERMINAL:
        hint = f"Wait for it, or stop it: `zaffre job cancel -n {name}`."
        raise Conflict(f"Job `{name}` is {state_of(job)}: it has not ended.", hint=hint)
    if STEP_PROPERTY in properties or TRIAL_PROPERTY in properties:
        above = getattr(job.spec, "parent_job_name", None)
        hint = f"Resubmit that: `zaffre job resubmit -n {above}`."
        raise Conflict(f"Job `{name}` is a part of job `{above}`.", hint=hint)


def advance(ctx: Context, key: Key) -> bool:
    """Take a job of any type one step."""
    try:
        spec = ctx.metadata.get(key).spec
    except NotFound:
        return False
    return type_of(ctx, spec).advance(ctx, key)


def unfinished(ctx: Context) -> list[tuple[JobType, Key]]:
    """Name the jobs of all types that can be taken a step."""
    return [(one, key) for one in ctx.job_types.values() for key in one.unfinished(ctx)]


def type_of(ctx: Context, spec: Spec) -> JobType:
    """Give the services of a job's type.

    Raises:
        Invalid: jobs of this type are not run here.
    """
    name = str(getattr(spec, "type", ""))
    if name not in ctx.job_types:
        raise Invalid(
            f"Jobs of type `{name}` cannot be submitted.", hint=advice(name, list(ctx.job_types))
        )
    return ctx.job_types[name]
