"""A workspace at a glance, in one answer: what runs, what failed lately, what serves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import text_answer
from zaffre.api.routing import Access, Route
from zaffre.api.verbs import verbs_of
from zaffre.kinds import wire
from zaffre.kinds.job_state import UNFINISHED
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Resource
from zaffre.ports.metadata import Browse
from zaffre.services.context import Context

FEW = 8
LATELY = timedelta(days=1)
LISTED = ("compute", "schedule", "online_endpoint", "batch_endpoint")
LOOKED_FOR = ("data", "model", "environment", "component")
"""Kinds of which only the newest is told: that there is one."""
GOING_ON = tuple(state.value for state in UNFINISHED)


async def overview(request: Request) -> Response:
    """Give what a person wants to see first."""
    ctx, workspace = request.scope["context"], request.scope["zaffre"].workspace
    return text_answer(await run_in_threadpool(_overview, ctx, workspace))


def _overview(ctx: Context, workspace: str) -> dict[str, Any]:
    jobs = {
        "running": _jobs(ctx, workspace, GOING_ON),
        "failed": [one for one in _jobs(ctx, workspace, ("Failed",)) if _is_recent(ctx, one)],
        "recent": _some(ctx, workspace, "job"),
    }
    others = {name: _some(ctx, workspace, name) for name in (*LISTED, *LOOKED_FOR)}
    return {
        name: [wire.to_wire(one) for one in found] for name, found in {**jobs, **others}.items()
    }


def _jobs(ctx: Context, workspace: str, states: tuple[str, ...]) -> list[Resource]:
    """Give the newest jobs in some states; those are found by an index, runs would be read all."""
    query = Browse("job", workspace, where={"state": states}, limit=FEW)
    return list(ctx.metadata.browse(query).items)


def _is_recent(ctx: Context, job: Resource) -> bool:
    ended = getattr(job.status, "ended_at", None)
    return ended is None or ended > (ctx.clock.now() - LATELY).timestamp()


def _some(ctx: Context, workspace: str, name: str) -> list[Resource]:
    query = Browse(name, workspace, limit=FEW if name not in LOOKED_FOR else 1)
    return list(verbs_of(kind(name)).browse(ctx, query).items)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/workspaces/{workspace}/overview",
        overview,
        Access.READ,
        "A workspace at a glance.",
        answer={"type": "object"},
    ),
)
