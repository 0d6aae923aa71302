"""Documents from files, as entities: `load_job("job.yml")`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

from zaffre.kinds import override, yaml_text
from zaffre.kinds.document import Document
from zaffre.ml import entities
from zaffre.ml.entity import Entity
from zaffre.ml.fields import plain

E = TypeVar("E", bound=Entity)
Source = str | Path | IO[str]
Overrides = Iterable[Mapping[str, Any]] | None


def load_job(source: Source, *, params_override: Overrides = None, **_: Any) -> entities.Job:
    """Read a job."""
    return _load(entities.Job, source, params_override)


def load_data(source: Source, *, params_override: Overrides = None, **_: Any) -> entities.Data:
    """Read a data asset."""
    return _load(entities.Data, source, params_override)


def load_model(source: Source, *, params_override: Overrides = None, **_: Any) -> entities.Model:
    """Read a model."""
    return _load(entities.Model, source, params_override)


def load_environment(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Environment:
    """Read an environment."""
    return _load(entities.Environment, source, params_override)


def load_compute(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Compute:
    """Read a compute."""
    return _load(entities.Compute, source, params_override)


def load_component(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Component:
    """Read a component; called, it makes a step of a pipeline."""
    return _load(entities.Component, source, params_override)


def load_schedule(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Schedule:
    """Read a schedule."""
    return _load(entities.Schedule, source, params_override)


def load_datastore(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Datastore:
    """Read a datastore."""
    return _load(entities.Datastore, source, params_override)


def load_workspace(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.Workspace:
    """Read a workspace."""
    return _load(entities.Workspace, source, params_override)


def load_online_endpoint(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.OnlineEndpoint:
    """Read an online endpoint."""
    return _load(entities.OnlineEndpoint, source, params_override)


def load_online_deployment(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.OnlineDeployment:
    """Read an online deployment."""
    return _load(entities.OnlineDeployment, source, params_override)


def load_batch_endpoint(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.BatchEndpoint:
    """Read a batch endpoint."""
    return _load(entities.BatchEndpoint, source, params_override)


def load_batch_deployment(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.BatchDeployment:
    """Read a batch deployment."""
    return _load(entities.BatchDeployment, source, params_override)


def load_prediction_view(
    source: Source, *, params_override: Overrides = None, **_: Any
) -> entities.PredictionView:
    """Read a prediction view."""
    return _load(entities.PredictionView, source, params_override)


load_model_batch_deployment = load_batch_deployment
load_pipeline_component_batch_deployment = load_batch_deployment


def read(source: Source) -> Document:
    """Read a document from a file or an open one.

    Raises:
        Invalid: it is not there, or no YAML.
    """
    if isinstance(source, (str, Path)):
        return yaml_text.read_file(Path(source))
    return yaml_text.read(source.read(), getattr(source, "name", None))


def _load(entity: type[E], source: Source, overrides: Overrides) -> E:
    document = read(source)
    # JSON is YAML: a value from Python is written so that it is read back as the same value.
    assignments = [
        f"{name}={json.dumps(plain(value))}"
        for change in overrides or ()
        for name, value in change.items()
    ]
    return entity.from_document(override.apply(document, assignments))
