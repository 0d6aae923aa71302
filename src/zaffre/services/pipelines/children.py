"""The jobs that steps become: submitted once, reused where the same was done before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.job import JOB, JobStatus, StepStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.loading import check
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse
from zaffre.services.context import Context, JobType

_PAGE = 500


@dataclass(frozen=True)
class Wish:
    """A step that is to become a job."""

    step: str
    name: str
    document: dict[str, Any]
    attempt: int = 1
    iteration: int | None = None
    previous: str | None = None

    def step_status(self, **facts: Any) -> StepStatus:
        """Give how the step goes that has begun with this."""
        return StepStatus(
            attempt=self.attempt, iteration=self.iteration, previous=self.previous, **facts
        )


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
        spec = check(JOB, wish.document).spec
        child = _job_type(ctx, spec).submit(ctx, key, spec)
    except Conflict as error:
        known = jobs_named(ctx, workspace, [wish.name]).get(wish.name)
        if known is None or getattr(known.spec, "parent_job_name", None) != parent.key.name:
            return _failed(ctx, wish, error.message)
        child = known
    except (Invalid, NotFound) as error:
        return _failed(ctx, wish, error.message)
    return observed(wish.step_status(job=child.key.name), child)


def _job_type(ctx: Context, spec: Spec) -> JobType:
    kind = str(getattr(spec, "type", ""))
    if kind not in ctx.job_types:
        raise Invalid(f"Steps of type `{kind}` cannot run yet.")
    return ctx.job_types[kind]


def _failed(ctx: Context, wish: Wish, message: str) -> StepStatus:
    now = ctx.clock.now().timestamp()
    return wish.step_status(status=JobState.FAILED, error=message, started_at=now, ended_at=now)


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
            "processed": status.processed,
        }
    )
