"""Cancel and delete jobs."""

from __future__ import annotations

import contextlib

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import Stage
from zaffre.ports.metadata import Remove
from zaffre.services import history
from zaffre.services.context import Context
from zaffre.services.jobs.backends import compute_of
from zaffre.services.jobs.facts import place_name, state_of
from zaffre.services.jobs.moving import move

_TRIES = 20


def cancel(ctx: Context, key: Key) -> Resource:
    """Ask a job to stop; one that waits ends at once. Asking again is harmless.

    Raises:
        Conflict: it has ended by itself.
        NotFound: there is none.
    """
    for _ in range(_TRIES):
        with contextlib.suppress(Stale):
            return _cancel_once(ctx, ctx.metadata.get(key))
    raise Conflict(f"Job `{key.name}` moves all the time.", hint="Ask again.")


def cancel_parent(ctx: Context, key: Key) -> Resource:
    """Ask a job that is made of others to stop; the loop stops its children. Again is harmless.

    Raises:
        Conflict: it has ended by itself.
        NotFound: there is none.
    """
    for _ in range(_TRIES):
        job = ctx.metadata.get(key)
        state = state_of(job)
        if state in (JobState.CANCELED, JobState.CANCEL_REQUESTED):
            return job
        if state in TERMINAL:
            raise Conflict(
                f"Job `{key.name}` is {state} and cannot be canceled.", code="job_ended"
            )
        with contextlib.suppress(Stale):
            return move(ctx, job, JobState.CANCEL_REQUESTED)
    raise Conflict(f"Job `{key.name}` moves all the time.", hint="Ask again.")


def _cancel_once(ctx: Context, job: Resource) -> Resource:
    state = state_of(job)
    if state in (JobState.CANCELED, JobState.CANCEL_REQUESTED, JobState.FINALIZING):
        return job
    if state in TERMINAL:
        raise Conflict(
            f"Job `{job.key.name}` is {state} and cannot be canceled.", code="job_ended"
        )
    if state in (JobState.NOT_STARTED, JobState.QUEUED):
        return move(ctx, job, JobState.CANCELED, ended_at=ctx.clock.now().timestamp())
    moved = move(ctx, job, JobState.CANCEL_REQUESTED)
    compute_of(ctx, job).cancel(place_name(job.key))
    return moved


def delete(ctx: Context, key: Key) -> None:
    """Delete an ended job with its run and its files; content that others use stays.

    Raises:
        Conflict: it has not ended.
        NotFound: there is none.
    """
    try:
        job = ctx.metadata.get(key)
    except NotFound:
        history.run_of(ctx, key.workspace, key.name)
        ctx.tracking.stage_run(key.workspace, key.name, Stage.DELETED)
        return
    if state_of(job) not in TERMINAL:
        raise Conflict(
            f"Job `{key.name}` has not ended.", hint="Cancel it first.", code="job_active"
        )
    with contextlib.suppress(NotFound, Invalid):
        ctx.tracking.stage_run(key.workspace, key.name, Stage.DELETED)
    ctx.files.remove(owner("run", key.workspace, key.name))
    compute_of(ctx, job).forget(place_name(key))
    ctx.metadata.apply([Remove(job.key)], ctx.actor)
