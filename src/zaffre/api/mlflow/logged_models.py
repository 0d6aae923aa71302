"""The routes of MLflow 3's logged models."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import text_answer
from zaffre.api.mlflow.artifacts import listed
from zaffre.api.mlflow.asked import Asked, asked
from zaffre.api.mlflow.registry_forms import pairs
from zaffre.api.routing import Access, Caller, Route
from zaffre.errors import Invalid
from zaffre.kinds.artifact_path import place_of, place_of_uri
from zaffre.ports.logged_models import LoggedModel, ModelMetric
from zaffre.services import artifact_rights, logged_models, run_files
from zaffre.services.context import Context

_BASE = "/api/2.0/mlflow/logged-models"
_STATUS = {
    1: "LOGGED_MODEL_PENDING",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}
_NUMBERS = {name: number for number, name in _STATUS.items()}
Work = Callable[[Context, Caller, Asked], Any]


def model_form(model: LoggedModel) -> dict[str, Any]:
    """Give a logged model in MLflow's form."""
    info: dict[str, Any] = {
        "model_id": model.model_id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.created,
        "last_updated_timestamp_ms": model.updated,
        "artifact_uri": model.artifact_uri,
        "status": _STATUS.get(model.status, "LOGGED_MODEL_STATUS_UNSPECIFIED"),
        "tags": pairs(model.tags),
    }
    info |= {"model_type": model.model_type} if model.model_type else {}
    info |= {"source_run_id": model.source_run_id} if model.source_run_id else {}
    data = {
        "params": pairs(model.params),
        "metrics": [_metric_form(metric) for metric in model.metrics],
    }
    return {"info": info, "data": data}


def _metric_form(metric: ModelMetric) -> dict[str, Any]:
    form: dict[str, Any] = {
        "key": metric.key,
        "value": _number(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
        "model_id": metric.model_id,
        "run_id": metric.run_id,
    }
    form |= {"dataset_name": metric.dataset_name} if metric.dataset_name else {}
    return form | ({"dataset_digest": metric.dataset_digest} if metric.dataset_digest else {})


def _number(value: float) -> float | str:
    """Give a number as JSON can hold it; protobuf's names stand for the others."""
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def create(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Record a model that is being logged."""
    run = wanted.maybe("source_run_id") or None
    artifact_rights.check_run(ctx, caller.principal, caller.workspace, run)
    new = logged_models.NewModel(
        wanted.text("experiment_id"),
        wanted.maybe("name") or None,
        wanted.maybe("model_type"),
        run,
        wanted.pairs("tags"),
        wanted.pairs("params"),
    )
    return {"model": model_form(logged_models.create(ctx, caller.workspace, new))}


def _own(ctx: Context, caller: Caller, wanted: Asked) -> str:
    """Give the id of a model that the caller may change."""
    model_id = wanted.text("model_id")
    model = ctx.logged_models.get(caller.workspace, model_id)
    artifact_rights.check_run(ctx, caller.principal, caller.workspace, model.source_run_id)
    return model_id


def get(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Give a model."""
    deleted = wanted.flag("allow_deleted")
    model = ctx.logged_models.get(caller.workspace, wanted.text("model_id"), deleted=deleted)
    return {"model": model_form(model)}


def finalize(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Say that a model is complete, or failed."""
    given = wanted.fields.get("status")
    number = _NUMBERS.get(given, 0) if isinstance(given, str) else given
    if type(number) is not int or number not in _STATUS:
        raise Invalid(f"Invalid value for parameter 'status': {str(given)[:100]!r}.")
    model_id = _own(ctx, caller, wanted)
    ctx.logged_models.update(caller.workspace, model_id, status=number)
    return {"model": model_form(ctx.logged_models.get(caller.workspace, model_id))}


def delete(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Delete a model."""
    ctx.logged_models.update(caller.workspace, _own(ctx, caller, wanted), deleted=True)
    return {}


def set_tags(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Set tags."""
    tags = wanted.pairs("tags")
    logged_models.check_values(tags, "tag")
    model_id = _own(ctx, caller, wanted)
    ctx.logged_models.update(caller.workspace, model_id, tags=tags)
    return {"model": model_form(ctx.logged_models.get(caller.workspace, model_id))}


def delete_tag(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Take a tag off."""
    model_id = _own(ctx, caller, wanted)
    ctx.logged_models.remove_tag(caller.workspace, model_id, wanted.text("tag_key"))
    return {}


def log_params(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Add params."""
    params = wanted.pairs("params")
    logged_models.check_values(params, "param")
    ctx.logged_models.update(caller.workspace, _own(ctx, caller, wanted), params=params)
    return {}


def search(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """Find models."""
    experiments = wanted.texts("experiment_ids")
    if not experiments:
        raise Invalid("Missing value for required parameter 'experiment_ids'.")
    query = logged_models.Asked(
        experiments,
        wanted.maybe("filter"),
        [
            (one.text("dataset_name"), one.maybe("dataset_digest"))
            for one in wanted.parts("datasets")
        ],
        [_order(one) for one in wanted.parts("order_by")],
        wanted.number("max_results", 100, most=logged_models.MOST),
        wanted.maybe("page_token"),
    )
    found, token = logged_models.search(ctx, caller.workspace, query)
    shown = [model_form(model) for model in found]
    return {"models": shown} | ({"next_page_token": token} if token else {})


def _order(one: Asked) -> Any:
    ascending = one.flag("ascending") if "ascending" in one.fields else True
    dataset = (one.maybe("dataset_name"), one.maybe("dataset_digest"))
    return logged_models.order_of(one.text("field_name"), ascending=ascending, dataset=dataset)


def list_artifacts(ctx: Context, caller: Caller, wanted: Asked) -> Any:
    """List a folder of a model's files."""
    model = ctx.logged_models.get(caller.workspace, wanted.text("model_id"))
    root = place_of_uri(model.artifact_uri)
    path = wanted.maybe("artifact_directory_path") or ""
    place_of(path)
    found = run_files.entries(ctx, caller.workspace, root.child(path.removesuffix("/")))
    return {"root_uri": model.artifact_uri, "files": listed(root, found)}


def _answering(work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        wanted = await asked(request)
        wanted = Asked({**wanted.fields, **request.path_params})
        ctx, caller = request.scope["context"], request.scope["zaffre"]
        return text_answer(await run_in_threadpool(work, ctx, caller, wanted))

    handle.__doc__ = work.__doc__
    return handle


def _route(method: str, path: str, work: Work, *, reads: bool = False) -> Route:
    summary = (work.__doc__ or "").strip()
    access = Access.JOB if reads or method == "GET" else Access.JOB_WRITE
    return Route(method, f"{_BASE}{path}", _answering(work), access, summary, reads=reads)


ROUTES: tuple[Route, ...] = (
    _route("POST", "", create),
    _route("POST", "/search", search, reads=True),
    _route("GET", "/{model_id}", get),
    _route("PATCH", "/{model_id}", finalize),
    _route("DELETE", "/{model_id}", delete),
    _route("PATCH", "/{model_id}/tags", set_tags),
    _route("DELETE", "/{model_id}/tags/{tag_key:path}", delete_tag),
    _route("POST", "/{model_id}/params", log_params),
    _route("GET", "/{model_id}/artifacts/directories", list_artifacts),
)
