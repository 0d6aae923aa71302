"""Runs in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.tracking import (
    DEFAULT_EXPERIMENT,
    PARENT_RUN,
    RUN_NAME,
    SOURCE_NAME,
    NewRun,
    Pair,
    Run,
    RunFacts,
    RunInfo,
    RunRow,
    RunRows,
    Runs,
    Stage,
)
from zaffre.ports.clock import Clock
from zaffre.ports.tracking import BrowseRuns, Search
from zaffre.store.database import Database
from zaffre.store.tracking_experiments import named_experiment
from zaffre.store.tracking_loading import free_tags, info_of, load_facts, load_runs
from zaffre.store.tracking_search import find_runs
from zaffre.store.tracking_shared import (
    LARGEST,
    MISSING,
    AnyRow,
    active_experiment,
    active_run,
    experiment_number,
    insert_rows,
    millis,
    run_row,
)
from zaffre.store.tracking_tables import experiments, runs, tags

TAG_UPSERT = "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"
MOST_EXPERIMENTS = 10_000

_LISTED = {
    "status": runs.c.status,
    "experiment_name": experiments.c.name,
    "parent": runs.c.parent,
    "id": runs.c.id,
    "user": runs.c.user_id,
}


class SqlRuns:
    """Keeps runs in a SQL database (part of the tracking socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create_run(self, workspace: str, run: NewRun) -> Run:
        """Create a run, or give the one that has the given id."""

        def work(connection: Connection) -> Run:
            if run.id:
                mine = select(runs).where(runs.c.workspace == workspace, runs.c.id == run.id)
                row = connection.execute(mine).first()
                if row is not None:
                    return load_runs(connection, [row])[0]
            experiment = _experiment_of(connection, workspace, run)
            made = _create(connection, experiment, run)
            return load_runs(connection, [run_row(connection, workspace, made)])[0]

        return self._database.write(work, urgent=bool(run.id))

    def create_runs(self, workspace: str, new: Sequence[NewRun]) -> None:
        """Create the runs of these ids that there are not."""

        def work(connection: Connection) -> None:
            ids = [run.id for run in new]
            query = select(runs.c.id).where(runs.c.workspace == workspace, runs.c.id.in_(ids))
            known = set(connection.execute(query).scalars())
            for run in new:
                if run.id not in known:
                    _create(connection, _experiment_of(connection, workspace, run), run)

        if new:
            self._database.write(work, urgent=True)

    def get_run(self, workspace: str, run_id: str) -> Run:
        """Give a run with all it logged but its metrics' histories."""
        with self._database.read() as connection:
            return load_runs(connection, [run_row(connection, workspace, run_id)])[0]

    def get_info(self, workspace: str, run_id: str) -> RunInfo:
        """Give what a run is, without what it logged."""
        with self._database.glance() as connection:
            return info_of(run_row(connection, workspace, run_id))

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
        given = {"status": status, "end_time": end_time, "start_time": start_time, "name": name}
        values = {key: value for key, value in given.items() if value not in (None, "")}

        def work(connection: Connection) -> RunInfo:
            key = active_run(connection, workspace, run_id)
            if values:
                connection.execute(update(runs).where(runs.c.seq == key.seq).values(**values))
            if name:
                head = "INSERT INTO tags (run, key, value)"
                insert_rows(connection, head, [(key.seq, RUN_NAME, name)], TAG_UPSERT)
            return info_of(run_row(connection, workspace, run_id))

        return self._database.write(work, urgent=True)

    def stage_run(self, workspace: str, run_id: str, stage: str) -> None:
        """Delete or restore a run."""
        deleted_at = None if stage == Stage.ACTIVE else millis(self._clock)

        def work(connection: Connection) -> None:
            row = run_row(connection, workspace, run_id)
            change = update(runs).where(runs.c.seq == row.seq)
            connection.execute(change.values(stage=stage, deleted_at=deleted_at))

        self._database.write(work)

    def untag_run(self, workspace: str, run_id: str, key: str) -> None:
        """Take a tag off an active run; it must be there."""

        def work(connection: Connection) -> None:
            run = active_run(connection, workspace, run_id)
            mine = and_(tags.c.run == run.seq, tags.c.key == key)
            if not connection.execute(delete(tags).where(mine)).rowcount:
                message = f"No tag with name: {key} in run with id {run_id}"
                raise NotFound(message, code=MISSING)
            if key in {PARENT_RUN, SOURCE_NAME}:
                column = "parent" if key == PARENT_RUN else "source"
                connection.execute(update(runs).where(runs.c.seq == run.seq).values({column: ""}))

        self._database.write(work)

    def search_runs(self, workspace: str, experiment_ids: Sequence[str], search: Search) -> Runs:
        """Find runs of these experiments."""
        numbers = sorted({experiment_number(one) for one in experiment_ids})
        if len(numbers) > MOST_EXPERIMENTS:
            raise Invalid(f"A search may name at most {MOST_EXPERIMENTS} experiments.")
        with self._database.read() as connection:
            found, token = find_runs(connection, workspace, numbers, search)
            rows: dict[int, Row[Any]] = {}
            for place in range(0, len(found), 5000):
                query = select(runs).where(runs.c.seq.in_(found[place : place + 5000]))
                rows |= {row.seq: row for row in connection.execute(query)}
            return Runs(load_runs(connection, [rows[seq] for seq in found]), token)

    def browse_runs(self, query: BrowseRuns) -> RunRows:
        """List runs, newest first."""
        found = (
            select(runs, experiments.c.name.label("experiment_name"))
            .join(experiments, experiments.c.id == runs.c.experiment)
            .order_by(runs.c.seq.desc())
            .limit(query.limit + 1)
        )
        if query.workspace:
            found = found.where(runs.c.workspace == query.workspace)
        if query.stage:
            found = found.where(runs.c.stage == query.stage)
        if query.after:
            found = found.where(runs.c.seq < _cursor(query.after))
        if query.name_contains:
            named = runs.c.name.contains(query.name_contains, autoescape=True)
            found = found.where(named | runs.c.id.contains(query.name_contains, autoescape=True))
        for fact, values in query.where.items():
            found = found.where(_LISTED[fact].in_(values))
        for key, value in query.tags.items():
            mine = (tags.c.run == runs.c.seq, tags.c.key == key, tags.c.value == value)
            found = found.where(select(tags.c.run).where(*mine).exists())
        with self._database.read() as connection:
            rows = connection.execute(found).fetchall()
            shown = rows[: query.limit]
            tagged = free_tags(connection, [row.seq for row in shown])
        return RunRows(
            [_listed(row, tagged.get(row.seq, ())) for row in shown],
            str(shown[-1].seq) if len(rows) > query.limit else "",
        )

    def facts(self, workspace: str, run_ids: Sequence[str]) -> dict[str, RunFacts]:
        """Give what tables show of runs."""
        mine = (runs.c.workspace == workspace, runs.c.id.in_(run_ids))
        with self._database.read() as connection:
            rows = connection.execute(select(runs.c.seq, runs.c.id).where(*mine)).fetchall()
            return load_facts(connection, workspace, {row.seq: row.id for row in rows})


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST):
        raise Invalid("This is no cursor of a list of runs.")
    return int(text)


def _listed(row: Row[Any], tagged: Iterable[AnyRow]) -> RunRow:
    return RunRow(
        id=row.id,
        workspace=row.workspace,
        experiment_id=str(row.experiment),
        experiment_name=row.experiment_name,
        name=row.name,
        status=row.status,
        start_time=row.start_time or None,
        end_time=row.end_time,
        user=row.user_id,
        parent=row.parent,
        source=row.source,
        stage=row.stage,
        tags=[Pair(tag.key, tag.value) for tag in tagged],
    )


def _experiment_of(connection: Connection, workspace: str, run: NewRun) -> Row[Any]:
    """Find the run's experiment; where none is named it is the workspace's `Default`."""
    if run.experiment_id:
        return active_experiment(connection, workspace, run.experiment_id)
    row = named_experiment(connection, workspace, DEFAULT_EXPERIMENT)
    if row is None:
        raise NotFound("The workspace has no experiment `Default`; name one.", code=MISSING)
    return active_experiment(connection, workspace, str(row.id))


def _create(connection: Connection, experiment: Row[Any], run: NewRun) -> str:
    run_id = run.id or uuid.uuid4().hex
    labels = {tag.key: tag.value for tag in run.tags}
    labels.setdefault(RUN_NAME, run.name)
    added = insert(runs).values(
        workspace=experiment.workspace,
        id=run_id,
        experiment=experiment.id,
        name=run.name,
        user_id=run.user,
        status=run.status,
        start_time=run.start_time or 0,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts",
        stage=Stage.ACTIVE.value,
        parent=labels.get(PARENT_RUN, ""),
        source=labels.get(SOURCE_NAME, ""),
        journal=0,
    )
    seq = connection.execute(added.returning(runs.c.seq)).scalar_one()
    rows = [(seq, key, value) for key, value in labels.items()]
    insert_rows(connection, "INSERT INTO tags (run, key, value)", rows)
    return run_id
