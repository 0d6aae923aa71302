"""Batch invocations over tables: where their rows are, and what opens it for the running job."""

from __future__ import annotations

import json

from zaffre.errors import Conflict, Invalid
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec
from zaffre.kinds.datastore import LocalDatastoreSpec, SqlDatastoreSpec
from zaffre.kinds.invocation import Invocation
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.reference import DatastorePath, parse_remote
from zaffre.kinds.resource import Json, Key, Resource
from zaffre.kinds.table_job import VARIABLE, Reach, format_of, ports_of, resumed, table_job
from zaffre.kinds.wire import document_of
from zaffre.services import datastore_secrets, datastores
from zaffre.services.batch.deployments import status_of
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of


def document_for(ctx: Context, deployment: Resource, asked: Invocation) -> dict[str, Json]:
    """Give the document of the job that an invocation with tables becomes.

    Raises:
        Invalid: it does not fit the deployment, or a place does not hold tables.
        NotFound: a datastore is not there.
    """
    task = status_of(deployment).task
    if task is None or not isinstance(deployment.spec, ModelBatchDeploymentSpec):
        raise Invalid(
            f"Deployment `{deployment.key.name}` is a pipeline: tables are scored by models.",
            hint="Name a deployment of `type: model`.",
        )
    given, _, wanted = ports_of(asked)
    workspace = deployment.key.workspace
    source = _reach(ctx, workspace, given.path, given.format)
    sink = _target(ctx, workspace, wanted.path, wanted.format)
    return table_job(deployment.key, deployment.spec, task, asked, (source, sink))


def _reach(ctx: Context, workspace: str, path: str, said: str | None) -> Reach:
    kind = format_of(said, path)
    reference = parse_remote(path)
    if isinstance(reference, DatastorePath):
        store = datastores.get(ctx, workspace, reference.datastore)
        if isinstance(store.spec, SqlDatastoreSpec):
            return Reach("sql", datastore=reference.datastore)
        if not isinstance(store.spec, LocalDatastoreSpec):
            return Reach(kind, datastore=reference.datastore, path=reference.path)
    return Reach(kind, data={"type": "uri_folder", "path": path})


def _target(ctx: Context, workspace: str, path: str | None, said: str | None) -> Reach:
    if path is None:
        return Reach(said or "parquet", data={"type": "uri_folder"})
    reference = parse_remote(path)
    if not isinstance(reference, DatastorePath):
        raise Invalid(
            f"`{path}` is no place that predictions can be written to.",
            hint="Write `azureml://datastores/NAME`, with `/paths/PATH` for files.",
        )
    return _reach(ctx, workspace, path, said or format_of(said, path))


def resumption(ctx: Context, endpoint: Key, name: str) -> dict[str, Json]:
    """Give the document of the job that goes on where another one stopped.

    Raises:
        NotFound: there is no such job.
        Conflict: it is not over.
        Invalid: it cannot be resumed.
    """
    job = ctx.metadata.get(Key("job", endpoint.workspace, name))
    if state_of(job) not in TERMINAL:
        raise Conflict(
            f"Job `{name}` is {state_of(job)}.", hint=f"Cancel it: `zaffre job cancel -n {name}`."
        )
    return resumed(document_of(job), name)


def addresses(ctx: Context, key: Key) -> dict[str, Json]:
    """Give where the tables of a running job are, with what opens them.

    Only the job itself may ask; it is told of the datastores of its own order alone.

    Raises:
        NotFound: there is no such job.
        Conflict: it is over.
        Invalid: it is about no tables.
    """
    job = ctx.metadata.get(key)
    if state_of(job) in TERMINAL:
        raise Conflict(f"Job `{key.name}` is over.")
    spec = job.spec
    text = spec.environment_variables.get(VARIABLE) if isinstance(spec, CommandJobSpec) else None
    if text is None:
        raise Invalid(f"Job `{key.name}` is about no tables.")
    order = json.loads(text)
    found: dict[str, Json] = {}
    for port in ("input", "output"):
        asked = order[port]["address"]
        if "datastore" in asked:
            store = datastores.get(ctx, key.workspace, asked["datastore"])
            found[port] = datastore_secrets.address(ctx, store, asked.get("path", ""))
    return found
