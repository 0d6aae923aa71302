"""The jobs that steps become: submitted once, reused where the same was done before."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job import JOB, JobStatus, OutputResult, StepStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.kinds.tracking import DEFAULT_EXPERIMENT, NewRun, RunStatus
from zaffre.ports.metadata import Add, Browse, Link
from zaffre.services import run_files
from zaffre.services.context import Context, JobType
from zaffre.services.jobs import runs
from zaffre.services.jobs.facts import status_of
from zaffre.services.jobs.registering import register_outputs

_PAGE = 500
_WRITERS = 24


@dataclass(frozen=True)
class Wish:
    """A step that is to become a job."""

    step: str
    name: str
    document: dict[str, Any]
    attempt: int = 1


def jobs_named(ctx: Context, workspace: str, names: Sequence[str]) -> dict[str, Resource]:
    """Give the jobs of these names that there are."""
    found: dict[str, Resource] = {}
    for start in range(0, len(names), _PAGE):
        some = tuple(names[start : start + _PAGE])
        query = Browse("job", workspace, where={"name": some}, archived=None, limit=len(some))
        found |= {job.key.name: job for job in ctx.metadata.browse(query).items}
    return found


def submit(ctx: Context, parent: Resource, wish: Wish) -> StepStatus:
    """Make a step a job; one made by an earlier try is taken over."""
    workspace = parent.key.workspace
    key = Key("job", workspace, wish.name)
    try:
        spec = JOB.spec_for(wish.document).model_validate(wish.document)
        child = _job_type(ctx, spec).submit(ctx, key, spec)
    except Conflict as error:
        known = jobs_named(ctx, workspace, [wish.name]).get(wish.name)
        if known is None or getattr(known.spec, "parent_job_name", None) != parent.key.name:
            return _failed(ctx, wish, error.message)
        child = known
    except (Invalid, NotFound) as error:
        return _failed(ctx, wish, error.message)
    except ValueError as error:  # what pydantic raises
        return _failed(ctx, wish, str(error))
    return observed(StepStatus(job=child.key.name, attempt=wish.attempt), child)


def _job_type(ctx: Context, spec: Spec) -> JobType:
    kind = str(getattr(spec, "type", ""))
    if kind not in ctx.job_types:
        raise Invalid(f"Steps of type `{kind}` cannot run yet.")
    return ctx.job_types[kind]


def _failed(ctx: Context, wish: Wish, message: str) -> StepStatus:
    now = ctx.clock.now().timestamp()
    return StepStatus(
        status=JobState.FAILED,
        attempt=wish.attempt,
        error=message,
        started_at=now,
        ended_at=now,
    )


def observed(step: StepStatus, child: Resource) -> StepStatus:
    """Give how a step goes, by its job."""
    status = child.status
    if not isinstance(status, JobStatus):
        return step
    return step.model_copy(
        update={
            "job": child.key.name,
            "status": status.status,
            "started_at": status.started_at,
            "ended_at": status.ended_at,
            "error": status.error.message if status.error else None,
            "results": dict(status.results),
            "reused": status.reused_from,
            "waits_for": None,
        }
    )


def reuse(
    ctx: Context, parent: Resource, found: Sequence[tuple[Wish, Resource]]
) -> dict[str, StepStatus]:
    """Make steps jobs that have ended: with the results of earlier ones, linked and not copied."""
    if not found:
        return {}
    now = ctx.clock.now().timestamp()
    made = [_reused(parent, wish, before, now) for wish, before in found]
    known = jobs_named(ctx, parent.key.workspace, [one.key.name for one in made])
    fresh = [one for one in made if one.key.name not in known]
    with ThreadPoolExecutor(_WRITERS) as writers:
        # What a reader of a completed job may open must be there before the job is.
        list(writers.map(lambda pair: _link_files(ctx, *pair), zip(made, found, strict=True)))
        writes: list[Add | Link] = []
        for one in fresh:
            writes += [Add(one), *_links(parent, one)]
        if writes:
            ctx.metadata.apply(writes, ctx.actor)
        list(writers.map(lambda job: _make_run(ctx, job), made))
    steps = {}
    for (wish, _), job in zip(found, made, strict=True):
        child = known.get(job.key.name, job)
        if any((one or {}).get("name") for one in wish.document.get("outputs", {}).values()):
            register_outputs(ctx, child)
        steps[wish.step] = observed(StepStatus(attempt=wish.attempt), child)
    return steps


def _reused(parent: Resource, wish: Wish, before: Resource, now: float) -> Resource:
    spec = JOB.spec_for(wish.document).model_validate(wish.document)
    old = status_of(before)
    outputs = wish.document.get("outputs") or {}
    results: dict[str, OutputResult] = {
        name: result.model_copy(update={"asset": None})
        for name, result in old.results.items()
        if name in outputs
    }
    status = JobStatus(
        status=JobState.COMPLETED,
        queued_at=now,
        started_at=now,
        ended_at=now,
        reused_from=old.reused_from or before.key.name,
        results=results,
        exit_code=old.exit_code,
        environment_id=old.environment_id,
        environment_hash=old.environment_hash,
    )
    key = Key("job", parent.key.workspace, wish.name)
    return Resource(key, spec, status, created_by=parent.created_by)


def _links(parent: Resource, child: Resource) -> list[Link]:
    status = status_of(child)
    found = [Link(parent.key.reference, "child", child.key.reference)]
    first = f"job:{child.key.workspace}/{status.reused_from}"
    found.append(Link(first, "reused", child.key.reference))
    found += [
        Link(child.key.reference, f"output:{name}", f"tree:{result.tree}")
        for name, result in status.results.items()
    ]
    return found


def _link_files(ctx: Context, child: Resource, pair: tuple[Wish, Resource]) -> None:
    before = pair[1]
    files = list(run_files.below(ctx, owner("run", before.key.workspace, before.key.name)))
    if files:
        ctx.files.put(owner("run", child.key.workspace, child.key.name), files)


def _make_run(ctx: Context, child: Resource) -> None:
    spec: Any = child.spec
    workspace = child.key.workspace
    stored = replace(child, created_at=ctx.clock.now())
    experiment = ctx.tracking.ensure_experiment(
        workspace, spec.experiment_name or DEFAULT_EXPERIMENT
    )
    ctx.tracking.create_run(
        workspace,
        NewRun(
            experiment_id=experiment,
            name=spec.display_name or child.key.name,
            user=child.created_by,
            start_time=runs.milliseconds(ctx.clock.now()),
            tags=runs._tags(stored, spec),  # noqa: SLF001 (its run, made ended)
            id=child.key.name,
            status=RunStatus.FINISHED.value,
        ),
    )
