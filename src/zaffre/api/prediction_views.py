"""What only prediction views have: the prediction of an entity, all of them, and new batches."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, number, resource_answer, text_answer
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds.resource import Key, Resource
from zaffre.services import predictions
from zaffre.services.context import Context

BASE = "/api/v1/workspaces/{workspace}/prediction-views/{name}"
PAGE = 100
LONGEST_PAGE = 10_000
ANSWER = {
    "type": "object",
    "properties": {
        "key": {"type": "string"},
        "prediction": {},
        "event_time": {"type": "string"},
        "path": {"enum": ["hot", "cold"]},
        "made_at": {"type": "string"},
        "model": {"type": ["string", "null"]},
        "request_id": {"type": ["string", "null"]},
        "job": {"type": ["string", "null"]},
    },
}


def _key(request: Request) -> Key:
    return Key("prediction_view", request.scope["zaffre"].workspace, request.path_params["name"])


async def look(request: Request) -> Response:
    """Give the prediction of an entity that counts."""
    ctx, key, at = request.scope["context"], _key(request), request.query_params.get("at")
    entity = request.path_params["key"]
    return text_answer(await run_in_threadpool(predictions.look, ctx, key, entity, at))


async def page(request: Request) -> Response:
    """Give what counts of every entity, a page at a time."""
    asked, ctx = request.query_params, request.scope["context"]
    limit = number(asked, "limit", PAGE, least=1, most=LONGEST_PAGE)
    after, at = asked.get("after", ""), asked.get("at")
    return text_answer(
        await run_in_threadpool(predictions.page, ctx, _key(request), after, limit, at)
    )


async def load(request: Request) -> Response:
    """Let the output of a job become a view's history."""
    body = body_of(await request.body())
    job = body.get("job") if isinstance(body, dict) else None
    output = body.get("output") if isinstance(body, dict) else None
    if not isinstance(job, str) or not isinstance(output, (str, type(None))):
        raise Invalid("The body names no job.", hint='Write `{"job": "NAME", "output": "score"}`.')
    ctx, key = request.scope["context"], _key(request)
    return resource_answer(await run_in_threadpool(predictions.load, ctx, key, job, output))


async def refresh(request: Request) -> Response:
    """Start a batch whose output becomes the history; a repeated key gives the job of before."""
    ctx = once_of(request, await request.body(), "job")
    return resource_answer(await run_in_threadpool(_refresh, ctx, _key(request)), 201)


def _refresh(ctx: Context, key: Key) -> Resource:
    known = ctx.metadata.recall(ctx.actor.once) if ctx.actor.once else None
    return ctx.metadata.get(known) if known is not None else predictions.refresh(ctx, key)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{BASE}/keys/{{key:path}}",
        look,
        Access.READ,
        "The prediction of an entity that counts, now or as of an event time.",
        answer=ANSWER,
        query=("at",),
    ),
    Route(
        "GET",
        f"{BASE}/predictions",
        page,
        Access.READ,
        "What counts of every entity, in the order of the keys.",
        answer={"type": "object", "properties": {"items": {"type": "array", "items": ANSWER}}},
        query=("after", "at", "limit"),
    ),
    Route(
        "POST",
        f"{BASE}/load",
        load,
        Access.WRITE,
        "Let the output of a job become a view's history.",
        body={
            "type": "object",
            "required": ["job"],
            "properties": {"job": {"type": "string"}, "output": {"type": "string"}},
        },
        answer="prediction_view",
    ),
    Route(
        "POST",
        f"{BASE}/refresh",
        refresh,
        Access.WRITE,
        "Start a batch over history whose output takes the place of the last.",
        answer="job",
    ),
)
