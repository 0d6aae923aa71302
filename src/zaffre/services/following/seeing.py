"""What is known of a deployment that follows a model, when something is to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds.follow_settings import Counts
from zaffre.kinds.following import Health, Seen, Stage, shares
from zaffre.kinds.job import JobStatus
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.services import gateway
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_status, endpoint_spec
from zaffre.services.following.parts import CANDIDATE_OF, Follower, newest, version_of
from zaffre.services.rollouts import CREATING, FAILED, UPDATING


def seen(ctx: Context, follower: Follower) -> Seen:
    """Look at everything that a decision needs."""
    status = follower.status
    serving = version_of(status.serving.model_reference) if status.serving else ""
    candidate = stored_candidate(ctx, follower)
    job = _job(ctx, follower) if follower.follow.gate_job else {}
    error = (candidate and deployment_status(candidate).error) or status.error
    return Seen(
        newest=_newest(ctx, follower, serving),
        serving=serving,
        candidate=health_of(candidate),
        own=health_of(follower.stored),
        why=error.message if error else "",
        traffic=counts(ctx, candidate).since(follower.follow.counted),
        refused=follower.follow.refused,
        meddled=_meddled(ctx, follower),
        **job,
    )


def health_of(deployment: Resource | None) -> Health:
    """Say how a deployment is."""
    if deployment is None:
        return Health.MISSING
    state = deployment_status(deployment).provisioning_state
    if state in (CREATING, UPDATING):
        return Health.BUSY
    return Health.FAILED if state == FAILED else Health.READY


def counts(ctx: Context, deployment: Resource | None) -> Counts:
    """Give what the gateway counted of a deployment's answers since it began."""
    status = deployment_status(deployment) if deployment else None
    if status is None or status.serving is None:
        return Counts()
    known: Mapping[str, Any] = gateway.observed(ctx).get(status.serving.id) or {}
    mirror = known.get("mirror") or {}
    return Counts(
        requests=int(known.get("requests") or 0),
        errors=int(known.get("failures") or 0),
        pairs=int(mirror.get("pairs") or 0),
        agreed=int(mirror.get("agreed") or 0),
    )


def stored_candidate(ctx: Context, follower: Follower) -> Resource | None:
    """Give the deployment that a new version is tried in, if there is one of ours."""
    found = stored(ctx, follower.candidate)
    ours = found is not None and found.spec.properties.get(CANDIDATE_OF) == follower.key.name
    return found if ours else None


def stored(ctx: Context, key: Key) -> Resource | None:
    """Give a resource, or None where there is none."""
    try:
        return ctx.metadata.get(key)
    except NotFound:
        return None


def _newest(ctx: Context, follower: Follower, serving: str) -> str:
    """Give the version to follow; if nobody can say, what serves is left alone."""
    try:
        return newest(ctx, follower)
    except NotFound:
        return serving


def _meddled(ctx: Context, follower: Follower) -> str:
    """Say whether somebody else shared the requests meanwhile."""
    follow = follower.follow
    if follow.stage is not Stage.SHIFTING or not follow.acted:
        return ""
    traffic = endpoint_spec(ctx.metadata.get(follower.endpoint).spec).traffic
    names = (follower.key.name, follower.candidate.name)
    wanted = shares(traffic, *names, follower.percent)
    return "" if wanted == traffic else "Somebody changed the traffic."


def _job(ctx: Context, follower: Follower) -> dict[str, Any]:
    """Give whether the gate's job has ended, and how."""
    name = follower.follow.gate_job or ""
    job = stored(ctx, Key("job", follower.key.workspace, name))
    status = job.status if job else None
    if not isinstance(status, JobStatus):
        return {"job_ended": job is None, "job_failed": f"The gate's job `{name}` is gone."}
    state = JobState(status.status)
    failed = state in TERMINAL and state is not JobState.COMPLETED
    text = f"The gate's job `{name}` is {state}." if failed else ""
    run = ctx.tracking.get_run(follower.key.workspace, name)
    metrics = {metric.key: metric.value for metric in run.metrics}
    return {"job_ended": state in TERMINAL, "job_failed": text, "metrics": metrics}
