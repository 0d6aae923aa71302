"""Batch endpoints and deployments: invocations, and the jobs that they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zaffre.kinds.document import Document
from zaffre.kinds.invocation import check
from zaffre.kinds.reference import LocalPath, parse
from zaffre.kinds.scoring_job import OUTPUT
from zaffre.ml.checking import Checked
from zaffre.ml.collection import pages
from zaffre.ml.connection import Connection
from zaffre.ml.endpoints import Deployments, Endpoints
from zaffre.ml.entities import BatchDeployment, BatchEndpoint, Job
from zaffre.ml.entities.ports import value_of
from zaffre.ml.fields import plain
from zaffre.ml.preparing import prepare


class BatchEndpoints(Endpoints[BatchEndpoint]):
    """The batch endpoints of the workspace."""

    def invoke(
        self,
        endpoint_name: str,
        *,
        deployment_name: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        input: Any = None,  # noqa: A002 (the name that Azure's SDK gave it)
        outputs: Mapping[str, Any] | None = None,
        params_override: Iterable[Mapping[str, Any]] | None = None,
        **more: Any,
    ) -> Job:
        """Score data and give the job that does it; files of this machine are sent first.

        `input` is the data where there is one input only. `params_override` and further arguments
        say settings over those of the deployment: `mini_batch_size=20`.

        Raises:
            Invalid: something is wrong; all of it is listed, and nothing runs.
            NotFound: there is no such endpoint or deployment.
        """
        said = {**more, "deployment_name": deployment_name, "input": _as_data(input)}
        for change in params_override or ():
            said |= change
        given = {name: plain(one) for name, one in said.items() if one is not None}
        values = {name: value_of(one) for name, one in (inputs or {}).items()}
        given |= {"inputs": plain(values), "outputs": plain(dict(outputs or {}))}
        return self.invoke_with(endpoint_name, Document(nested(given)))

    def invoke_with(self, endpoint_name: str, document: Document, here: Iterable[str] = ()) -> Job:
        """Score what a document says: `inputs`, `outputs`, and settings.

        Raises:
            Invalid: something is wrong; all of it is listed, and nothing runs.
            NotFound: there is no such endpoint or deployment.
        """
        check(document)
        ready = prepare(self._connection, "invocation", Checked(document.data, document), here)
        return Job.from_document(self.act("jobs", endpoint_name, None, ready))

    def list_jobs(
        self, endpoint_name: str, *, deployment_name: str | None = None, **filters: Any
    ) -> Iterator[Job]:
        """Go through the jobs of an endpoint's invocations, newest first."""
        return jobs_of(self._connection, endpoint_name, deployment_name, filters)


class BatchDeployments(Deployments[BatchDeployment]):
    """The deployments behind the batch endpoints."""

    def list_jobs(
        self, endpoint_name: str, *, name: str | None = None, **filters: Any
    ) -> Iterator[Job]:
        """Go through the jobs of an endpoint, or of one of its deployments, newest first."""
        return jobs_of(self._connection, endpoint_name, name, filters)


def jobs_of(
    connection: Connection, endpoint: str, deployment: str | None, filters: Mapping[str, Any]
) -> Iterator[Job]:
    """Go through the jobs of an endpoint's invocations, newest first."""
    query = {name: one for name, one in filters.items() if one is not None}
    if deployment:
        query["deployment_name"] = deployment
    path = connection.path("batch-endpoints", endpoint, "jobs")
    return (Job.from_document(one) for one in pages(connection, path, query))


def nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document in which names such as `retry_settings.timeout` are levels."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        *above, last = name.split(".")
        holder = found
        for word in above:
            holder = holder.setdefault(word, {})
        holder[last] = value
    if isinstance(found.get("compute"), dict):  # Azure's `compute.instance_count`
        found |= found.pop("compute")
    place = found.pop("output_dataset", None)  # and, of its first release, the output's place
    if isinstance(place, dict):
        store = str(place.get("datastore_id", "")).removeprefix("azureml:").rpartition("/")[2]
        path = f"azureml://datastores/{store}/paths/{str(place.get('path', '')).strip('/')}"
        found["outputs"] = {OUTPUT: {"path": path}, **found.get("outputs", {})}
    return found


def _as_data(given: Any) -> Any:
    """Give an input: a text is the path of a file or folder."""
    return data_at(given) if isinstance(given, str) else given


def data_at(path: str, kind: str | None = None) -> dict[str, Any]:
    """Give the input that a path means; without a type, by what is there."""
    reference = parse(path)
    is_file = isinstance(reference, LocalPath) and Path(reference.path).expanduser().is_file()
    return {"type": kind or ("uri_file" if is_file else "uri_folder"), "path": path}
