"""The tracking socket: experiments, runs, and what runs log. All of it belongs to a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from zaffre.kinds.search import Clause, Order
from zaffre.kinds.tracking import (
    Batch,
    DatasetInput,
    DatasetSummary,
    Experiment,
    Experiments,
    History,
    Metric,
    ModelLink,
    NewRun,
    Pair,
    Point,
    Run,
    RunFacts,
    RunInfo,
    RunRows,
    Runs,
    View,
)


@dataclass(frozen=True)
class Search:
    """What to find: clauses that all hold, in which order, from which page token on.

    `below` names a run: only it and its children are found.
    """

    clauses: Sequence[Clause] = ()
    order: Sequence[Order] = ()
    view: View = View.ACTIVE_ONLY
    limit: int = 1000
    page: str = ""
    below: str = ""


@dataclass(frozen=True)
class BrowseRuns:
    """Which runs to list, newest first.

    `workspace` "" means all; `after` is the cursor of the page before; `where` maps `status`,
    `experiment_name`, `parent`, `id` or `user` to values of which one must match.
    """

    workspace: str = "default"
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    name_contains: str = ""
    stage: str = "active"
    limit: int = 100
    after: str = ""


class ExperimentStore(Protocol):
    """Keeps experiments. What is not in the caller's workspace is `NotFound`."""

    def create_experiment(
        self, workspace: str, name: str, location: str = "", tags: Sequence[Pair] = ()
    ) -> str:
        """Create an experiment and give its id.

        Raises:
            Conflict: the name is taken (by a deleted one too).
        """

    def ensure_experiment(self, workspace: str, name: str) -> str:
        """Give the id of the experiment of a name, made or restored if needed."""

    def get_experiment(self, workspace: str, experiment_id: str) -> Experiment:
        """Give an experiment, deleted ones too."""

    def find_experiment(self, workspace: str, name: str) -> Experiment | None:
        """Give the experiment of a name, or None."""

    def search_experiments(self, workspace: str, search: Search) -> Experiments:
        """Find experiments."""

    def rename_experiment(self, workspace: str, experiment_id: str, name: str) -> None:
        """Give an active experiment another name."""

    def stage_experiment(self, workspace: str, experiment_id: str, stage: str) -> None:
        """Delete or restore an experiment with all its runs."""

    def tag_experiment(
        self, workspace: str, experiment_id: str, key: str, value: str | None
    ) -> None:
        """Set a tag of an active experiment; None takes the tag off, and it must be there."""

    def search_datasets(
        self, workspace: str, experiment_ids: Sequence[str]
    ) -> list[DatasetSummary]:
        """List the datasets that runs of these experiments used, at most 1,000."""


class RunStore(Protocol):
    """Keeps runs. A deleted run can be read but not written."""

    def create_run(self, workspace: str, run: NewRun) -> Run:
        """Create a run; creating one whose given id exists gives the one there is."""

    def create_runs(self, workspace: str, runs: Sequence[NewRun]) -> None:
        """Create runs with given ids, all or none; those that exist stay as they are."""

    def get_run(self, workspace: str, run_id: str) -> Run:
        """Give a run with all it logged but its metrics' histories."""

    def get_info(self, workspace: str, run_id: str) -> RunInfo:
        """Give what a run is, without what it logged."""

    def update_run(
        self,
        workspace: str,
        run_id: str,
        *,
        status: str | None = None,
        end_time: int | None = None,
        start_time: int | None = None,
        name: str | None = None,
    ) -> RunInfo:
        """Change what is given of an active run."""

    def stage_run(self, workspace: str, run_id: str, stage: str) -> None:
        """Delete or restore a run."""

    def untag_run(self, workspace: str, run_id: str, key: str) -> None:
        """Take a tag off an active run; it must be there."""

    def search_runs(self, workspace: str, experiment_ids: Sequence[str], search: Search) -> Runs:
        """Find runs of these experiments."""

    def browse_runs(self, query: BrowseRuns) -> RunRows:
        """List runs; paging is stable while others write."""

    def facts(self, workspace: str, run_ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give the latest metrics, params and number of children of those runs that are there."""

    def log_inputs(
        self,
        workspace: str,
        run_id: str,
        datasets: Sequence[DatasetInput],
        models: Sequence[ModelLink],
    ) -> None:
        """Record what data and models an active run used; recording it again changes nothing."""

    def log_outputs(self, workspace: str, run_id: str, models: Sequence[ModelLink]) -> None:
        """Record which logged models an active run made."""


class LogStore(Protocol):
    """Keeps what runs log: metrics, params and tags."""

    def record(self, workspace: str, run_id: str, batch: Batch) -> Future[None]:
        """Keep a batch, durably once the future is done; the same point twice is one point.

        Raises (by the future):
            NotFound: there is no such run.
            Invalid: the run is deleted, or a param has another value already.
        """

    def amend_tag(
        self, workspace: str, run_id: str, key: str, change: Callable[[str | None], str]
    ) -> None:
        """Set a tag of an active run to what `change` makes of its value (None: it is not set)."""

    def append_journal(
        self, workspace: str, run_id: str, offset: int, size: int, batch: Batch
    ) -> int:
        """Apply a piece of a job's journal that starts at a byte offset; give the next offset.

        Params that have another value already keep the first one.

        Raises:
            Conflict: the journal is kept up to another offset (its `stored` says which).
        """

    def journal_offset(self, workspace: str, run_id: str) -> int:
        """Give the offset up to which a run's journal is kept."""

    def history(
        self, workspace: str, run_id: str, key: str, *, limit: int | None = None, page: str = ""
    ) -> History:
        """Give the points of a metric by time, step and value."""

    def stream_history(self, workspace: str, run_id: str, key: str) -> Iterator[Sequence[Point]]:
        """Give all points of a metric in pieces, by time, step and value."""

    def histories(
        self, workspace: str, run_ids: Sequence[str], key: str, limit: int
    ) -> list[tuple[str, Metric]]:
        """Give points of a metric of runs, by run id, then time; unknown runs have none."""

    def sample(
        self,
        workspace: str,
        run_ids: Sequence[str],
        key: str,
        limit: int,
        steps: tuple[int, int] | None = None,
    ) -> list[tuple[str, Metric]]:
        """Give at most `limit` points of each run, evenly by step, first and last among them.

        Raises:
            NotFound: there is no such run.
        """


class TrackingStore(ExperimentStore, RunStore, LogStore, Protocol):
    """Keeps all of tracking. Every method is safe to call from any thread."""
