"""Submit a job: check it, store it, make its run."""

from __future__ import annotations

from collections.abc import Sequence

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import names
from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.job_ports import JobInput
from zaffre.kinds.job_state import JobState
from zaffre.kinds.reference import Tree, parse_remote
from zaffre.kinds.remarks import remarks
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Link
from zaffre.services import environments, fields, trees, workspaces
from zaffre.services.computes import LOCAL, backend, name_of
from zaffre.services.context import Context
from zaffre.services.jobs import checking, naming, pools, runs


def submit(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a job that waits for its turn; a name of "" gets a new one.

    The references of its inputs are pinned to the versions that they mean now.

    Raises:
        Invalid: the job is written wrong, with a problem for each thing.
        Conflict: the name is taken.
    """
    if not isinstance(spec, CommandJobSpec):
        raise Invalid("Jobs of this type cannot run yet.", hint="Use a job of type `command`.")
    workspaces.require(ctx, key.workspace)
    checking.check(ctx, key.workspace, spec)
    name = names.job(key.name) if key.name else naming.fresh()
    key = Key("job", key.workspace, name)
    _refuse_taken(ctx, key)
    environment = _environment(ctx, key.workspace, spec)
    status = JobStatus(
        status=JobState.QUEUED,
        queued_at=ctx.clock.now().timestamp(),
        environment_id=environment.id,
        resolved_inputs=_pinned_inputs(ctx, key.workspace, spec),
        warnings=tuple(_warnings(ctx, key.workspace, spec)) + environment.recipe.known_warnings,
    )
    _hold(ctx, spec)
    job = ctx.metadata.apply([Add(Resource(key, spec, status)), *_links(key, spec)], ctx.actor)[0]
    runs.make(ctx, job)
    return job


def _hold(ctx: Context, spec: CommandJobSpec) -> None:
    """Keep what was uploaded for the job from being collected before it starts."""
    paths = [given.path for given in spec.inputs.values() if isinstance(given, JobInput)]
    for path in [*paths, *([spec.code] if spec.code else [])]:
        reference = parse_remote(path)
        if isinstance(reference, Tree):
            trees.hold(ctx, reference.digest)


def _environment(ctx: Context, workspace: str, spec: CommandJobSpec) -> environments.Pinned:
    try:
        with fields.at("environment"):
            return environments.pin(ctx, workspace, spec.environment)
    except NotFound as error:
        raise Invalid(error.message, hint=error.hint, problems=error.problems) from error


def _refuse_taken(ctx: Context, key: Key) -> None:
    try:
        ctx.tracking.get_info(key.workspace, key.name)
    except NotFound:
        return
    raise Conflict(
        f"There is a job or run `{key.name}` already.", hint="Choose another name, or give none."
    )


def _pinned_inputs(ctx: Context, workspace: str, spec: CommandJobSpec) -> dict[str, str]:
    return {
        name: checking.pinned(ctx, workspace, given.path)
        for name, given in spec.inputs.items()
        if isinstance(given, JobInput)
    }


def _links(key: Key, spec: CommandJobSpec) -> Sequence[Link]:
    if not spec.parent_job_name:
        return ()
    return (Link(f"job:{key.workspace}/{spec.parent_job_name}", "child", key.reference),)


def _warnings(ctx: Context, workspace: str, spec: CommandJobSpec) -> list[str]:
    found = [f"{field}: {text}" for field, text in remarks(spec)]
    name = name_of(spec.compute)
    here = backend(ctx, workspace, spec.compute) == LOCAL
    if here and name != LOCAL and pools.pool_of(ctx, workspace, spec) == LOCAL:
        found.append(
            f"compute: `{name}` stands for the local pool: the job runs on this machine. "
            "The server's extra `ray` gives clusters nodes of their own."
        )
    if spec.resources and spec.resources.instance_count > 1 and not spec.distribution:
        found.append("resources: without a `distribution` the command runs once.")
    return found
