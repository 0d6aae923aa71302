"""What only batch endpoints have: invocations, and the jobs that they became."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, flag, number, resource_answer, text_answer
from zaffre.api.keys import KEY_TYPE, KEYS, key_type_of
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Route
from zaffre.kinds import wire
from zaffre.kinds.invocation import Invocation, read
from zaffre.kinds.listing import check_words
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services.batch import jobs as batch_jobs
from zaffre.services.batch import keys as batch_keys
from zaffre.services.context import Context

ENDPOINT = "/api/v1/workspaces/{workspace}/batch-endpoints/{name}"
DEPLOYMENT_HEADER = "azureml-model-deployment"
PAGE = 100
LONGEST_PAGE = 1000
QUERY = ("limit", "after", "archived", "state", "deployment_name")


def _key(request: Request) -> Key:
    return Key("batch_endpoint", request.scope["zaffre"].workspace, request.path_params["name"])


async def invoke(request: Request) -> Response:
    """Score data: give the job; a repeated idempotency key gives the one made before."""
    raw = await request.body()
    ctx = once_of(request, raw, "job")
    asked = read(body_of(raw) if raw else {})
    named = request.headers.get(DEPLOYMENT_HEADER)
    if named and not asked.deployment_name:
        asked = asked.model_copy(update={"deployment_name": named})
    return resource_answer(await run_in_threadpool(_invoke, ctx, _key(request), asked), 201)


def _invoke(ctx: Context, key: Key, asked: Invocation) -> Resource:
    known = ctx.metadata.recall(ctx.actor.once) if ctx.actor.once else None
    return ctx.metadata.get(known) if known is not None else batch_jobs.invoke(ctx, key, asked)


async def jobs(request: Request) -> Response:
    """List the jobs of an endpoint, newest first."""
    asked = request.query_params
    check_words(asked, QUERY)
    query = Browse(
        "job",
        where={"state": asked["state"]} if "state" in asked else {},
        archived=flag(asked, "archived", default=False),
        limit=number(asked, "limit", PAGE, least=1, most=LONGEST_PAGE),
        after=asked.get("after", ""),
    )
    ctx, deployment = request.scope["context"], asked.get("deployment_name", "")
    key = _key(request)
    await run_in_threadpool(ctx.metadata.get, key)
    page = await run_in_threadpool(
        batch_jobs.browse, ctx, key.workspace, key.name, query, deployment
    )
    return text_answer({"items": [wire.to_wire(item) for item in page.items], "next": page.next})


async def job(request: Request) -> Response:
    """Show a job of an endpoint."""
    ctx, name = request.scope["context"], request.path_params["job"]
    return resource_answer(await run_in_threadpool(batch_jobs.show, ctx, _key(request), name))


async def keys(request: Request) -> Response:
    """Give the keys of an endpoint."""
    ctx = request.scope["context"]
    return text_answer(await run_in_threadpool(batch_keys.keys, ctx, _key(request)))


async def regenerate(request: Request) -> Response:
    """Replace one key by a new one; the old one is refused from then on."""
    which = key_type_of(await request.body())
    ctx, key = request.scope["context"], _key(request)
    return text_answer(await run_in_threadpool(batch_keys.regenerate, ctx, key, which))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{ENDPOINT}/jobs",
        invoke,
        Access.ENDPOINT_WRITE,
        "Score data with a batch endpoint: give the job.",
        body="invocation",
        answer="job",
    ),
    Route(
        "POST",
        f"{ENDPOINT}/invoke",
        invoke,
        Access.ENDPOINT_WRITE,
        "The same, by another name.",
        body="invocation",
        answer="job",
    ),
    Route(
        "GET",
        f"{ENDPOINT}/jobs",
        jobs,
        Access.ENDPOINT,
        "List the jobs of a batch endpoint.",
        answer=["job"],
        query=QUERY,
    ),
    Route(
        "GET",
        f"{ENDPOINT}/jobs/{{job}}",
        job,
        Access.ENDPOINT,
        "Show a job of a batch endpoint.",
        answer="job",
    ),
    Route(
        "GET",
        f"{ENDPOINT}/keys",
        keys,
        Access.WRITE,
        "Give the keys of a batch endpoint.",
        answer=KEYS,
    ),
    Route(
        "POST",
        f"{ENDPOINT}/regenerate-keys",
        regenerate,
        Access.WRITE,
        "Replace a key of a batch endpoint.",
        body=KEY_TYPE,
        answer=KEYS,
    ),
)
