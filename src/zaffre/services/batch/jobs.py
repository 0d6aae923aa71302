"""Invocations of batch endpoints: each becomes a job, made once and found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zaffre.errors import Invalid, NotFound, Place, Problem
from zaffre.kinds import registry
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec, PipelineBatchDeploymentSpec
from zaffre.kinds.invocation import Invocation, read
from zaffre.kinds.loading import check
from zaffre.kinds.near import advice, listed
from zaffre.kinds.resource import Json, Key, Resource
from zaffre.kinds.scoring_job import (
    DEPLOYMENT_TAG,
    ENDPOINT_TAG,
    pipeline_job,
    scoring_job,
)
from zaffre.kinds.table_job import is_of_tables
from zaffre.ports.metadata import Browse, Page
from zaffre.services import history, pipelines
from zaffre.services.batch import tables
from zaffre.services.batch.deployments import default_of, of_endpoint, status_of
from zaffre.services.context import Context

_OF_SCHEDULES = ("type", "endpoint_name")


def invoke(ctx: Context, endpoint: Key, asked: Invocation) -> Resource:
    """Give the job that an invocation becomes; everything is checked before anything runs.

    Raises:
        NotFound: there is no such endpoint or deployment.
        Invalid: something is wrong; all of it is listed.
        Conflict: the job's name is taken.
    """
    deployment = deployment_for(ctx, endpoint, asked.deployment_name)
    document = _document(ctx, endpoint, deployment, asked)
    spec = check(registry.kind("job"), document).spec
    return pipelines.submit(ctx, Key("job", endpoint.workspace, asked.name or ""), spec)


def _document(
    ctx: Context, endpoint: Key, deployment: Resource, asked: Invocation
) -> dict[str, Json]:
    if asked.resume:
        return tables.resumption(ctx, endpoint, asked.resume)
    return document_for(ctx, deployment, asked)


def scheduled(ctx: Context, workspace: str, document: Mapping[str, Json]) -> dict[str, Json]:
    """Give the document of the job that a schedule's invocation becomes now.

    Raises:
        NotFound: there is no such endpoint or deployment.
        Invalid: it is written wrong, or does not fit the deployment.
    """
    body = {name: value for name, value in document.items() if name not in _OF_SCHEDULES}
    endpoint = document.get("endpoint_name")
    if not isinstance(endpoint, str) or not endpoint:
        place = Place(field="create_job.endpoint_name")
        problem = Problem("`endpoint_name` is missing.", place, "Name the batch endpoint.")
        raise Invalid(problem.message, hint=problem.hint, problems=(problem,))
    asked = read(body)
    key = Key("batch_endpoint", workspace, endpoint)
    return document_for(ctx, deployment_for(ctx, key, asked.deployment_name), asked)


def document_for(ctx: Context, deployment: Resource, asked: Invocation) -> dict[str, Json]:
    """Give the document of the job that an invocation becomes.

    Raises:
        Invalid: it does not fit the deployment.
    """
    if is_of_tables(asked):
        return tables.document_for(ctx, deployment, asked)
    if asked.check_only:
        raise Invalid(
            "`check_only` is for tables: there are none here.",
            hint="Files and settings are checked by themselves before a job begins: leave it out.",
        )
    status = status_of(deployment)
    spec = deployment.spec
    if isinstance(spec, PipelineBatchDeploymentSpec) and status.pipeline is not None:
        return pipeline_job(deployment.key, status.pipeline, spec.settings, asked)
    if isinstance(spec, ModelBatchDeploymentSpec) and status.task is not None:
        return scoring_job(deployment.key, spec, status.task, asked)
    raise Invalid(f"Deployment `{deployment.key.name}` has nothing to run.")


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


def show(ctx: Context, endpoint: Key, name: str) -> Resource:
    """Give a job of an endpoint.

    Raises:
        NotFound: there is none, or it is not the endpoint's.
    """
    key = Key("job", endpoint.workspace, name)
    deployment = deployment_of(ctx, key)
    if deployment is None or deployment.parent != endpoint.name:
        raise NotFound(f"Endpoint `{endpoint.name}` has no job `{name}`.")
    return history.show(ctx, key)


def browse(
    ctx: Context, workspace: str, endpoint: str, query: Browse, deployment: str = ""
) -> Page:
    """List the jobs of an endpoint, or of one of its deployments, also of one that is gone."""
    tags = {ENDPOINT_TAG: endpoint, **({DEPLOYMENT_TAG: deployment} if deployment else {})}
    return history.browse(ctx, replace(query, workspace=workspace, tags=tags))


def deployment_of(ctx: Context, job: Key) -> Key | None:
    """Give the deployment whose invocation a job is, if it is one's."""
    try:
        tags = ctx.metadata.get(job).spec.tags
    except NotFound:
        return None
    if ENDPOINT_TAG not in tags or DEPLOYMENT_TAG not in tags:
        return None
    name, parent = tags[DEPLOYMENT_TAG], tags[ENDPOINT_TAG]
    return Key("batch_deployment", job.workspace, name, parent=parent)
