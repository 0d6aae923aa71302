"""Online endpoints and deployments: keys, requests, logs, the way back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from zaffre.errors import Conflict, Failed, Invalid, Unavailable
from zaffre.kinds.document import Document
from zaffre.ml.checking import Checked
from zaffre.ml.collection import Collection
from zaffre.ml.entities import OnlineDeployment, OnlineEndpoint
from zaffre.ml.entity import Entity
from zaffre.ml.fields import Keys
from zaffre.ml.job_documents import job_document
from zaffre.ml.polling import Poller
from zaffre.ml.preparing import prepare

KEY_TYPES = ("primary", "secondary")
HINTS = {
    404: "`zaffre online-endpoint update --traffic NAME=100` sends requests to a deployment.",
    500: "`zaffre online-deployment get-logs` shows what the scoring script wrote.",
    502: "`zaffre online-deployment get-logs` shows what the scoring script wrote.",
}
INVOKE_TIMEOUT = 330.0
GATEWAY_PATIENCE = 40
FIRST_ERROR = 400
NOT_THERE_YET = 404


E = TypeVar("E", bound=Entity)


class Endpoints(Collection[E]):
    """Endpoints, each with keys of its own."""

    def get_keys(self, name: str) -> Keys:
        """Give the endpoint's keys."""
        return Keys(self._connection.get(f"{self._path(name, None, {})}/keys"))

    def begin_regenerate_keys(self, name: str, *, key_type: str = "primary", **_: Any) -> Any:
        """Replace a key by a new one; the old one stops working at once."""
        if key_type.lower() not in KEY_TYPES:
            raise Invalid(f"There is no {key_type} key.", hint="Say `primary` or `secondary`.")
        self.act("regenerate-keys", name, None, {"key_type": key_type.lower()})
        return self.until_ready(self.get(name))


class OnlineEndpoints(Endpoints[OnlineEndpoint]):
    """The online endpoints of the workspace."""

    def begin_rollback(self, name: str, **_: Any) -> Poller[OnlineEndpoint]:
        """Share requests as before the last change of traffic."""
        revision = self.get(name).revision
        return self.until_ready(self.entity(self.act("rollback", name, revision=revision)))

    def invoke(
        self,
        endpoint_name: str,
        *,
        request_file: Path | str | None = None,
        deployment_name: str | None = None,
        input_data: Any = None,
        **_: Any,
    ) -> str:
        """Send a request and give the answer's text.

        Raises:
            Failed: the endpoint answered with an error.
            Unavailable: the endpoint cannot be reached.
        """
        endpoint = self.get(endpoint_name)
        headers = {"Content-Type": "application/json"}
        if deployment_name:
            headers["azureml-model-deployment"] = deployment_name
        if endpoint.auth_mode == "key" or endpoint.auth_mode is None:
            headers["Authorization"] = f"Bearer {self.get_keys(endpoint_name).primary_key}"
        if not endpoint.scoring_uri:
            raise Conflict(
                f"`{endpoint_name}` has no address yet: it is {endpoint.provisioning_state}."
            )
        return self._ask(endpoint.scoring_uri, _body(request_file, input_data), headers)

    def _ask(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        remote = url.startswith("https:")
        with httpx2.Client(timeout=INVOKE_TIMEOUT, verify=remote, trust_env=remote) as client:
            try:
                answer = client.post(url, content=body, headers=headers)
            except httpx2.TransportError as error:
                raise Unavailable(
                    f"The gateway at {url} cannot be reached: {error}.",
                    hint="`zaffre status` says what runs.",
                ) from error
        if answer.status_code >= FIRST_ERROR:
            raise Failed(
                f"The endpoint answered {answer.status_code}: {answer.text.strip()}",
                hint=HINTS.get(answer.status_code),
            )
        return answer.text


D = TypeVar("D", bound=Entity)


class Deployments(Collection[D]):
    """Deployments, each known by its name and its endpoint."""

    def get(self, name: str, endpoint_name: str | None = None, **rest: Any) -> D:  # type: ignore[override]  # a deployment has no version; Azure's second argument is its endpoint
        """Give a deployment of an endpoint.

        Raises:
            NotFound: there is none.
        """
        return super().get(name, endpoint_name=endpoint_name, **rest)

    def list(self, endpoint_name: str | None = None, **filters: Any) -> Any:  # type: ignore[override]  # see get
        """Go through the deployments of an endpoint."""
        return super().list(endpoint_name=endpoint_name, **filters)

    def begin_delete(self, name: str, endpoint_name: str | None = None, **rest: Any) -> Any:  # type: ignore[override]  # see get
        """Ask for a deployment to be deleted and give a poller that ends when it is gone."""
        return super().begin_delete(name, endpoint_name=endpoint_name, **rest)


class OnlineDeployments(Deployments[OnlineDeployment]):
    """The deployments behind the online endpoints."""

    def checked(self, document: Document, here: Iterable[str] = ()) -> Checked:
        """Give a deployment as it will be sent, the job of its gate in it.

        Raises:
            Invalid: it, or its gate's job, is wrong.
        """
        found = super().checked(document, here)
        gate = found.data.get("gate")
        wanted = gate.get("job") if isinstance(gate, dict) else None
        job = job_document(wanted, document, ("gate", "job"))
        if job is None or not isinstance(gate, dict):
            return found
        ready = prepare(self._connection, "job", Checked(job.data, job))
        return replace(found, data={**found.data, "gate": {**gate, "job": ready}})

    def begin_rollback(
        self, name: str, endpoint_name: str | None = None, **_: Any
    ) -> Poller[OnlineDeployment]:
        """Go back to what served before: end the rollout that goes on, or undo the last one."""
        where = {"endpoint_name": endpoint_name}
        revision = self.get(name, endpoint_name).revision
        changed = self.act("rollback", name, revision=revision, **where)
        return self.until_ready(self.entity(changed))

    def get_logs(
        self,
        name: str,
        endpoint_name: str,
        lines: int = 50,
        *,
        mirrored: bool = False,
        **_: Any,
    ) -> str:
        """Give the last lines that the scoring script wrote, or the last mirrored answers."""
        path = f"{self._path(name, None, {'endpoint_name': endpoint_name})}/logs"
        asked = {"lines": lines, **({"mirrored": "true"} if mirrored else {})}
        answer = self._connection.call("GET", path, params=asked)
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            content = answer.json()
            return str(
                content.get("logs", content.get("text", content))
                if isinstance(content, dict)
                else content
            )
        return str(answer.text)


def _body(request_file: Path | str | None, input_data: Any) -> bytes:
    if request_file is not None and input_data is not None:
        raise Invalid("Give a request file or input data, not both.")
    if request_file is not None:
        try:
            return Path(request_file).read_bytes()
        except OSError as error:
            raise Invalid(f"The request file cannot be read: {error}.") from error
    if input_data is None:
        raise Invalid("There is nothing to send.", hint="Give `request_file`.")
    return input_data.encode() if isinstance(input_data, str) else json.dumps(input_data).encode()
