"""Tracking's nouns in MLflow's JSON."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from starlette.responses import Response

from zaffre.kinds.tracking import (
    DatasetInput,
    Experiment,
    Metric,
    ModelLink,
    Pair,
    Run,
    RunInfo,
)

Json = dict[str, Any]


def answer(content: Json) -> Response:
    """Give JSON."""
    return Response(msgspec.json.encode(content), media_type="application/json")


def number(value: float) -> float | str:
    """Give a number as JSON can hold it: NaN and the infinities are texts, as in protobuf."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def metric(one: Metric) -> Json:
    """Give a point of a metric."""
    return {
        "key": one.key,
        "value": number(one.value),
        "timestamp": one.timestamp,
        "step": one.step,
    }


def pair(one: Pair) -> Json:
    """Give a param or tag."""
    return {"key": one.key, "value": one.value}


def experiment(one: Experiment) -> Json:
    """Give an experiment."""
    shown: Json = {
        "experiment_id": one.id,
        "name": one.name,
        "artifact_location": one.artifact_location,
        "lifecycle_stage": one.stage,
        "last_update_time": one.updated_at,
        "creation_time": one.created_at,
    }
    if one.tags:
        shown["tags"] = [pair(tag) for tag in one.tags]
    return shown


def run_info(one: RunInfo) -> Json:
    """Give what a run is."""
    shown: Json = {
        "run_uuid": one.id,
        "run_id": one.id,
        "run_name": one.name,
        "experiment_id": one.experiment_id,
        "user_id": one.user,
        "status": one.status,
        "start_time": one.start_time or 0,
        "artifact_uri": one.artifact_uri,
        "lifecycle_stage": one.stage,
    }
    if one.end_time is not None:
        shown["end_time"] = one.end_time
    return shown


def run(one: Run) -> Json:
    """Give a run with what it logged."""
    data: Json = {}
    if one.metrics:
        data["metrics"] = [metric(m) for m in one.metrics]
    if one.params:
        data["params"] = [pair(p) for p in one.params]
    if one.tags:
        data["tags"] = [pair(t) for t in one.tags]
    inputs: Json = {}
    if one.datasets:
        inputs["dataset_inputs"] = [dataset_input(used) for used in one.datasets]
    if one.models_in:
        inputs["model_inputs"] = [{"model_id": model.model_id} for model in one.models_in]
    outputs: Json = {}
    if one.models_out:
        outputs["model_outputs"] = [_made(model) for model in one.models_out]
    return {"info": run_info(one.info), "data": data, "inputs": inputs, "outputs": outputs}


def _made(model: ModelLink) -> Json:
    return {"model_id": model.model_id, "step": model.step}


def dataset_input(one: DatasetInput) -> Json:
    """Give a dataset and what it was used for."""
    fields = {name: value for name, value in one.dataset._asdict().items() if value is not None}
    return {"tags": [pair(tag) for tag in one.tags], "dataset": fields}
