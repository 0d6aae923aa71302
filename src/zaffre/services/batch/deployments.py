"""Batch deployments: what a batch endpoint runs over data."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Conflict
from zaffre.kinds.batch_deployment import BatchDeploymentStatus
from zaffre.kinds.batch_endpoint import BatchDefaults, BatchEndpointSpec
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Browse, Link, Put, Remove, Write
from zaffre.services import resources
from zaffre.services.batch.pinning import pinned
from zaffre.services.context import Context
from zaffre.services.typed import status_as

MOST = 1000
PINNED = (
    *("type", "model", "code_configuration", "environment"),
    *("component", "job_definition"),
)
"""Fields that say what is run; what they mean is looked up when one of them changes."""


def endpoint_of(ctx: Context, key: Key) -> Resource:
    """Give the endpoint of a deployment.

    Raises:
        NotFound: there is none.
    """
    return ctx.metadata.get(Key("batch_endpoint", key.workspace, key.parent))


def default_of(endpoint: Resource) -> str:
    """Give the name of an endpoint's default deployment, or ""."""
    spec = endpoint.spec
    return (spec.defaults.deployment_name or "") if isinstance(spec, BatchEndpointSpec) else ""


def of_endpoint(ctx: Context, endpoint: Key) -> list[Resource]:
    """Give the deployments of an endpoint."""
    where = {"parent": endpoint.name}
    query = Browse("batch_deployment", endpoint.workspace, where, archived=None, limit=MOST)
    return list(ctx.metadata.browse(query).items)


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a deployment; what it names is pinned to what that means now.

    Raises:
        NotFound: the endpoint, or what it names, is not there.
        Invalid: it cannot be run as it is written.
        Conflict: it exists already.
    """
    endpoint_of(ctx, key)
    status, links = pinned(ctx, key, spec)
    return ctx.metadata.apply([Add(Resource(key, spec, status)), *links], ctx.actor)[0]


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Change a deployment; jobs under way go on as they began.

    It is pinned anew only if what it runs changes: `@latest` does not move with a description.

    Raises:
        Invalid: it cannot be run as it is written.
        NotFound: what it names is not there.
        Stale: somebody changed it meanwhile.
    """
    resources.check_revision(found, revision)
    if spec == found.spec:
        return found
    if all(getattr(spec, name, None) == getattr(found.spec, name, None) for name in PINNED):
        return ctx.metadata.apply([Put(replace(found, spec=spec))], ctx.actor)[0]
    status, links = pinned(ctx, found.key, spec)
    target = found.key.reference
    linked = [Link(link.source, link.relation, target) for link in links]
    changed = replace(found, spec=spec, status=status)
    return ctx.metadata.apply([Put(changed), *linked], ctx.actor)[0]


def delete(ctx: Context, key: Key) -> None:
    """Delete a deployment; its jobs go on, and stay.

    Raises:
        NotFound: there is none.
        Conflict: it is the default, and there are others.
    """
    found = ctx.metadata.get(key)
    endpoint = endpoint_of(ctx, key)
    writes: list[Write] = [Remove(found.key)]
    if default_of(endpoint) == key.name:
        if len(of_endpoint(ctx, endpoint.key)) > 1:
            raise Conflict(
                f"Deployment `{key.name}` is the default of the endpoint.",
                hint="Make another one the default first: `zaffre batch-endpoint update -n"
                f" {key.parent} --set defaults.deployment_name=OTHER`.",
                code="is_default",
            )
        spec = endpoint.spec.model_copy(update={"defaults": BatchDefaults()})
        writes.append(Put(replace(endpoint, spec=spec)))
    ctx.metadata.apply(writes, ctx.actor)


def status_of(deployment: Resource) -> BatchDeploymentStatus:
    """Give the status of a deployment."""
    return status_as(BatchDeploymentStatus, deployment)
