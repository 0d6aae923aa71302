"""Make and change deployments that may follow a model."""

from __future__ import annotations

from dataclasses import replace

from zaffre.kinds.endpoint import OnlineDeploymentSpec, OnlineDeploymentStatus
from zaffre.kinds.follow_settings import FollowSettings
from zaffre.kinds.following import Move, Stage
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.services import deployments
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_spec
from zaffre.services.following.judging import check_gate
from zaffre.services.following.parts import MANUAL, Follower, newest, recorded, version_of

COMING = (Stage.PREPARING, Stage.JUDGING, Stage.SHIFTING)


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a deployment and begin to prepare it.

    Raises:
        NotFound: the endpoint, or what it names, is not there.
        Invalid: it cannot be served as it is written, or its gate cannot be run.
        Conflict: it exists already.
    """
    wanted = deployment_spec(spec)
    check_gate(wanted)
    if wanted.update_policy == MANUAL:
        return deployments.create(ctx, key, wanted)
    follower = Follower(Resource(key, wanted, OnlineDeploymentStatus()))
    launched = follower.pinned(newest(ctx, follower))
    return deployments.create(ctx, key, wanted, launched=launched)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change a deployment. One that follows a model keeps its version: only a gate brings another.

    Raises:
        Invalid: it cannot be served as it is written, or its gate cannot be run.
        NotFound: what it names is not there.
        Stale: somebody changed it meanwhile.
    """
    wanted, follower = deployment_spec(spec), Follower(found)
    check_gate(wanted)
    serving = follower.status.serving
    version = version_of(serving.model_reference) if serving else ""
    follows = wanted.update_policy != MANUAL and wanted.model == follower.spec.model
    pinned = f"azureml:{follower.model}:{version}" if follows and version else wanted.model
    launched = wanted.model_copy(update={"model": pinned})
    found = _begun_anew(ctx, follower, wanted)
    return deployments.update(ctx, found, wanted, revision, launched=launched)


def _begun_anew(ctx: Context, follower: Follower, wanted: OnlineDeploymentSpec) -> Resource:
    """Let a deployment come back that is on its way while how it follows is changed."""
    before, now = follower.follow, ctx.clock.now()
    settings = FollowSettings.model_fields
    same = all(getattr(wanted, name) == getattr(follower.spec, name) for name in settings)
    if same or before.stage not in COMING:
        return follower.stored
    move = Move(Stage.RETURNING, "How it follows was changed.", before.version)
    status = follower.with_following(recorded(before, move, now))
    return replace(follower.stored, status=status)
