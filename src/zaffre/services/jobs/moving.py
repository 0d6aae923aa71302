"""Move a job along the table of its states; every move is one guarded write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zaffre.kinds.job import JobError
from zaffre.kinds.job_state import JobState, check_move
from zaffre.kinds.resource import Resource
from zaffre.ports.metadata import Link, Put
from zaffre.services.context import Context
from zaffre.services.jobs import runs
from zaffre.services.jobs.facts import status_of


def move(
    ctx: Context, job: Resource, state: JobState, *, links: Sequence[Link] = (), **facts: Any
) -> Resource:
    """Give a job its next state and what is known with it; its run is told first.

    Raises:
        Conflict: the table has no such move.
        Stale: somebody moved it meanwhile.
    """
    check_move(job.key.name, status_of(job).status, state)
    status = status_of(job).model_copy(update={**facts, "status": state.value})
    if state is not JobState.FINALIZING:  # for a run, that is still running
        runs.mirror(ctx, job, state, status)
    return ctx.metadata.apply([Put(replace(job, status=status)), *links], ctx.actor)[0]


def fail(ctx: Context, job: Resource, code: str, message: str, **facts: Any) -> Resource:
    """End a job that cannot go on.

    Raises:
        Stale: somebody moved it meanwhile.
    """
    error = JobError(code=code, message=message)
    facts.setdefault("ended_at", ctx.clock.now().timestamp())
    return move(ctx, job, JobState.FAILED, error=error, **facts)


def note(ctx: Context, job: Resource, **facts: Any) -> Resource:
    """Write facts down without a move.

    Raises:
        Stale: somebody moved it meanwhile.
    """
    status = status_of(job).model_copy(update=facts)
    return ctx.metadata.apply([Put(replace(job, status=status))], ctx.actor)[0]
