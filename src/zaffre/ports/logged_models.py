"""The logged-models socket: models as MLflow 3 logs them, with tags, params and metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from zaffre.kinds.filters import Comparison


@dataclass(frozen=True)
class ModelMetric:
    """One value that was logged for a model: by which run, and on which data set if it said so."""

    model_id: str
    key: str
    value: float
    timestamp: int
    step: int
    run_id: str = ""
    dataset_name: str | None = None
    dataset_digest: str | None = None


@dataclass(frozen=True)
class LoggedModel:
    """A logged model. Times are milliseconds since 1970; `status` is MLflow's (2: ready)."""

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    created: int
    updated: int
    status: int = 1
    model_type: str | None = None
    source_run_id: str | None = None
    deleted: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[ModelMetric] = ()


@dataclass(frozen=True)
class OrderModels:
    """One key to sort by: an attribute, or the latest value of a metric (on some data)."""

    key: str
    metric: bool = False
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


@dataclass(frozen=True)
class SearchModels:
    """Which logged models to list. `datasets` are pairs of name and digest (None for any)."""

    experiments: Sequence[str]
    conditions: Sequence[Comparison] = ()
    datasets: Sequence[tuple[str, str | None]] = ()
    order: Sequence[OrderModels] = ()
    limit: int = 100
    offset: int = 0


class LoggedModelStore(Protocol):
    """Keeps logged models. Every method is safe to call from any thread."""

    def create(self, workspace: str, model: LoggedModel) -> None:
        """Store a new model, its tags and params, durably.

        Raises:
            Conflict: there is one of that id.
        """

    def get(self, workspace: str, model_id: str, *, deleted: bool = False) -> LoggedModel:
        """Give a model; one that was deleted only if asked.

        Raises:
            NotFound: there is none.
        """

    def update(
        self,
        workspace: str,
        model_id: str,
        *,
        status: int | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        deleted: bool | None = None,
    ) -> None:
        """Change what is given; tags and params are added to those there.

        Raises:
            NotFound: there is no such model.
            Conflict: a param has another value already.
        """

    def remove_tag(self, workspace: str, model_id: str, key: str) -> None:
        """Take a tag off.

        Raises:
            NotFound: there is no such model or tag.
        """

    def search(self, workspace: str, wanted: SearchModels) -> list[LoggedModel]:
        """List models that are not deleted.

        Raises:
            Invalid: a condition or an order is on what models do not have.
        """

    def of_run(self, workspace: str, run_id: str) -> list[LoggedModel]:
        """List the models that a run logged, the newest first, without their metrics."""
