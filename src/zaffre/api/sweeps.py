"""What only sweeps have: their trials."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import text_answer
from zaffre.api.routing import Access, Route
from zaffre.api.streams import job_key
from zaffre.services import sweeps


async def trials(request: Request) -> Response:
    """Give what a sweep has tried: axes and rows for parallel coordinates."""
    ctx, key = request.scope["context"], job_key(request)
    return text_answer(await run_in_threadpool(sweeps.trials, ctx, key))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/workspaces/{workspace}/jobs/{name}/trials",
        trials,
        Access.READ,
        "What a sweep has tried.",
        answer={"type": "object"},
    ),
)
