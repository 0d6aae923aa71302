"""Online endpoints: stable addresses with keys, and how they share calls among deployments."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace

from zaffre.errors import Conflict, Invalid
from zaffre.kinds.endpoint import (
    ONLINE_ENDPOINT,
    OnlineEndpointSpec,
    OnlineEndpointStatus,
    Shares,
)
from zaffre.kinds.near import listed
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse, Put, Remove
from zaffre.services import gateway, resources
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_status, endpoint_spec, endpoint_status

KEY_TYPES = ("primary", "secondary")
KEY_BYTES = 32
RESERVED = ("health", "metrics")
publish = gateway.publish


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store an endpoint with two new keys. It answers as soon as a deployment takes traffic.

    Raises:
        Conflict: its name is taken; names are one space for all workspaces, as they are addresses.
        Invalid: its traffic names deployments, which it cannot have yet.
    """
    spec = endpoint_spec(spec)
    _check_name(ctx, key)
    _check_shares(spec, {})
    status = _with_keys(ctx, key, OnlineEndpointStatus(), dict.fromkeys(KEY_TYPES, ""))
    status = _at_gateway(ctx, key, status.model_copy(update={"provisioning_state": "Succeeded"}))
    made = resources.create(ctx, ONLINE_ENDPOINT, key, spec, status=status)
    publish(ctx)
    return made


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change an endpoint; traffic that the new document does not mention stays as it is.

    Raises:
        Invalid: shares do not add up, or name a deployment that is not there.
        Conflict: a deployment without a running revision would get calls.
        Stale: somebody changed it meanwhile.
    """
    spec, before = endpoint_spec(spec), endpoint_spec(found.spec)
    kept = {
        name: getattr(before, name)
        for name in ("traffic", "mirror_traffic")
        if name not in spec.model_fields_set
    }
    spec = spec.model_copy(update=kept)
    _check_shares(spec, _deployments(ctx, found.key))
    remembering = replace(found, status=_remembering(endpoint_status(found), before, spec))
    made = resources.replace_spec(ctx, ONLINE_ENDPOINT, remembering, spec, revision=revision)
    publish(ctx)
    return made


def _remembering(
    status: OnlineEndpointStatus, before: OnlineEndpointSpec, after: OnlineEndpointSpec
) -> OnlineEndpointStatus:
    """Note how requests were shared, if that changes; without traffic there is nothing to note."""
    old, new = _shares_of(before), _shares_of(after)
    if old == new or not old.traffic:
        return status
    return status.model_copy(update={"previous_shares": old})


def _shares_of(spec: OnlineEndpointSpec) -> Shares:
    return Shares(
        traffic={name: share for name, share in spec.traffic.items() if share},
        mirror_traffic={name: share for name, share in spec.mirror_traffic.items() if share},
    )


def readdress(ctx: Context) -> None:
    """Give every endpoint the address of the gateway, which may have another port than before."""
    moved = [
        Put(replace(found, status=status))
        for found in gateway.every(ctx, "online_endpoint")
        if (status := _at_gateway(ctx, found.key, endpoint_status(found))) != found.status
    ]
    ctx.metadata.apply(moved, ctx.actor)
    publish(ctx)


def delete(ctx: Context, key: Key) -> None:
    """Delete an endpoint with all its deployments; calls in work are still answered.

    Raises:
        NotFound: there is none.
    """
    found = ctx.metadata.get(key)
    own = _browse_deployments(ctx, key)
    ctx.metadata.apply([*(Remove(one.key) for one in own), Remove(found.key)], ctx.actor)
    publish(ctx)
    shutil.rmtree(ctx.home.logs / "deployments" / key.workspace / key.name, ignore_errors=True)


def keys(ctx: Context, key: Key) -> dict[str, str]:
    """Give the keys of an endpoint.

    Raises:
        NotFound: there is no such endpoint.
    """
    status = endpoint_status(ctx.metadata.get(key))
    return {
        f"{which}Key": ctx.secrets.open(status.sealed_keys[which], _bound(key, which))
        for which in KEY_TYPES
    }


def regenerate(ctx: Context, key: Key, which: str) -> dict[str, str]:
    """Replace one key by a new one; the old one opens nothing from then on.

    Raises:
        Invalid: there is no such key.
        NotFound: there is no such endpoint.
    """
    if which not in KEY_TYPES:
        raise Invalid(f"`{which}` is no key type.", hint=f"Known: {listed(KEY_TYPES)}.")
    found = ctx.metadata.get(key)
    status = _with_keys(ctx, key, endpoint_status(found), {which: ""})
    ctx.metadata.apply([Put(replace(found, status=status))], ctx.actor)
    publish(ctx)
    return keys(ctx, key)


def _at_gateway(ctx: Context, key: Key, status: OnlineEndpointStatus) -> OnlineEndpointStatus:
    base = f"{ctx.addresses.gateway}/{key.name}"
    return status.model_copy(
        update={"scoring_uri": f"{base}/score", "openapi_uri": f"{base}/swagger.json"}
    )


def _with_keys(
    ctx: Context, key: Key, status: OnlineEndpointStatus, wanted: Mapping[str, str]
) -> OnlineEndpointStatus:
    """Give a status with new keys: sealed for those who may see them, digests for the gateway."""
    made = {which: secrets.token_urlsafe(KEY_BYTES) for which in wanted}
    sealed = {which: ctx.secrets.seal(text, _bound(key, which)) for which, text in made.items()}
    digests = {which: hashlib.sha256(text.encode()).hexdigest() for which, text in made.items()}
    return status.model_copy(
        update={
            "sealed_keys": {**status.sealed_keys, **sealed},
            "key_digests": {**status.key_digests, **digests},
        }
    )


def _bound(key: Key, which: str) -> str:
    return f"{key.reference}#{which}"


def _check_name(ctx: Context, key: Key) -> None:
    if key.name in RESERVED:
        raise Invalid(f"`{key.name}` is a word of the gateway.", hint="Choose another name.")
    taken = ctx.metadata.browse(
        Browse("online_endpoint", where={"name": key.name}, archived=None)
    ).items
    if any(found.key.workspace != key.workspace for found in taken):
        raise Conflict(
            f"The endpoint name `{key.name}` is taken.",
            hint="Names are one space for all workspaces, as they are part of the address.",
        )


def _check_shares(spec: OnlineEndpointSpec, deployments: Mapping[str, Resource]) -> None:
    _check_sum("traffic", spec.traffic, (0, 100))
    for field in ("traffic", "mirror_traffic"):
        for name, share in getattr(spec, field).items():
            if name not in deployments:
                known = listed(sorted(deployments)) if deployments else "none yet"
                raise Invalid(
                    f"`{field}` names `{name}`, which is no deployment of this endpoint.",
                    hint=f"Its deployments: {known}.",
                )
            status = deployment_status(deployments[name])
            if share and (status.serving is None or status.provisioning_state == "Creating"):
                raise Conflict(
                    f"Deployment `{name}` is {status.provisioning_state} and takes no traffic.",
                    hint="Wait until it is Succeeded, then give it its share.",
                    code="deployment_not_ready",
                )
    mirrored = [name for name, share in spec.mirror_traffic.items() if share]
    if len(mirrored) > 1:
        raise Invalid("`mirror_traffic` copies calls to one deployment at a time.")


def _check_sum(field: str, shares: Mapping[str, int], allowed: tuple[int, ...]) -> None:
    total = sum(shares.values())
    if total not in allowed:
        raise Invalid(
            f"The shares of `{field}` add up to {total}.",
            hint="The shares must add up to 0 or 100.",
            code="shares",
        )


def _deployments(ctx: Context, key: Key) -> dict[str, Resource]:
    return {found.key.name: found for found in _browse_deployments(ctx, key)}


def _browse_deployments(ctx: Context, key: Key) -> list[Resource]:
    query = Browse(
        "online_deployment", key.workspace, {"parent": key.name}, archived=None, limit=1000
    )
    return list(ctx.metadata.browse(query).items)
