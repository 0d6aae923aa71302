"""Back to what served before: a deployment's revision, an endpoint's traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict
from zaffre.kinds.endpoint import OnlineDeploymentSpec, OnlineDeploymentStatus, Shares
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.revision import Launch
from zaffre.ports.metadata import Put
from zaffre.services import endpoints, gateway, resources
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import (
    deployment_spec,
    deployment_status,
    endpoint_spec,
    endpoint_status,
)
from zaffre.services.following.parts import SUFFIX, Follower, version_of
from zaffre.services.following.seeing import stored
from zaffre.services.launches import ASKED, new_id, sized
from zaffre.services.rollouts import FAILED, UPDATING, moved


def deployment(ctx: Context, key: Key, revision: int | None) -> Resource:
    """Go back to what served before: end the rollout that goes on, or undo the last one.

    Raises:
        NotFound: there is no such deployment.
        Conflict: nothing served before.
        Stale: somebody changed it meanwhile.
    """
    found = ctx.metadata.get(key)
    resources.check_revision(found, revision)
    status = deployment_status(found)
    target = before(status)
    if target is None:
        raise Conflict(
            f"Nothing served before in deployment `{key.name}`.",
            hint="Change its document and update it: `zaffre online-deployment update`.",
            code="nothing_before",
        )
    spec = _as_before(deployment_spec(found.spec), target)
    after = moved(status, UPDATING, error=None, **_changed(key, status, sized(target, spec)))
    made = ctx.metadata.apply([Put(replace(found, spec=spec, status=after))], ctx.actor)[0]
    gateway.publish(ctx)
    return made


def before(status: OnlineDeploymentStatus) -> Launch | None:
    """Say which revision served before what is asked for now."""
    if status.provisioning_state == FAILED:
        return status.serving
    if status.coming is not None or status.fallback is not None:
        return status.fallback or status.serving
    return status.previous


def endpoint(ctx: Context, key: Key, revision: int | None) -> Resource:
    """Share an endpoint's requests as before the last change of its traffic.

    Where a new version came into a deployment step by step, the version of before serves again.

    Raises:
        NotFound: there is no such endpoint.
        Conflict: its traffic never changed, who had a share is not ready, or the version of
            before serves already.
        Invalid: who had a share is gone.
        Stale: somebody changed it meanwhile.
    """
    found = ctx.metadata.get(key)
    shares = endpoint_status(found).previous_shares
    if shares is None:
        raise Conflict(
            f"The traffic of endpoint `{key.name}` never changed.",
            hint='Say what it shall be: `zaffre online-endpoint update --traffic "blue=100"`.',
            code="nothing_before",
        )
    follower = _followed(ctx, found, shares)
    if follower is not None:
        resources.check_revision(found, revision)
        _take_back(ctx, follower)
        return ctx.metadata.get(key)
    spec = endpoint_spec(found.spec)
    back = {
        "traffic": {**dict.fromkeys(spec.traffic, 0), **shares.traffic},
        "mirror_traffic": dict(shares.mirror_traffic),
    }
    return endpoints.update(ctx, found, spec.model_copy(update=back), revision)


def _followed(ctx: Context, endpoint: Resource, shares: Shares) -> Follower | None:
    """Give the deployment whose candidate, gone since, had a share before the last change."""
    for name in shares.traffic:
        own = name.removesuffix(SUFFIX)
        known = stored(ctx, _deployment_of(endpoint, name))
        found = stored(ctx, _deployment_of(endpoint, own)) if own != name and not known else None
        if found is not None and deployment_status(found).following is not None:
            return Follower(found)
    return None


def _deployment_of(endpoint: Resource, name: str) -> Key:
    return Key("online_deployment", endpoint.key.workspace, name, parent=endpoint.key.name)


def _take_back(ctx: Context, follower: Follower) -> None:
    """Let the version serve again that served before the last one came."""
    serving, name = follower.status.serving, follower.key.name
    version = version_of(serving.model_reference) if serving else ""
    if version != follower.follow.version:
        raise Conflict(
            f"Deployment `{name}` took back version {follower.follow.version} already: "
            f"version {version} serves, with all its requests.",
            hint=f"Another version: `zaffre online-deployment rollback -n {name} "
            f"-e {follower.key.parent}`.",
            code="nothing_before",
        )
    deployment(ctx, follower.key, None)


def _as_before(spec: OnlineDeploymentSpec, target: Launch) -> OnlineDeploymentSpec:
    """Give the document of an earlier revision, with the numbers of now."""
    kept = spec.model_dump(mode="json", exclude=set(ASKED), exclude_unset=True)
    asked = {**kept, **target.asked}
    if "update_policy" in asked and "@" not in str(asked.get("model")):
        asked["update_policy"] = "manual"  # a version follows nothing; the rules refuse it
    return OnlineDeploymentSpec.model_validate(asked)


def _changed(key: Key, status: OnlineDeploymentStatus, target: Launch) -> dict[str, Any]:
    """Say what the gateway is to serve; a revision that still runs takes over at once."""
    running = {one.id for one in (status.serving, status.fallback) if one}
    if target.id in running:
        return {"coming": None, "serving": target, "fallback": None}
    return {"coming": target.model_copy(update={"id": new_id(key)})}
