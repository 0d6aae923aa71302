"""Finding jobs by what they logged: `metrics.loss < 0.1 and params.alpha = '0.5'`."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, flag, number, text_answer
from zaffre.api.mlflow import shown
from zaffre.api.resources import LONGEST_PAGE, PAGE
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds import wire
from zaffre.kinds.listing import FACTS, NARROWING, TAG, check_words
from zaffre.kinds.resource import Resource
from zaffre.kinds.search import parse_filter, parse_order
from zaffre.kinds.search_tracking import RUNS
from zaffre.kinds.tracking import RunFacts
from zaffre.ports.metadata import Browse
from zaffre.services import job_search

WORDS = ("filter", "order_by", "limit", "after", *NARROWING)
BODY = {
    "type": "object",
    "properties": {word: {"type": "string"} for word in WORDS},
}


async def search(request: Request) -> Response:
    """Find jobs and runs, each with its latest metrics, its params and its number of children."""
    asked = _words(body_of(await request.body() or b"{}"))
    query = _browse(request.scope["zaffre"].workspace, asked)
    clauses = parse_filter(asked.get("filter", ""), RUNS)
    order = [parse_order(asked["order_by"], RUNS)] if asked.get("order_by") else []
    ctx = request.scope["context"]
    found = await run_in_threadpool(job_search.find, ctx, query, clauses, order)
    items = [_told(job, facts) for job, facts in found.items]
    return text_answer({"items": items, "next": found.next})


def _words(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        raise Invalid("The body is no JSON object.")
    check_words(body, WORDS)
    wrong = next((word for word, value in body.items() if not isinstance(value, str)), "")
    if wrong:
        raise Invalid(f"`{wrong}` is no text.")
    return body


def _browse(workspace: str, asked: dict[str, str]) -> Browse:
    return Browse(
        "job",
        workspace,
        where={fact: asked[fact] for fact in FACTS if fact in asked},
        tags={name.removeprefix(TAG): asked[name] for name in asked if name.startswith(TAG)},
        name_contains=asked.get("name_contains", ""),
        archived=flag(asked, "archived", default=False),
        limit=number(asked, "limit", PAGE, least=1, most=LONGEST_PAGE),
        after=asked.get("after", ""),
    )


def _told(job: Resource, facts: RunFacts) -> dict[str, Any]:
    return {
        **wire.to_wire(job),
        "metrics": {key: shown.number(value) for key, value in facts.metrics.items()},
        "params": dict(facts.params),
        "children": facts.children,
    }


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/workspaces/{workspace}/jobs/search",
        search,
        Access.READ,
        "Find jobs by what they logged, in the filter language of MLflow.",
        body=BODY,
        answer={"type": "object"},
        reads=True,
    ),
)
