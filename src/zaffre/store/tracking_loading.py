"""Runs read with all that they logged, by as many queries for many runs as for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

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
from zaffre.store.tracking_shared import AnyRow, among, chunks, grouped, plain_all
from zaffre.store.tracking_tables import runs, tags

_DATA = (
    "SELECT i.run, i.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile"
    " FROM dataset_inputs i JOIN datasets d ON d.id = i.dataset WHERE {} ORDER BY i.run, i.id"
)
_BESIDE = (
    "SELECT 0 AS what, run, 0 AS place, key, value, 0 AS step FROM params WHERE {0}"
    " UNION ALL SELECT 1, run, 0, key, value, 0 FROM tags WHERE {0}"
    " UNION ALL SELECT 2 + made, run, id, model_id, '', step FROM run_models WHERE {0}"
    " UNION ALL SELECT 4, run, id, '', '', 0 FROM dataset_inputs WHERE {0}"
    " ORDER BY what, run, place, key"
)
"""All that runs have beside metrics: params, tags, models that went in and came out, data."""

_METRICS = "SELECT run, key, value, timestamp, step FROM series WHERE {} ORDER BY run, key"
_PARAMS = "SELECT run, key, value FROM params WHERE {} ORDER BY run, key"
_KINDS = 5
_AT_ONCE = 2_000
"""Runs in one query, whose condition stands in it several times."""

_INPUT_TAGS = "SELECT input, key, value FROM dataset_input_tags WHERE {} ORDER BY input, key"

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
    numbers = [row.seq for row in rows]
    metrics, beside = _read(connection, numbers, (_METRICS, _BESIDE))
    param, tag, models_in, models_out, uses = _by_kind(beside)
    data = _datasets(connection, list(uses)) if uses else {}
    return [
        Run(
            info=info_of(row),
            metrics=[
                Metric(key, float(value), time, step)  # SQLite has NaN as a text
                for _, key, value, time, step in metrics.get(row.seq, ())
            ],
            params=[Pair(*found[3:5]) for found in param.get(row.seq, ())],
            tags=[Pair(*found[3:5]) for found in tag.get(row.seq, ())],
            datasets=data.get(row.seq, ()),
            models_in=[ModelLink(one[3], one[5]) for one in models_in.get(row.seq, ())],
            models_out=[ModelLink(one[3], one[5]) for one in models_out.get(row.seq, ())],
        )
        for row in rows
    ]


def _by_kind(beside: Grouped) -> list[Grouped]:
    found: list[Grouped] = [{} for _ in range(_KINDS)]
    for run, rows in beside.items():
        for row in rows:
            found[row[0]].setdefault(run, []).append(row)
    return found


def load_facts(
    connection: Connection, workspace: str, ids: Mapping[int, str]
) -> dict[str, RunFacts]:
    """Give what tables show of the runs of these numbers, by their ids."""
    if not ids:
        return {}
    metrics, param = _read(connection, list(ids), (_METRICS, _PARAMS))
    below = select(runs.c.parent, func.count()).group_by(runs.c.parent)
    mine = (runs.c.workspace == workspace, runs.c.parent.in_(ids.values()))
    children = {row[0]: row[1] for row in connection.execute(below.where(*mine))}
    return {
        name: RunFacts(
            {key: float(value) for _, key, value, *_ in metrics.get(seq, ())},
            {key: value for _, key, value in param.get(seq, ())},
            children.get(name, 0),
        )
        for seq, name in ids.items()
    }


def _read(connection: Connection, seqs: Sequence[int], queries: Sequence[str]) -> list[Grouped]:
    """Read what some runs have of each query, by run."""
    found: list[Grouped] = [{} for _ in queries]
    for ids in chunks(seqs, _AT_ONCE):
        condition, values = among(connection, "run", ids)
        statements = [
            (query.format(condition), values * query.count("{0}") or values) for query in queries
        ]
        for number, rows in enumerate(plain_all(connection, statements)):
            place = 1 if queries[number] is _BESIDE else 0
            found[number] |= grouped(rows, place)
    return found


def free_tags(connection: Connection, seqs: Sequence[int]) -> Grouped:
    """Give the tags of runs but for those that MLflow itself keeps, which can be long."""
    free = tags.c.key.not_like(f"{OF_MLFLOW}%")
    query = select(tags).where(tags.c.run.in_(seqs), free).order_by(tags.c.run, tags.c.key)
    return grouped(connection.execute(query))


def _datasets(connection: Connection, seqs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    (inputs,) = _read(connection, seqs, (_DATA,))
    numbers = [row[1] for rows in inputs.values() for row in rows]
    labels: Grouped = {}
    for ids in chunks(numbers):
        condition, values = among(connection, "input", ids)
        labels |= grouped(plain_all(connection, [(_INPUT_TAGS.format(condition), values)])[0])
    return {
        run: [
            DatasetInput(Dataset(*row[2:]), [Pair(*one[1:]) for one in labels.get(row[1], ())])
            for row in rows
        ]
        for run, rows in inputs.items()
    }
