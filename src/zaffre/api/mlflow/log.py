"""Routes by which runs log metrics, params and tags. They are called the most."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.mlflow import hot
from zaffre.api.mlflow.rights import check_run, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.services import tracking_log

BASE = "/api/2.0/mlflow/runs"


def done() -> Response:
    """Give the answer that says nothing but that it was done."""
    return Response(b"{}", media_type="application/json")


async def _kept(future: Future[None]) -> Response:
    """Answer once what was sent is durable.

    `asyncio.wrap_future` does the same, but takes a noticeable part of a whole call.
    """
    loop = asyncio.get_running_loop()
    woken = loop.create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    future.add_done_callback(lambda _: loop.call_soon_threadsafe(wake))
    await woken
    future.result()
    return done()


async def log_metric(request: Request) -> Response:
    """Keep a point of a metric."""
    sent = await hot.read(request, hot.LogMetricIn)
    run = hot.run_of(sent)
    metric = hot.metric_of(sent)
    await check_run(request, run)
    return await _kept(tracking_log.log_metric(context(request), workspace(request), run, metric))


async def log_param(request: Request) -> Response:
    """Keep a param."""
    sent = await hot.read(request, hot.LogPairIn)
    run = hot.run_of(sent)
    param = hot.pair_of(sent)
    await check_run(request, run)
    return await _kept(tracking_log.log_param(context(request), workspace(request), run, param))


async def set_tag(request: Request) -> Response:
    """Set a tag of a run."""
    sent = await hot.read(request, hot.LogPairIn)
    run = hot.run_of(sent)
    tag = hot.pair_of(sent)
    await check_run(request, run)
    return await _kept(tracking_log.set_tag(context(request), workspace(request), run, tag))


async def log_batch(request: Request) -> Response:
    """Keep metrics, params and tags: all of them or none."""
    size = len(await request.body())
    if size > hot.LARGEST_BATCH:
        raise Invalid(
            f"Batched logging API requests must be at most {hot.LARGEST_BATCH} bytes, got a"
            f" request of size {size}."
        )
    sent = await hot.read(request, hot.BatchIn)
    run = hot.run_of(sent)
    batch = hot.batch_of(sent)
    await check_run(request, run)
    return await _kept(tracking_log.log_batch(context(request), workspace(request), run, batch))


ROUTES: tuple[Route, ...] = (
    Route("POST", f"{BASE}/log-metric", log_metric, Access.JOB_WRITE, "Keep a point of a metric."),
    Route("POST", f"{BASE}/log-parameter", log_param, Access.JOB_WRITE, "Keep a param."),
    Route("POST", f"{BASE}/set-tag", set_tag, Access.JOB_WRITE, "Set a tag of a run."),
    Route("POST", f"{BASE}/log-batch", log_batch, Access.JOB_WRITE, "Keep a batch of all three."),
)
