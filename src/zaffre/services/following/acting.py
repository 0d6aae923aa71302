"""What a stage needs done: each may be done again without harm."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Conflict
from zaffre.kinds.endpoint import OnlineDeploymentSpec
from zaffre.kinds.follow_settings import FollowSettings
from zaffre.kinds.following import Stage, shares
from zaffre.ports.metadata import Put
from zaffre.services import deployments, endpoints, gateway
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import endpoint_spec
from zaffre.services.following import judging
from zaffre.services.following.parts import CANDIDATE_OF, Follower, version_of
from zaffre.services.following.seeing import stored, stored_candidate
from zaffre.services.launches import launch_of, links_of
from zaffre.services.rollouts import UPDATING, moved


def act(ctx: Context, follower: Follower) -> None:
    """Do what the stage needs.

    Raises:
        ZaffreError: it cannot be done.
    """
    stage = follower.follow.stage
    if stage is Stage.PREPARING:
        _prepare(ctx, follower)
    elif stage is Stage.JUDGING:
        _judge(ctx, follower)
    elif stage is Stage.SHIFTING:
        share(ctx, follower, follower.percent)
    elif stage is Stage.PROMOTING:
        _promote(ctx, follower)
    else:
        judging.cancel(ctx, follower)
        clean(ctx, follower)


def clean(ctx: Context, follower: Follower) -> None:
    """Give the requests back to the deployment itself, and delete the candidate."""
    candidate = stored_candidate(ctx, follower)
    if candidate is None:
        return
    share(ctx, follower, 0)
    deployments.delete(ctx, candidate.key)


def share(ctx: Context, follower: Follower, percent: int, mirror: int = 0) -> None:
    """Give the candidate its percent of the deployment's requests, and of the copies."""
    found = ctx.metadata.get(follower.endpoint)
    before = endpoint_spec(found.spec)
    own, other = follower.key.name, follower.candidate.name
    traffic = shares(before.traffic, own, other, percent)
    copies = {name: part for name, part in before.mirror_traffic.items() if name != other}
    copies = {other: mirror} if mirror else copies
    if (traffic, copies) != (before.traffic, before.mirror_traffic):
        changed = {"traffic": traffic, "mirror_traffic": copies}
        spec = type(before).model_validate({**before.model_dump(exclude_unset=True), **changed})
        endpoints.update(ctx, found, spec, None)


def _prepare(ctx: Context, follower: Follower) -> None:
    """Deploy the version beside the one that serves."""
    candidate = stored_candidate(ctx, follower)
    if candidate is None and stored(ctx, follower.candidate) is not None:
        raise Conflict(f"There is another deployment `{follower.candidate.name}` already.")
    wanted = _candidate_spec(follower)
    if candidate is None:
        deployments.create(ctx, follower.candidate, wanted)
    elif candidate.spec != wanted:
        deployments.update(ctx, candidate, wanted, None)


def _candidate_spec(follower: Follower) -> OnlineDeploymentSpec:
    """Give the spec of the candidate: the deployment's, with one version, following nothing."""
    own = follower.pinned(follower.follow.version).model_dump(mode="json", exclude_unset=True)
    kept = {name: value for name, value in own.items() if name not in FollowSettings.model_fields}
    properties = {**(kept.get("properties") or {}), CANDIDATE_OF: follower.key.name}
    return OnlineDeploymentSpec.model_validate({**kept, "properties": properties})


def _judge(ctx: Context, follower: Follower) -> None:
    gate = follower.spec.gate
    if gate is not None and gate.mirror is not None:
        share(ctx, follower, 0, gate.mirror)
    elif follower.follow.gate_job:
        judging.submit(ctx, follower, follower.follow.gate_job)


def _promote(ctx: Context, follower: Follower) -> None:
    """Let the deployment itself serve the version: its revision takes over when it is ready."""
    version, status = follower.follow.version, follower.status
    launches = (status.coming, status.serving)
    if any(one and version_of(one.model_reference) == version for one in launches):
        return
    launch = launch_of(ctx, follower.key, follower.pinned(version))
    after = moved(status, UPDATING, error=None, coming=launch)
    links = links_of(launch, follower.key.workspace, follower.key.reference)
    ctx.metadata.apply([Put(replace(follower.stored, status=after)), *links], ctx.actor)
    gateway.publish(ctx)
