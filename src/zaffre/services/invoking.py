"""Call an endpoint for somebody who may see its keys but cannot reach the gateway: a browser."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.errors import Unavailable
from zaffre.kinds.resource import Key
from zaffre.ports.data_plane import Call, Reply
from zaffre.services import endpoints
from zaffre.services.context import Context

PICK = "azureml-model-deployment"
JSON = "application/json"


def invoke(
    ctx: Context, key: Key, body: bytes, *, deployment: str = "", content_type: str = JSON
) -> Reply:
    """Send a request to an endpoint, to one deployment of it if named; give what it answers.

    Raises:
        NotFound: there is no such endpoint.
        Unavailable: the gateway does not answer.
    """
    headers = {"Content-Type": content_type, **({PICK: deployment} if deployment else {})}
    return _ask(ctx, key, "score", "POST", body, headers)


def description(ctx: Context, key: Key, deployment: str = "") -> Reply:
    """Give the OpenAPI document of an endpoint, or of one deployment of it.

    Raises:
        NotFound: there is no such endpoint.
        Unavailable: the gateway does not answer.
    """
    return _ask(
        ctx, key, "swagger.json?version=3", "GET", b"", {PICK: deployment} if deployment else {}
    )


def _ask(
    ctx: Context, key: Key, path: str, method: str, body: bytes, headers: Mapping[str, str]
) -> Reply:
    secret = endpoints.keys(ctx, key)["primaryKey"]
    if ctx.data_plane is None:
        raise Unavailable("This server has no gateway.", hint="`zaffre status` says what runs.")
    return ctx.data_plane.ask(Call(key.name, path, secret, method, body, headers))
