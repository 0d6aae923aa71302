"""A job whose node was lost begins anew: that was no fault of its own."""

from __future__ import annotations

from zaffre.errors import Unavailable
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Resource
from zaffre.ports.compute import Report
from zaffre.services import computes
from zaffre.services.context import Context
from zaffre.services.jobs.backends import compute_of
from zaffre.services.jobs.facts import place_name, spec_of, state_of, status_of
from zaffre.services.jobs.moving import move

ATTEMPTS = 3
"""How often a job is started at the most."""

_LOSSES = ("launcher_lost", "node_lost", "stopped")
_UNDER_WAY = (JobState.STARTING, JobState.RUNNING)


def may_begin_anew(ctx: Context, job: Resource, report: Report) -> bool:
    """Say whether a job lost its node on a cluster, and has an attempt left."""
    error = report.facts.get("error") or {}
    return (
        error.get("code") in _LOSSES
        and state_of(job) in _UNDER_WAY
        and max(status_of(job).attempt, 1) < ATTEMPTS
        and computes.backend(ctx, job.key.workspace, spec_of(job).compute) != computes.LOCAL
    )


def begin_anew(ctx: Context, job: Resource, report: Report) -> Resource | None:
    """Queue a job again once all that was left of its attempt has ended.

    Raises:
        Stale: somebody moved it meanwhile.
    """
    if report.phase != "ended":
        return None
    status, now = status_of(job), ctx.clock.now().timestamp()
    attempt = max(status.attempt, 1)
    told = f"attempt {attempt}: its node was lost; the job began anew."
    try:
        compute_of(ctx, job).again(place_name(job.key))
    except Unavailable:
        return None  # its launcher says farewell
    return move(
        ctx,
        job,
        JobState.QUEUED,
        attempt=attempt + 1,
        queued_at=now,
        started_at=None,
        warnings=(*status.warnings, told),
    )
