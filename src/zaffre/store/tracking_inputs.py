"""What runs used and made, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from zaffre.kinds.tracking import Dataset, DatasetInput, ModelLink
from zaffre.store.database import Database
from zaffre.store.tracking_shared import active_run, insert_rows
from zaffre.store.tracking_tables import dataset_inputs, datasets


class SqlInputs:
    """Keeps the inputs and outputs of runs in a SQL database (part of the tracking socket)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log_inputs(
        self,
        workspace: str,
        run_id: str,
        datasets: Sequence[DatasetInput],
        models: Sequence[ModelLink],
    ) -> None:
        """Record what data and models an active run used."""
        first = {(one.dataset.name, one.dataset.digest): one for one in reversed(datasets)}

        def work(connection: Connection) -> None:
            run = active_run(connection, workspace, run_id)
            for one in reversed(first.values()):
                dataset = _dataset(connection, run.experiment, one.dataset)
                _use(connection, run.seq, dataset, one)
            _link(connection, run.seq, 0, models)

        self._database.write(work)

    def log_outputs(self, workspace: str, run_id: str, models: Sequence[ModelLink]) -> None:
        """Record which logged models an active run made."""

        def work(connection: Connection) -> None:
            _link(connection, active_run(connection, workspace, run_id).seq, 1, models)

        self._database.write(work)


def _dataset(connection: Connection, experiment: int, dataset: Dataset) -> int:
    """Give the number of a dataset of an experiment, made if needed."""
    found = select(datasets.c.id).where(
        datasets.c.experiment == experiment,
        datasets.c.name == dataset.name,
        datasets.c.digest == dataset.digest,
    )
    number = connection.execute(found).scalar()
    if number is None:
        added = insert(datasets).values(experiment=experiment, **dataset._asdict())
        number = connection.execute(added.returning(datasets.c.id)).scalar_one()
    return int(number)


def _use(connection: Connection, run: int, dataset: int, used: DatasetInput) -> None:
    """Record that a run used a dataset; what was recorded first stays."""
    found = select(dataset_inputs.c.id).where(
        dataset_inputs.c.run == run, dataset_inputs.c.dataset == dataset
    )
    if connection.execute(found).scalar() is not None:
        return
    added = insert(dataset_inputs).values(run=run, dataset=dataset)
    number = connection.execute(added.returning(dataset_inputs.c.id)).scalar_one()
    labels = {tag.key: tag.value for tag in used.tags}
    rows = [(number, key, value) for key, value in labels.items()]
    insert_rows(connection, "INSERT INTO dataset_input_tags (input, key, value)", rows)


def _link(connection: Connection, run: int, made: int, models: Sequence[ModelLink]) -> None:
    rows = [(run, made, model.model_id, model.step) for model in models]
    head = "INSERT INTO run_models (run, made, model_id, step)"
    insert_rows(connection, head, rows, "ON CONFLICT DO NOTHING")
