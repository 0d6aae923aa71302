"""Invocations of batch endpoints: each becomes a job, made once and found again."""

from __future__ import annotations

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import registry
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec
from zaffre.kinds.invocation import Invocation
from zaffre.kinds.loading import check
from zaffre.kinds.near import advice, listed
from zaffre.kinds.resource import Json, Key, Resource
from zaffre.kinds.scoring_job import (
    DEPLOYMENT_TAG,
    ENDPOINT_TAG,
    pipeline_job,
    scoring_job,
)
from zaffre.ports.metadata import Browse, Link, Page
from zaffre.services import pipelines
from zaffre.services.batch_deployments import default_of, of_endpoint, status_of
from zaffre.services.context import Context


def invoke(ctx: Context, endpoint: Key, asked: Invocation) -> Resource:
    """Give the job that an invocation becomes; everything is checked before anything runs.

    Raises:
        NotFound: there is no such endpoint or deployment.
        Invalid: something is wrong; all of it is listed.
        Conflict: the job's name is taken.
    """
    deployment = deployment_for(ctx, endpoint, asked.deployment_name)
    spec = check(registry.kind("job"), document_for(deployment, asked)).spec
    key = Key("job", endpoint.workspace, asked.name or "")
    links = [Link(deployment.key.reference, "scored")]
    return pipelines.submit(ctx, key, spec, links)


def document_for(deployment: Resource, asked: Invocation) -> dict[str, Json]:
    """Give the document of the job that an invocation becomes.

    Raises:
        Invalid: it does not fit the deployment.
    """
    status = status_of(deployment)
    if status.pipeline is not None:
        return pipeline_job(deployment.key, status.pipeline, asked)
    if status.task is None or not isinstance(deployment.spec, ModelBatchDeploymentSpec):
        raise Invalid(f"Deployment `{deployment.key.name}` is not ready.")
    return scoring_job(deployment.key, deployment.spec, status.task, asked)


def deployment_for(ctx: Context, key: Key, wanted: str | None) -> Resource:
    """Give the deployment that is asked for, else the default one, else the only one.

    Raises:
        NotFound: there is no such endpoint or deployment.
        Invalid: none is asked for, and it is not clear which is meant.
    """
    endpoint = ctx.metadata.get(key)
    known = {one.key.name: one for one in of_endpoint(ctx, endpoint.key)}
    name = wanted or default_of(endpoint) or (next(iter(known)) if len(known) == 1 else "")
    if not known:
        raise Invalid(
            f"Endpoint `{key.name}` has no deployment.",
            hint=f"Make one: `zaffre batch-deployment create -f FILE.yml -e {key.name}`.",
        )
    if not name:
        raise Invalid(
            f"Endpoint `{key.name}` has no default deployment.",
            hint=f"Name one ({listed(sorted(known))}), or create it with `--set-default`.",
        )
    if name not in known:
        raise NotFound(
            f"Endpoint `{key.name}` has no deployment `{name}`.", hint=advice(name, sorted(known))
        )
    return known[name]


def browse(ctx: Context, endpoint: Key, query: Browse, deployment: str = "") -> Page:
    """List the jobs of an endpoint, or of one of its deployments.

    Raises:
        NotFound: there is no such endpoint.
    """
    ctx.metadata.get(endpoint)
    tags = {ENDPOINT_TAG: endpoint.name, **({DEPLOYMENT_TAG: deployment} if deployment else {})}
    return ctx.metadata.browse(
        Browse(
            "job",
            endpoint.workspace,
            where=query.where,
            tags=tags,
            archived=query.archived,
            limit=query.limit,
            after=query.after,
        )
    )
