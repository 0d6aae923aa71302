"""Jobs of any type: what is asked of one goes to the services of its type."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.services import jobs, pipelines, sweeps
from zaffre.services.context import Context, JobType
from zaffre.services.jobs import runs

OWN: Mapping[str, JobType] = {
    "command": JobType(jobs.submit, jobs.advance, jobs.cancel, jobs.unfinished),
    "pipeline": JobType(
        pipelines.submit, pipelines.advance, pipelines.cancel, pipelines.unfinished
    ),
    "sweep": JobType(sweeps.submit, sweeps.advance, sweeps.cancel, sweeps.unfinished),
}
"""The types that this release brings."""


def submit(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a job of any type, to be taken to its end by the server's loop.

    Raises:
        Invalid: the job is written wrong, or of a type that cannot be submitted.
        Conflict: the name is taken.
    """
    runs.check_tags(spec)
    return type_of(ctx, spec).submit(ctx, key, spec)


def cancel(ctx: Context, key: Key) -> Resource:
    """Ask a job of any type to stop.

    Raises:
        Conflict: it has ended by itself.
        NotFound: there is none.
    """
    return type_of(ctx, ctx.metadata.get(key).spec).cancel(ctx, key)


def advance(ctx: Context, key: Key) -> bool:
    """Take a job of any type one step."""
    try:
        spec = ctx.metadata.get(key).spec
    except NotFound:
        return False
    return type_of(ctx, spec).advance(ctx, key)


def unfinished(ctx: Context) -> list[Key]:
    """Name the jobs of all types that can be taken a step."""
    return [key for wanted in ctx.job_types.values() for key in wanted.unfinished(ctx)]


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
