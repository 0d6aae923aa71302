"""Routes of metrics' histories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.api.mlflow import shown
from zaffre.api.mlflow.asked import Asked, asked
from zaffre.api.mlflow.asking import integer
from zaffre.api.mlflow.rights import check_run, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds.tracking import Metric, Point
from zaffre.kinds.tracking_rules import wrong

BASE = "/api/2.0/mlflow/metrics"
MOST_RUNS = 100
MOST_POINTS = 25_000
SAMPLE = 2500
LONGEST_PAGE = 1_000_000


async def history(request: Request) -> Response:
    """Give the points of a metric: all of them in one stream, or a page."""
    sent = await asked(request)
    run_id = sent.maybe("run_id") or sent.maybe("run_uuid") or sent.text("run_id")
    key = sent.text("metric_key")
    limit = integer(sent, "max_results")
    page = sent.maybe("page_token") or ""
    await check_run(request, run_id, writing=False)
    if limit is None and not page:
        return await _stream(request, run_id, key)
    if limit is not None and limit <= 0:
        raise wrong("max_results", limit, "It must be a positive integer.")
    content = await run_in_threadpool(
        _page, request, run_id, key, min(limit or LONGEST_PAGE, LONGEST_PAGE), page
    )
    return Response(content, media_type="application/json")


def _page(request: Request, run_id: str, key: str, limit: int, page: str) -> bytes:
    store = context(request).tracking
    found = store.history(workspace(request), run_id, key, limit=limit, page=page)
    content: dict[str, Any] = {"metrics": _points(key, found.points)}
    if found.next:
        content["next_page_token"] = found.next
    return msgspec.json.encode(content)


async def _stream(request: Request, run_id: str, key: str) -> Response:
    """Stream a history; the first piece is read before the answer begins, for its errors."""
    pieces = _pieces(
        context(request).tracking.stream_history(workspace(request), run_id, key), key
    )
    source = aiter(iterate_in_threadpool(pieces))
    first = await anext(source)
    return StreamingResponse(_chained(first, source), media_type="application/json")


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _pieces(pieces: Iterator[Sequence[Point]], key: str) -> Iterator[bytes]:
    """Give the JSON of a history, a piece at a time."""
    start = b'{"metrics":['
    for piece in pieces:
        # Without the brackets of each piece's own list the pieces are one list.
        yield start + msgspec.json.encode(_points(key, piece))[1:-1]
        start = b","
    yield b'{"metrics":[]}' if start != b"," else b"]}"


def _points(key: str, points: Sequence[Point]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"key": key, "value": value, "timestamp": time, "step": step}
        for time, step, value in points
    ]
    for one in found:
        value = one["value"]
        if type(value) is not float or value - value != 0.0:
            one["value"] = shown.number(float(value))
    return found


def _of_runs(found: list[tuple[str, Metric]]) -> shown.Json:
    return {"metrics": [{**shown.metric(metric), "run_id": run} for run, metric in found]}


async def bulk(request: Request) -> Response:
    """Give points of a metric of several runs."""
    sent = await asked(request)
    run_ids = sent.texts("run_id") or sent.texts("run_ids")
    if not run_ids:
        raise Invalid("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(run_ids) > MOST_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids."
            f" Received {len(run_ids)} run_ids."
        )
    key = sent.text("metric_key")
    limit = _limit(sent, MOST_POINTS, MOST_POINTS, strict=False)
    for run_id in run_ids:
        await check_run(request, run_id, writing=False)
    store = context(request).tracking
    found = await run_in_threadpool(store.histories, workspace(request), run_ids, key, limit)
    return shown.answer(_of_runs(found))


async def interval(request: Request) -> Response:
    """Give a sample of a metric of several runs, evenly over their steps."""
    sent = await asked(request)
    run_ids = sent.texts("run_ids")
    if not 0 < len(run_ids) <= MOST_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids, and"
            f" at least one. Received {len(run_ids)} run_ids."
        )
    key, steps = sent.text("metric_key"), _steps(sent)
    limit = _limit(sent, SAMPLE, SAMPLE, strict=True)
    for run_id in run_ids:
        await check_run(request, run_id, writing=False)
    store = context(request).tracking
    found = await run_in_threadpool(store.sample, workspace(request), run_ids, key, limit, steps)
    return shown.answer(_of_runs(found))


def _limit(sent: Asked, default: int, most: int, *, strict: bool) -> int:
    asked_for = integer(sent, "max_results")
    if asked_for is None:
        return default
    if asked_for < 1 or (strict and asked_for > most):
        raise Invalid(f"max_results must be between 1 and {most}.")
    return min(asked_for, most)


def _steps(sent: Asked) -> tuple[int, int] | None:
    start, end = integer(sent, "start_step"), integer(sent, "end_step")
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Invalid("If either start step or end step are specified, both must be specified.")
    if start > end or max(abs(start), abs(end)) >= 2**63:
        raise Invalid(
            "end_step must be greater than start_step. Found "
            f"start_step={start} and end_step={end}."
        )
    return start, end


_QUERY = ("run_ids", "metric_key", "max_results")
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{BASE}/get-history",
        history,
        Access.JOB,
        "Give the history of a metric.",
        query=("run_id", "metric_key", "max_results", "page_token"),
    ),
    Route("GET", f"{BASE}/get-history-bulk", bulk, Access.JOB, "Give histories.", query=_QUERY),
    Route(
        "GET",
        f"{BASE}/get-history-bulk-interval",
        interval,
        Access.JOB,
        "Give samples of histories.",
        query=(*_QUERY, "start_step", "end_step"),
    ),
)
