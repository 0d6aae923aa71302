"""Jobs and runs found by what they logged, in MLflow's filter language, with what tables show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zaffre.kinds.resource import Resource
from zaffre.kinds.search import Clause, Order
from zaffre.kinds.tracking import (
    OF_MLFLOW,
    PARENT_RUN,
    Run,
    RunFacts,
    RunRow,
    Runs,
)
from zaffre.ports.metadata import Browse
from zaffre.ports.tracking import Search
from zaffre.services import history
from zaffre.services.context import Context

MOST_EXPERIMENTS = 10_000


@dataclass(frozen=True)
class Found:
    """A page of jobs, each with what it logged, and the cursor of the next page."""

    items: Sequence[tuple[Resource, RunFacts]]
    next: str = ""


def find(ctx: Context, query: Browse, clauses: Sequence[Clause], order: Sequence[Order]) -> Found:
    """Find jobs and runs; a page with fewer than asked may still have a next one.

    Raises:
        Invalid: no job is ever in a state that is asked for, or `after` is no cursor.
    """
    if clauses or order:
        items, following = _searched(ctx, query, clauses, order)
    else:
        page = history.browse(ctx, query)
        items, following = list(page.items), page.next
    facts = ctx.tracking.facts(query.workspace, [job.key.name for job in items])
    nothing = RunFacts({}, {})
    return Found([(job, facts.get(job.key.name, nothing)) for job in items], following)


def _searched(
    ctx: Context, query: Browse, clauses: Sequence[Clause], order: Sequence[Order]
) -> tuple[list[Resource], str]:
    """Search by what was logged, which the list of runs cannot."""
    experiments = _experiments(ctx, query)
    wanted = (*clauses, *_clauses(query))
    search = Search(wanted, order, limit=query.limit, page=query.after)
    found = ctx.tracking.search_runs(query.workspace, list(experiments), search)
    return history.listed(ctx, query, _rows(found, experiments)), found.next


def _experiments(ctx: Context, query: Browse) -> dict[str, str]:
    """Give the names of the experiments to search in, by their ids."""
    every = ctx.tracking.search_experiments(query.workspace, Search(limit=MOST_EXPERIMENTS))
    asked = query.where.get("experiment_name")
    names = (asked,) if isinstance(asked, str) else asked
    return {one.id: one.name for one in every.items if names is None or one.name in names}


def _clauses(query: Browse) -> Iterator[Clause]:
    """Say what a list is narrowed by as clauses of a search."""
    for fact, value in query.where.items():
        values = value if isinstance(value, tuple) else (value,)
        if fact == "state":
            yield Clause("attribute", "status", "IN", history.statuses_of(values))
        elif fact == "parent_job_name" and values[0]:
            yield Clause("tag", PARENT_RUN, "=", values[0])
        elif fact == "parent_job_name":
            yield Clause("tag", PARENT_RUN, "IS NULL")
    for key, text in query.tags.items():
        yield Clause("tag", key, "=", text)
    if query.name_contains:
        yield Clause("attribute", "run_name", "ILIKE", f"%{query.name_contains}%")


def _rows(found: Runs, experiments: dict[str, str]) -> list[RunRow]:
    return [_row(run, experiments[run.info.experiment_id]) for run in found.items]


def _row(run: Run, experiment: str) -> RunRow:
    info = run.info
    return RunRow(
        id=info.id,
        workspace=info.workspace,
        experiment_id=info.experiment_id,
        experiment_name=experiment,
        name=info.name,
        status=info.status,
        start_time=info.start_time or None,
        end_time=info.end_time,
        user=info.user,
        parent=info.parent,
        source=info.source,
        stage=info.stage,
        tags=[tag for tag in run.tags if not tag.key.startswith(OF_MLFLOW)],
    )
