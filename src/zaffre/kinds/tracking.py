"""Nouns of experiment tracking: experiments, runs, and what runs log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from zaffre.errors import Conflict

DEFAULT_EXPERIMENT = "Default"
"""The name of the experiment that every workspace has."""

OF_MLFLOW = "mlflow."
"""What the tags begin with that MLflow itself keeps."""
RUN_NAME = "mlflow.runName"
PARENT_RUN = "mlflow.parentRunId"
SOURCE_NAME = "mlflow.source.name"
USER = "mlflow.user"
MODEL_HISTORY = "mlflow.log-model.history"
DATASET_CONTEXT = "mlflow.data.context"


class RunStatus(StrEnum):
    """The states of a run, in MLflow's words."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class Stage(StrEnum):
    """Whether something is in use or in the bin."""

    ACTIVE = "active"
    DELETED = "deleted"


class View(StrEnum):
    """Which stages a search looks at."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"

    @property
    def stages(self) -> tuple[str, ...]:
        """Give the stages that the view shows."""
        if self is View.ALL:
            return (Stage.ACTIVE.value, Stage.DELETED.value)
        return (Stage.ACTIVE.value if self is View.ACTIVE_ONLY else Stage.DELETED.value,)


class Metric(NamedTuple):
    """One point of a metric; any of the last three may say which model and data it is about."""

    key: str
    value: float
    timestamp: int
    step: int
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class Point(NamedTuple):
    """One point of a known metric."""

    timestamp: int
    step: int
    value: float


class Pair(NamedTuple):
    """A param or a tag."""

    key: str
    value: str


@dataclass(frozen=True)
class Experiment:
    """A named group of runs. Times are milliseconds since 1970."""

    id: str
    workspace: str
    name: str
    artifact_location: str
    stage: str
    created_at: int
    updated_at: int
    tags: Sequence[Pair] = ()


class Dataset(NamedTuple):
    """Data that runs used, as the client describes it."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInput(NamedTuple):
    """A dataset as input of one run, with what it was used for."""

    dataset: Dataset
    tags: Sequence[Pair] = ()


class DatasetSummary(NamedTuple):
    """A dataset as it is listed for an experiment."""

    experiment_id: str
    name: str
    digest: str
    context: str | None


class ModelLink(NamedTuple):
    """A logged model that a run used or made."""

    model_id: str
    step: int = 0


@dataclass(frozen=True)
class RunInfo:
    """What a run is. Times are milliseconds since 1970."""

    id: str
    workspace: str
    experiment_id: str
    name: str
    user: str
    status: str
    start_time: int | None
    end_time: int | None
    artifact_uri: str
    stage: str
    parent: str = ""
    source: str = ""


@dataclass(frozen=True)
class Run:
    """A run with the latest of each metric, its params, tags, inputs and outputs."""

    info: RunInfo
    metrics: Sequence[Metric] = ()
    params: Sequence[Pair] = ()
    tags: Sequence[Pair] = ()
    datasets: Sequence[DatasetInput] = ()
    models_in: Sequence[ModelLink] = ()
    models_out: Sequence[ModelLink] = ()


@dataclass(frozen=True)
class NewRun:
    """A run to create. Without an id it gets a random one; a job gives its own."""

    experiment_id: str
    name: str = ""
    user: str = ""
    start_time: int | None = None
    tags: Sequence[Pair] = ()
    id: str = ""
    status: str = RunStatus.RUNNING.value


@dataclass(frozen=True)
class Batch:
    """What a run logs at once: all of it is kept, or nothing."""

    metrics: Sequence[Metric] = ()
    params: Sequence[Pair] = ()
    tags: Sequence[Pair] = ()


@dataclass(frozen=True)
class RunRow:
    """A run as lists show it beside jobs."""

    id: str
    workspace: str
    experiment_id: str
    experiment_name: str
    name: str
    status: str
    start_time: int | None
    end_time: int | None
    user: str
    parent: str
    source: str
    stage: str
    tags: Sequence[Pair] = ()
    """Without those that MLflow itself keeps (`mlflow.`)."""


@dataclass(frozen=True)
class RunFacts:
    """What tables of runs show of one beside what it is: its latest metrics, params, children."""

    metrics: Mapping[str, float]
    params: Mapping[str, str]
    children: int = 0


@dataclass(frozen=True)
class RunRows:
    """A page of runs, newest first, and the cursor of the next page ("" at the end)."""

    items: Sequence[RunRow]
    next: str = ""


@dataclass(frozen=True)
class Runs:
    """A page of found runs and the token of the next page ("" at the end)."""

    items: Sequence[Run]
    next: str = ""


@dataclass(frozen=True)
class Experiments:
    """A page of found experiments and the token of the next page ("" at the end)."""

    items: Sequence[Experiment]
    next: str = ""


@dataclass(frozen=True)
class History:
    """Points of one metric by time, and the token of the next page ("" at the end)."""

    points: Sequence[Point]
    next: str = ""


class JournalGap(Conflict):
    """A piece of a journal does not begin where the stored part ends (`stored`)."""

    code = "journal_gap"

    def __init__(self, stored: int) -> None:
        super().__init__(f"The journal is kept up to byte {stored}.", hint="Send it from there.")
        self.stored = stored
