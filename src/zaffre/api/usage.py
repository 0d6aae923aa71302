"""What jobs took and cost, added up."""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import text_answer
from zaffre.api.routing import Access, Route
from zaffre.kinds.listing import check_words
from zaffre.services import usage

QUERY = ("by", "since")


async def show(request: Request) -> Response:
    """Add up what the ended jobs of a workspace took."""
    asked = request.query_params
    check_words(asked, QUERY)
    ctx, workspace = request.scope["context"], request.scope["zaffre"].workspace
    by, since = asked.get("by", "experiment"), asked.get("since", "")
    rows = await run_in_threadpool(usage.sums, ctx, workspace, by, since)
    return text_answer({"by": by, "items": [asdict(one) for one in rows]})


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/workspaces/{workspace}/usage",
        show,
        Access.READ,
        "What ended jobs took and cost, by experiment, user, compute or tag.",
        query=QUERY,
        answer={"type": "object"},
    ),
)
