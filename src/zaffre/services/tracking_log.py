"""Verbs of what runs log: metrics, params, tags, and the models they made."""

from __future__ import annotations

import json
from concurrent.futures import Future

from zaffre.errors import Invalid
from zaffre.kinds.tracking import MODEL_HISTORY, Batch, Metric, Pair
from zaffre.kinds.tracking_rules import (
    check_batch,
    check_metric,
    check_param,
    check_run_id,
    check_tag,
)
from zaffre.services.context import Context

_MODEL_FIELDS = frozenset({"artifact_path", "flavors", "utc_time_created", "run_id"})


def log_batch(ctx: Context, workspace: str, run_id: str, batch: Batch) -> Future[None]:
    """Keep a batch that a run logs, durably once the future is done.

    Raises:
        Invalid: something in it cannot be kept, or it is too much.
    """
    check_run_id(run_id)
    check_batch(batch)
    return ctx.tracking.record(workspace, run_id, batch)


def log_metric(ctx: Context, workspace: str, run_id: str, metric: Metric) -> Future[None]:
    """Keep a point of a metric, durably once the future is done.

    Raises:
        Invalid: it cannot be kept.
    """
    check_metric(metric)
    return ctx.tracking.record(workspace, run_id, Batch(metrics=(metric,)))


def log_param(ctx: Context, workspace: str, run_id: str, param: Pair) -> Future[None]:
    """Keep a param, durably once the future is done; its value never changes again.

    Raises:
        Invalid: it cannot be kept.
    """
    check_param(param)
    return ctx.tracking.record(workspace, run_id, Batch(params=(param,)))


def set_tag(ctx: Context, workspace: str, run_id: str, tag: Pair) -> Future[None]:
    """Set a tag of a run, durably once the future is done.

    Raises:
        Invalid: it cannot be kept.
    """
    check_tag(tag)
    return ctx.tracking.record(workspace, run_id, Batch(tags=(tag,)))


def record_model(ctx: Context, workspace: str, run_id: str, text: str) -> None:
    """Add what a client says of a model that it logged to the run's list of them.

    Raises:
        NotFound: there is no such run.
        Invalid: the text does not describe a model, or the list would be too long to keep.
    """
    try:
        model = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(f"Malformed model info. {text[:500]} is not a valid JSON.") from None
    missing = sorted(_MODEL_FIELDS - set(model if isinstance(model, dict) else ()))
    if missing:
        raise Invalid(f"Model json is missing mandatory fields: {missing}")

    def append(known: str | None) -> str:
        try:
            listed = json.dumps([*json.loads(known or "[]"), model])
        except (ValueError, TypeError, RecursionError):
            raise Invalid(f"The tag {MODEL_HISTORY} holds no list of models.") from None
        check_tag(Pair(MODEL_HISTORY, listed))
        return listed

    ctx.tracking.amend_tag(workspace, run_id, MODEL_HISTORY, append)
