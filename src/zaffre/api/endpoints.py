"""What only online endpoints and deployments have: keys, logs, the way back."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import flag, number, resource_answer, revision_of, text_answer
from zaffre.api.keys import KEY_TYPE, KEYS, key_type_of
from zaffre.api.routing import Access, Route
from zaffre.kinds.resource import Key
from zaffre.ports.data_plane import Reply
from zaffre.services import deployments, endpoints, invoking, mirrored, rollbacks

ENDPOINT = "/api/v1/workspaces/{workspace}/online-endpoints/{name}"
DEPLOYMENT = "/api/v1/workspaces/{workspace}/online-endpoints/{parent}/online-deployments/{name}"
LINES = 50
MOST_LINES = 100_000
MOST_BODY = 16 * 2**20
HOP = {"content-type", "content-length", "connection", "date", "transfer-encoding", "server"}
"""Headers of an answer that are of one connection."""


def _endpoint(request: Request) -> Key:
    return Key("online_endpoint", request.scope["zaffre"].workspace, request.path_params["name"])


def _deployment(request: Request) -> Key:
    path = request.path_params
    workspace = request.scope["zaffre"].workspace
    return Key("online_deployment", workspace, path["name"], parent=path["parent"])


async def keys(request: Request) -> Response:
    """Give the keys of an endpoint."""
    return text_answer(
        await run_in_threadpool(endpoints.keys, request.scope["context"], _endpoint(request))
    )


async def regenerate(request: Request) -> Response:
    """Replace one key by a new one; the old one is refused from then on."""
    which = key_type_of(await request.body())
    ctx, key = request.scope["context"], _endpoint(request)
    made = await run_in_threadpool(endpoints.regenerate, ctx, key, which)
    return text_answer(made)


async def logs(request: Request) -> Response:
    """Give the last lines of a deployment's log, or the last pairs of mirrored answers."""
    ctx, key, asked = request.scope["context"], _deployment(request), request.query_params
    lines = number(asked, "lines", LINES, least=1, most=MOST_LINES)
    read = mirrored.pairs if flag(asked, "mirrored", default=False) else deployments.logs
    text = await run_in_threadpool(read, ctx, key, lines)
    return Response(text, media_type="text/plain; charset=utf-8")


async def roll_back(request: Request) -> Response:
    """Go back to what served before the last rollout."""
    ctx, key, revision = request.scope["context"], _deployment(request), revision_of(request)
    return resource_answer(await run_in_threadpool(rollbacks.deployment, ctx, key, revision))


async def share_as_before(request: Request) -> Response:
    """Share requests as before the last change of traffic."""
    ctx, key, revision = request.scope["context"], _endpoint(request), revision_of(request)
    return resource_answer(await run_in_threadpool(rollbacks.endpoint, ctx, key, revision))


async def invoke(request: Request) -> Response:
    """Send the body to an endpoint and give what it answers, whatever its status."""
    ctx, key = request.scope["context"], _endpoint(request)
    answer = await run_in_threadpool(
        invoking.invoke,
        ctx,
        key,
        await request.body(),
        deployment=request.headers.get(invoking.PICK, ""),
        content_type=request.headers.get("content-type", invoking.JSON),
    )
    return _passed_on(answer)


async def description(request: Request) -> Response:
    """Give the OpenAPI document of an endpoint."""
    ctx, key = request.scope["context"], _endpoint(request)
    deployment = request.query_params.get("deployment_name", "")
    return _passed_on(await run_in_threadpool(invoking.description, ctx, key, deployment))


def _passed_on(answer: Reply) -> Response:
    """Give an answer of the data plane; its status and headers stand beside our own."""
    kept = {
        f"x-endpoint-{name.removeprefix('x-')}": value
        for name, value in answer.headers.items()
        if name not in HOP
    }
    kept |= {"x-endpoint-status": str(answer.status), "x-seconds": f"{answer.seconds:.6f}"}
    media = answer.headers.get("content-type", "application/octet-stream")
    return Response(answer.body, headers=kept, media_type=media)


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
        body=KEY_TYPE,
        answer=KEYS,
    ),
    Route(
        "POST",
        f"{ENDPOINT}/invoke",
        invoke,
        Access.WRITE,
        "Send a request to an endpoint; its own status is in `x-endpoint-status`.",
        max_body=MOST_BODY,
    ),
    Route(
        "GET",
        f"{ENDPOINT}/swagger.json",
        description,
        Access.WRITE,
        "What an endpoint takes and answers, as it says itself.",
        query=("deployment_name",),
    ),
    Route(
        "GET",
        f"{DEPLOYMENT}/logs",
        logs,
        Access.READ,
        "A deployment's log, or its pairs of mirrored answers.",
        query=("lines", "mirrored"),
    ),
    Route(
        "POST",
        f"{DEPLOYMENT}/rollback",
        roll_back,
        Access.WRITE,
        "Go back to what served before.",
        answer="online_deployment",
    ),
    Route(
        "POST",
        f"{ENDPOINT}/rollback",
        share_as_before,
        Access.WRITE,
        "Share requests as before the last change of traffic.",
        answer="online_endpoint",
    ),
)
