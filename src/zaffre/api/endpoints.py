"""What only online endpoints and deployments have: keys and logs."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, number, text_answer
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds.resource import Key
from zaffre.services import deployments, endpoints

ENDPOINT = "/api/v1/workspaces/{workspace}/online-endpoints/{name}"
DEPLOYMENT = "/api/v1/workspaces/{workspace}/online-endpoints/{parent}/online-deployments/{name}"
LINES = 50
MOST_LINES = 100_000
KEYS = {
    "type": "object",
    "properties": {"primaryKey": {"type": "string"}, "secondaryKey": {"type": "string"}},
}


def _endpoint(request: Request) -> Key:
    return Key("online_endpoint", request.scope["zaffre"].workspace, request.path_params["name"])


async def keys(request: Request) -> Response:
    """Give the keys of an endpoint."""
    return text_answer(
        await run_in_threadpool(endpoints.keys, request.scope["context"], _endpoint(request))
    )


async def regenerate(request: Request) -> Response:
    """Replace one key by a new one; the old one is refused from then on."""
    body = body_of(await request.body())
    which = body.get("key_type", "primary") if isinstance(body, dict) else ""
    if which not in ("primary", "secondary"):
        raise Invalid("`key_type` is neither primary nor secondary.")
    ctx, key = request.scope["context"], _endpoint(request)
    made = await run_in_threadpool(endpoints.regenerate, ctx, key, which)
    return text_answer(made)


async def logs(request: Request) -> Response:
    """Give the last lines of a deployment's log."""
    path = request.path_params
    key = Key(
        "online_deployment", request.scope["zaffre"].workspace, path["name"], parent=path["parent"]
    )
    lines = number(request.query_params, "lines", LINES, least=1, most=MOST_LINES)
    text = await run_in_threadpool(deployments.logs, request.scope["context"], key, lines)
    return Response(text, media_type="text/plain; charset=utf-8")


ROUTES: tuple[Route, ...] = (
    Route(
        "GET", f"{ENDPOINT}/keys", keys, Access.WRITE, "Give the keys of an endpoint.", answer=KEYS
    ),
    Route(
        "POST",
        f"{ENDPOINT}/regenerate-keys",
        regenerate,
        Access.WRITE,
        "Replace a key of an endpoint.",
        body={"type": "object", "properties": {"key_type": {"enum": ["primary", "secondary"]}}},
        answer=KEYS,
    ),
    Route("GET", f"{DEPLOYMENT}/logs", logs, Access.READ, "A deployment's log.", query=("lines",)),
)
