"""Batch endpoints: stable addresses whose invocations become jobs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from zaffre.errors import Invalid
from zaffre.kinds.batch_endpoint import BATCH_ENDPOINT, BatchEndpointSpec
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse, Page, Remove
from zaffre.services import resources
from zaffre.services.batch import keys
from zaffre.services.batch.deployments import of_endpoint
from zaffre.services.context import Context


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store an endpoint.

    Raises:
        Conflict: it exists already.
        Invalid: it names a default deployment, which it cannot have yet.
    """
    _check_default(ctx, key, spec)
    return _addressed(ctx, resources.create(ctx, BATCH_ENDPOINT, key, spec))


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change an endpoint; a default that the new document does not mention stays as it is.

    Raises:
        Invalid: the default is no deployment of it.
        Stale: somebody changed it meanwhile.
    """
    if "defaults" not in spec.model_fields_set and isinstance(found.spec, BatchEndpointSpec):
        spec = spec.model_copy(update={"defaults": found.spec.defaults})
    _check_default(ctx, found.key, spec)
    resources.check_revision(found, revision)
    if isinstance(spec, BatchEndpointSpec) and spec.auth_mode != "key":
        found = keys.without(ctx, found)
    made = resources.replace_spec(ctx, BATCH_ENDPOINT, found, spec, revision=revision)
    return _addressed(ctx, made)


def show(ctx: Context, key: Key) -> Resource:
    """Give an endpoint with its address.

    Raises:
        NotFound: there is none.
    """
    return _addressed(ctx, ctx.metadata.get(key))


def browse(ctx: Context, query: Browse) -> Page:
    """List endpoints with their addresses."""
    return resources.browse_shown(ctx, query, partial(_addressed, ctx))


def delete(ctx: Context, key: Key) -> None:
    """Delete an endpoint with its deployments; jobs under way go on, and all of them stay.

    Raises:
        NotFound: there is none.
    """
    found = ctx.metadata.get(key)
    own = of_endpoint(ctx, key)
    keys.revoke(ctx, key)
    ctx.metadata.apply([*(Remove(one.key) for one in own), Remove(found.key)], ctx.actor)


def _addressed(ctx: Context, found: Resource) -> Resource:
    """Say where an endpoint is invoked: the server may have another port than before."""
    key = found.key
    path = f"/api/v1/workspaces/{key.workspace}/{BATCH_ENDPOINT.plural}/{key.name}/jobs"
    known = {"scoring_uri": f"{ctx.addresses.server}{path}"}
    return replace(found, status=found.status.model_copy(update=known))


def _check_default(ctx: Context, key: Key, spec: Spec) -> None:
    wanted = spec.defaults.deployment_name if isinstance(spec, BatchEndpointSpec) else None
    if not wanted:
        return
    known = [one.key.name for one in of_endpoint(ctx, key)]
    if wanted not in known:
        raise Invalid(
            f"`defaults.deployment_name` is `{wanted}`, which is no deployment of this endpoint.",
            hint=advice(wanted, sorted(known)) if known else "It has none yet.",
        )
