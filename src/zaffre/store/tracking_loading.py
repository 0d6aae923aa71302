"""Runs read with all that they logged, by as many queries for many runs as for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, func, select

from zaffre.kinds.tracking import (
    OF_MLFLOW,
    Dataset,
    DatasetInput,
    Metric,
    ModelLink,
    Pair,
    Run,
    RunFacts,
    RunInfo,
)
from zaffre.store.tracking_shared import AnyRow, chunks, grouped
from zaffre.store.tracking_tables import (
    dataset_input_tags,
    dataset_inputs,
    datasets,
    params,
    run_models,
    runs,
    series,
    tags,
)

Grouped = dict[int, list[AnyRow]]


def info_of(row: Row[Any]) -> RunInfo:
    """Give the facts of a run's row."""
    return RunInfo(
        id=row.id,
        workspace=row.workspace,
        experiment_id=str(row.experiment),
        name=row.name,
        user=row.user_id,
        status=row.status,
        start_time=row.start_time,
        end_time=row.end_time,
        artifact_uri=row.artifact_uri,
        stage=row.stage,
        parent=row.parent,
        source=row.source,
    )


def load_runs(connection: Connection, rows: Sequence[Row[Any]]) -> list[Run]:
    """Give the runs of these rows, in their order."""
    seqs = [row.seq for row in rows]
    if not seqs:
        return []
    metrics = _metrics(connection, seqs)
    param = _pairs(connection, params, seqs)
    tag = _pairs(connection, tags, seqs)
    data = _datasets(connection, seqs)
    models = _models(connection, seqs)
    return [
        Run(
            info=info_of(row),
            metrics=[Metric(*found[1:]) for found in metrics.get(row.seq, ())],
            params=[Pair(*found[1:]) for found in param.get(row.seq, ())],
            tags=[Pair(*found[1:]) for found in tag.get(row.seq, ())],
            datasets=data.get(row.seq, ()),
            models_in=[
                ModelLink(m.model_id, m.step) for m in models.get(row.seq, ()) if not m.made
            ],
            models_out=[ModelLink(m.model_id, m.step) for m in models.get(row.seq, ()) if m.made],
        )
        for row in rows
    ]


def load_facts(
    connection: Connection, workspace: str, ids: Mapping[int, str]
) -> dict[str, RunFacts]:
    """Give what tables show of the runs of these numbers, by their ids."""
    if not ids:
        return {}
    metrics = _metrics(connection, list(ids))
    param = _pairs(connection, params, list(ids))
    below = select(runs.c.parent, func.count()).group_by(runs.c.parent)
    mine = (runs.c.workspace == workspace, runs.c.parent.in_(ids.values()))
    children = {row[0]: row[1] for row in connection.execute(below.where(*mine))}
    return {
        name: RunFacts(
            {found.key: found.value for found in metrics.get(seq, ())},
            {found.key: found.value for found in param.get(seq, ())},
            children.get(name, 0),
        )
        for seq, name in ids.items()
    }


def _metrics(connection: Connection, seqs: Sequence[int]) -> Grouped:
    found: Grouped = {}
    for ids in chunks(seqs):
        columns = (series.c.run, series.c.key, series.c.value, series.c.timestamp, series.c.step)
        query = select(*columns).where(series.c.run.in_(ids)).order_by(series.c.run, series.c.key)
        found |= grouped(connection.execute(query))
    return found


def _pairs(connection: Connection, table: Table, seqs: Sequence[int]) -> Grouped:
    found: Grouped = {}
    for ids in chunks(seqs):
        query = select(table).where(table.c.run.in_(ids)).order_by(table.c.run, table.c.key)
        found |= grouped(connection.execute(query))
    return found


def free_tags(connection: Connection, seqs: Sequence[int]) -> Grouped:
    """Give the tags of runs but for those that MLflow itself keeps, which can be long."""
    free = tags.c.key.not_like(f"{OF_MLFLOW}%")
    query = select(tags).where(tags.c.run.in_(seqs), free).order_by(tags.c.run, tags.c.key)
    return grouped(connection.execute(query))


def _models(connection: Connection, seqs: Sequence[int]) -> Grouped:
    found: Grouped = {}
    one = run_models.c
    for ids in chunks(seqs):
        query = select(one.run, one.made, one.model_id, one.step).where(one.run.in_(ids))
        found |= grouped(connection.execute(query.order_by(one.run, one.id)))
    return found


def _datasets(connection: Connection, seqs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    found: dict[int, list[DatasetInput]] = {}
    for ids in chunks(seqs):
        query = (
            select(dataset_inputs.c.run, dataset_inputs.c.id.label("input"), datasets)
            .join(datasets, datasets.c.id == dataset_inputs.c.dataset)
            .where(dataset_inputs.c.run.in_(ids))
            .order_by(dataset_inputs.c.run, dataset_inputs.c.id)
        )
        rows = connection.execute(query).fetchall()
        labels = _input_tags(connection, [row.input for row in rows])
        for row in rows:
            dataset = Dataset(
                row.name, row.digest, row.source_type, row.source, row.schema, row.profile
            )
            tag = [Pair(*label[1:]) for label in labels.get(row.input, ())]
            found.setdefault(row.run, []).append(DatasetInput(dataset, tag))
    return found


def _input_tags(connection: Connection, inputs: Sequence[int]) -> Grouped:
    found: Grouped = {}
    table = dataset_input_tags
    for ids in chunks(inputs):
        query = select(table).where(table.c.input.in_(ids)).order_by(table.c.input, table.c.key)
        found |= grouped(connection.execute(query))
    return found
