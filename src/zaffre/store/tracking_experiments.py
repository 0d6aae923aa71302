"""Experiments in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.tracking import (
    DATASET_CONTEXT,
    DatasetSummary,
    Experiment,
    Experiments,
    Pair,
    Stage,
)
from zaffre.ports.clock import Clock
from zaffre.ports.tracking import Search
from zaffre.store.database import Database
from zaffre.store.tracking_search import find_experiments
from zaffre.store.tracking_shared import (
    MISSING,
    active_experiment,
    chunks,
    experiment_number,
    experiment_row,
    grouped,
    insert_rows,
    millis,
)
from zaffre.store.tracking_tables import (
    dataset_input_tags,
    dataset_inputs,
    datasets,
    experiment_tags,
    experiments,
    runs,
)

LOCATION = "mlflow-artifacts:/"
SUMMARIES = 1000

_UPSERT = "ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value"


class SqlExperiments:
    """Keeps experiments in a SQL database (part of the tracking socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create_experiment(
        self, workspace: str, name: str, location: str = "", tags: Sequence[Pair] = ()
    ) -> str:
        """Create an experiment and give its id."""
        now = millis(self._clock)

        def work(connection: Connection) -> str:
            if named_experiment(connection, workspace, name) is not None:
                raise Conflict(f"Experiment(name={name}) already exists.", code="exists")
            number = _create(connection, workspace, name, location, now)
            latest = {tag.key: tag.value for tag in tags}
            rows = [(number, key, value) for key, value in latest.items()]
            insert_rows(connection, "INSERT INTO experiment_tags (experiment, key, value)", rows)
            return str(number)

        return self._database.write(work)

    def ensure_experiment(self, workspace: str, name: str) -> str:
        """Give the id of the experiment of a name, made or restored if needed."""
        now = millis(self._clock)

        def work(connection: Connection) -> str:
            row = named_experiment(connection, workspace, name)
            if row is None:
                return str(_create(connection, workspace, name, "", now))
            if row.stage != Stage.ACTIVE:
                change = update(experiments).where(experiments.c.id == row.id)
                connection.execute(change.values(stage=Stage.ACTIVE.value, updated_at=now))
            return str(row.id)

        with self._database.read() as connection:
            row = named_experiment(connection, workspace, name)
        if row is not None and row.stage == Stage.ACTIVE:
            return str(row.id)
        return self._database.write(work)

    def get_experiment(self, workspace: str, experiment_id: str) -> Experiment:
        """Give an experiment, deleted ones too."""
        with self._database.read() as connection:
            row = experiment_row(connection, workspace, experiment_id)
            return _entities(connection, [row])[0]

    def find_experiment(self, workspace: str, name: str) -> Experiment | None:
        """Give the experiment of a name, or None."""
        with self._database.read() as connection:
            row = named_experiment(connection, workspace, name)
            return None if row is None else _entities(connection, [row])[0]

    def search_experiments(self, workspace: str, search: Search) -> Experiments:
        """Find experiments."""
        with self._database.read() as connection:
            rows, token = find_experiments(connection, workspace, search)
            return Experiments(_entities(connection, rows), token)

    def rename_experiment(self, workspace: str, experiment_id: str, name: str) -> None:
        """Give an active experiment another name."""
        now = millis(self._clock)

        def work(connection: Connection) -> None:
            row = experiment_row(connection, workspace, experiment_id)
            if row.stage != Stage.ACTIVE:
                raise Invalid("Cannot rename a non-active experiment.", code="INVALID_STATE")
            other = named_experiment(connection, workspace, name)
            if other is not None and other.id != row.id:
                raise Conflict(f"Experiment(name={name}) already exists.", code="exists")
            change = update(experiments).where(experiments.c.id == row.id)
            connection.execute(change.values(name=name, updated_at=now))

        self._database.write(work)

    def stage_experiment(self, workspace: str, experiment_id: str, stage: str) -> None:
        """Delete or restore an experiment with all its runs."""
        now = millis(self._clock)

        def work(connection: Connection) -> None:
            row = experiment_row(connection, workspace, experiment_id)
            if row.stage == stage:
                raise NotFound(f"No Experiment with id={row.id} exists", code=MISSING)
            change = update(experiments).where(experiments.c.id == row.id)
            connection.execute(change.values(stage=stage, updated_at=now))
            deleted_at = None if stage == Stage.ACTIVE else now
            members = update(runs).where(runs.c.experiment == row.id)
            connection.execute(members.values(stage=stage, deleted_at=deleted_at))

        self._database.write(work)

    def tag_experiment(
        self, workspace: str, experiment_id: str, key: str, value: str | None
    ) -> None:
        """Set a tag of an active experiment, or take it off."""

        def work(connection: Connection) -> None:
            row = active_experiment(connection, workspace, experiment_id)
            if value is not None:
                head = "INSERT INTO experiment_tags (experiment, key, value)"
                insert_rows(connection, head, [(row.id, key, value)], _UPSERT)
                return
            mine = and_(experiment_tags.c.experiment == row.id, experiment_tags.c.key == key)
            if not connection.execute(delete(experiment_tags).where(mine)).rowcount:
                message = f"No tag with name: {key} in experiment with id {experiment_id}"
                raise NotFound(message, code=MISSING)

        self._database.write(work)

    def search_datasets(
        self, workspace: str, experiment_ids: Sequence[str]
    ) -> list[DatasetSummary]:
        """List the datasets that runs of these experiments used."""
        numbers = [experiment_number(one) for one in experiment_ids]
        tag = dataset_input_tags
        query = (
            select(datasets.c.experiment, datasets.c.name, datasets.c.digest, tag.c.value)
            .distinct()
            .join(dataset_inputs, dataset_inputs.c.dataset == datasets.c.id)
            .join(experiments, experiments.c.id == datasets.c.experiment)
            .join(
                tag,
                and_(tag.c.input == dataset_inputs.c.id, tag.c.key == DATASET_CONTEXT),
                isouter=True,
            )
            .where(experiments.c.workspace == workspace, experiments.c.id.in_(numbers))
            .limit(SUMMARIES)
        )
        with self._database.read() as connection:
            return [
                DatasetSummary(str(number), name, digest, context)
                for number, name, digest, context in connection.execute(query)
            ]


def named_experiment(connection: Connection, workspace: str, name: str) -> Row[Any] | None:
    """Find the experiment of a name, deleted ones too."""
    found = select(experiments).where(
        experiments.c.workspace == workspace, experiments.c.name == name
    )
    return connection.execute(found).first()


def _create(connection: Connection, workspace: str, name: str, location: str, now: int) -> int:
    added = insert(experiments).values(
        workspace=workspace,
        name=name,
        artifact_location=location,
        stage=Stage.ACTIVE.value,
        created_at=now,
        updated_at=now,
    )
    number = int(connection.execute(added.returning(experiments.c.id)).scalar_one())
    if not location:
        place = update(experiments).where(experiments.c.id == number)
        connection.execute(place.values(artifact_location=f"{LOCATION}{number}"))
    return number


def _entities(connection: Connection, rows: Sequence[Row[Any]]) -> list[Experiment]:
    labels: dict[int, list[Row[Any]]] = {}
    for ids in chunks([row.id for row in rows]):
        found = select(experiment_tags).where(experiment_tags.c.experiment.in_(ids))
        labels |= grouped(connection.execute(found.order_by(experiment_tags.c.key)))
    return [
        Experiment(
            id=str(row.id),
            workspace=row.workspace,
            name=row.name,
            artifact_location=row.artifact_location,
            stage=row.stage,
            created_at=row.created_at,
            updated_at=row.updated_at,
            tags=[Pair(tag.key, tag.value) for tag in labels.get(row.id, ())],
        )
        for row in rows
    ]
