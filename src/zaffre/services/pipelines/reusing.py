"""Steps that were done before: ended jobs with the results of others, linked and not copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job import JOB, JobStatus, StepStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import DEFAULT_EXPERIMENT, NewRun, RunStatus
from zaffre.ports.metadata import Add, Link, Write
from zaffre.services.context import Context
from zaffre.services.jobs import runs
from zaffre.services.jobs.facts import status_of
from zaffre.services.jobs.registering import register_outputs
from zaffre.services.pipelines.children import Wish, jobs_named, observed

_AT_ONCE = 250
"""Jobs in one write: others write between two."""


@dataclass(frozen=True)
class Reuse:
    """A step, the job that did the same `before`, and the job that the step becomes."""

    wish: Wish
    before: Resource
    job: Resource


def reused(ctx: Context, parent: Resource, wish: Wish, before: Resource) -> Reuse:
    """Give what becomes of a step that was done before; nothing is written."""
    old = status_of(before)
    best = {"best_child_run_id": old.best_child} if old.best_child else {}
    properties = {**(wish.document.get("properties") or {}), **best}
    document = {**wish.document, "properties": properties}
    spec = JOB.spec_for(document).model_validate(document)
    now = ctx.clock.now().timestamp()
    outputs = wish.document.get("outputs") or {}
    status = JobStatus(
        status=JobState.COMPLETED,
        queued_at=now,
        started_at=now,
        ended_at=now,
        reused_from=old.reused_from or before.key.name,
        results={
            name: result.model_copy(update={"asset": None})
            for name, result in old.results.items()
            if name in outputs
        },
        exit_code=old.exit_code,
        seed=old.seed,
        trials=old.trials,
        best_child=old.best_child,
        processed=old.processed,
        environment_id=old.environment_id,
        environment_hash=old.environment_hash,
    )
    key = Key("job", parent.key.workspace, wish.name)
    return Reuse(wish, before, Resource(key, spec, status, created_by=parent.created_by))


def foreseen(one: Reuse, made: Mapping[str, Resource]) -> StepStatus | None:
    """Give how a step will be, before it is kept; None where its job is `made` and runs itself.

    What an earlier try made may have other results: these are the ones that count.
    """
    job = made.get(one.job.key.name, one.job)
    return observed(one.wish.step_status(), job) if status_of(job).reused_from else None


def keep(ctx: Context, parent: Resource, found: Sequence[Reuse]) -> dict[str, StepStatus]:
    """Write the jobs down; some may be there from an earlier try."""
    steps: dict[str, StepStatus] = {}
    for start in range(0, len(found), _AT_ONCE):
        steps |= _keep(ctx, parent, found[start : start + _AT_ONCE])
    return steps


def _keep(ctx: Context, parent: Resource, found: Sequence[Reuse]) -> dict[str, StepStatus]:
    workspace = parent.key.workspace
    known = jobs_named(ctx, workspace, [one.job.key.name for one in found])
    fresh = [one for one in found if one.job.key.name not in known]
    # What a reader of a completed job may open must be there before the job is.
    ctx.files.link({_files(one.job): _files(one.before) for one in fresh})
    writes = [write for one in fresh for write in _writes(parent, one.job)]
    if writes:
        ctx.metadata.apply(writes, ctx.actor)
    ctx.tracking.create_runs(workspace, list(_runs(ctx, [one.job for one in found])))
    steps = {}
    for one in found:
        child = known.get(one.job.key.name, one.job)
        if any((wanted or {}).get("name") for wanted in one.wish.document["outputs"].values()):
            register_outputs(ctx, child)
        steps[one.wish.step] = observed(one.wish.step_status(), child)
    return steps


def _files(job: Resource) -> str:
    return owner("run", job.key.workspace, job.key.name)


def _writes(parent: Resource, child: Resource) -> Iterator[Write]:
    status = status_of(child)
    first = f"job:{child.key.workspace}/{status.reused_from}"
    yield Add(child)
    yield Link(parent.key.reference, "child", child.key.reference)
    yield Link(first, "reused", child.key.reference)
    for name, result in status.results.items():
        yield Link(child.key.reference, f"output:{name}", f"tree:{result.tree}")


def _runs(ctx: Context, children: Sequence[Resource]) -> Iterator[NewRun]:
    experiments: dict[str, str] = {}
    now = ctx.clock.now()
    for child in children:
        spec: Any = child.spec
        wanted = spec.experiment_name or DEFAULT_EXPERIMENT
        if wanted not in experiments:
            found = ctx.tracking.ensure_experiment(child.key.workspace, wanted)
            experiments[wanted] = found
        yield NewRun(
            experiment_id=experiments[wanted],
            name=spec.display_name or child.key.name,
            user=child.created_by,
            start_time=runs.milliseconds(now),
            tags=runs.tags(replace(child, created_at=now), spec),
            id=child.key.name,
            status=RunStatus.FINISHED.value,
        )
