"""What runs log, in SQL: metrics, params, tags, and the journals of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from math import isnan
from typing import Any

from sqlalchemy import Connection, update

from zaffre.errors import Invalid
from zaffre.kinds.tracking import (
    PARENT_RUN,
    RUN_NAME,
    SOURCE_NAME,
    Batch,
    JournalGap,
    Metric,
    Pair,
)
from zaffre.store.database import Database
from zaffre.store.logged_models import write_metrics
from zaffre.store.tracking_points import insert_points
from zaffre.store.tracking_runs import TAG_UPSERT
from zaffre.store.tracking_shared import (
    active_run,
    chunks,
    insert_rows,
    plain,
    run_key,
    together,
)
from zaffre.store.tracking_tables import NAN, runs

FEW = 8
"""Up to so many metrics or params are looked up one by one, more by reading all of the run."""

_AT_ONCE = 100
"""New metrics in one statement."""

_MOVE = "UPDATE series SET value = ?, timestamp = ?, step = ? WHERE id = ?"
_MOVE_ALL = (
    "UPDATE series SET value = n.value, timestamp = n.timestamp, step = n.step"
    " FROM unnest(?::bigint[], ?::float8[], ?::bigint[], ?::bigint[])"
    " AS n (id, value, timestamp, step) WHERE series.id = n.id"
)

_COLUMN_OF_TAG = {RUN_NAME: "name", PARENT_RUN: "parent", SOURCE_NAME: "source"}

Latest = tuple[int, int, float]
"""Step, time, value: the greatest is the latest. NaN counts as 0, as in MLflow."""


class SqlLog:
    """Keeps what runs log in a SQL database (part of the tracking socket)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, workspace: str, run_id: str, batch: Batch) -> Future[None]:
        """Keep a batch, durably once the future is done."""

        def work(connection: Connection) -> None:
            run = active_run(connection, workspace, run_id)
            _write(connection, run.seq, run_id, batch, keep_first=False)
            if any(metric.model_id for metric in batch.metrics):
                write_metrics(connection, workspace, run_id, batch.metrics)

        return self._database.write_async(work)

    def amend_tag(
        self, workspace: str, run_id: str, key: str, change: Callable[[str | None], str]
    ) -> None:
        """Set a tag of an active run to what `change` makes of its value."""

        def work(connection: Connection) -> None:
            run = active_run(connection, workspace, run_id)
            sql = "SELECT value FROM tags WHERE run = ? AND key = ?"
            row = plain(connection, sql, (run.seq, key)).fetchone()
            _write_tags(connection, run.seq, [Pair(key, change(row[0] if row else None))])

        self._database.write(work)

    def append_journal(
        self, workspace: str, run_id: str, offset: int, size: int, batch: Batch
    ) -> int:
        """Apply a piece of a journal that starts at a byte offset, exactly once."""

        def work(connection: Connection) -> int:
            run = run_key(connection, workspace, run_id)
            if run.journal != offset:
                raise JournalGap(run.journal)
            _write(connection, run.seq, run_id, batch, keep_first=True)
            moved = update(runs).where(runs.c.seq == run.seq).values(journal=offset + size)
            connection.execute(moved)
            return offset + size

        return self._database.write(work)

    def journal_offset(self, workspace: str, run_id: str) -> int:
        """Give the offset up to which a run's journal is kept."""
        with self._database.glance() as connection:
            return run_key(connection, workspace, run_id).journal


def _write(
    connection: Connection, seq: int, run_id: str, batch: Batch, *, keep_first: bool
) -> None:
    if batch.params:
        _write_params(connection, seq, run_id, batch, keep_first=keep_first)
    if batch.metrics:
        _write_metrics(connection, seq, batch.metrics)
    if batch.tags:
        _write_tags(connection, seq, batch.tags)


def _write_params(
    connection: Connection, seq: int, run_id: str, batch: Batch, *, keep_first: bool
) -> None:
    wanted = {param.key: param.value for param in batch.params}
    known = _known_params(connection, seq, list(wanted))
    changed = [key for key in wanted if key in known and known[key] != wanted[key]]
    if changed and not keep_first:
        raise Invalid(_change_message(batch, run_id, known, wanted, changed))
    rows = [(seq, key, value) for key, value in wanted.items() if key not in known]
    insert_rows(connection, "INSERT INTO params (run, key, value)", rows)


def _known_params(connection: Connection, seq: int, keys: Sequence[str]) -> dict[str, str]:
    if len(keys) > FEW:
        return dict(plain(connection, "SELECT key, value FROM params WHERE run = ?", (seq,)))
    sql = "SELECT key, value FROM params WHERE run = ? AND key = ?"
    found = (plain(connection, sql, (seq, key)).fetchone() for key in keys)
    return dict(row for row in found if row is not None)


def _change_message(
    batch: Batch,
    run_id: str,
    known: dict[str, str],
    wanted: dict[str, str],
    changed: Sequence[str],
) -> str:
    if len(wanted) == 1 and not batch.metrics and not batch.tags:
        key = changed[0]
        return (
            f"Changing param values is not allowed. Param with key='{key}' was already logged with"
            f" value='{known[key]}' for run ID='{run_id}'. Attempted logging new value"
            f" '{wanted[key]}'."
        )
    shown = [{"key": k, "old_value": known[k], "new_value": wanted[k]} for k in changed]
    return (
        "Changing param values is not allowed. Params were already logged="
        f"'{shown}' for run ID='{run_id}'."
    )


def _write_tags(connection: Connection, seq: int, batch: Sequence[Pair]) -> None:
    latest = {tag.key: tag.value for tag in batch}
    rows = [(seq, key, value) for key, value in latest.items()]
    insert_rows(connection, "INSERT INTO tags (run, key, value)", rows, TAG_UPSERT)
    shown = {
        column: latest[key]
        for key, column in _COLUMN_OF_TAG.items()
        if key in latest and (latest[key] or key != RUN_NAME)
    }
    if shown:
        connection.execute(update(runs).where(runs.c.seq == seq).values(**shown))


def _write_metrics(connection: Connection, seq: int, metrics: Sequence[Metric]) -> None:
    newest = _newest(metrics)
    known = _known_series(connection, seq, list(newest))
    added = [newest[key] for key in newest if key not in known]
    ids = {key: row[0] for key, row in known.items()} | _add_series(connection, seq, added)
    moved = {
        ids[key]: newest[key]
        for key, row in known.items()
        if key in newest and _metric_rank(newest[key]) > _rank(*row[1:])
    }
    keys, values, times, steps, *_ = zip(*metrics, strict=True)
    columns = (list(map(ids.__getitem__, keys)), times, steps, values)
    new = _are_new(metrics, {key: row[1] for key, row in known.items()})
    with together(connection):
        _move_series(connection, moved)
        insert_points(connection, columns, new=new)


def _are_new(metrics: Sequence[Metric], steps: Mapping[str, int]) -> bool:
    """Say whether no point can be there: all are behind the latest steps, and all differ. Pure."""
    return (
        all(metric[3] > steps[metric[0]] for metric in metrics if metric[0] in steps)
        and len({metric[:4] for metric in metrics}) == len(metrics)
        and not any(isnan(metric[1]) for metric in metrics)
    )


def _newest(metrics: Sequence[Metric]) -> dict[str, Metric]:
    """Give the latest point of each metric."""
    newest: dict[str, Metric] = {}
    last = metrics[0]
    rank = _metric_rank(last)
    for metric in metrics:
        if metric[0] != last[0]:
            newest[last[0]] = last
            last = newest.get(metric[0], metric)
            rank = _metric_rank(last)
        # Most often the steps go up: then nothing more is compared.
        if metric[3] > rank[0] or (metric[3] == rank[0] and _metric_rank(metric) > rank):
            last, rank = metric, _metric_rank(metric)
    newest[last[0]] = last
    return newest


def _metric_rank(metric: Metric) -> Latest:
    return _rank(metric[3], metric[2], metric[1])


def _rank(step: int, timestamp: int, value: Any) -> Latest:
    number = float(value)
    return step, timestamp, 0.0 if isnan(number) else number


def _known_series(
    connection: Connection, seq: int, keys: Sequence[str]
) -> dict[str, tuple[int, int, int, Any]]:
    """Give id, step, time and value of the metrics that the run has."""
    sql = "SELECT key, id, step, timestamp, value FROM series WHERE run = ?"
    if len(keys) > FEW:
        rows: Iterable[Any] = plain(connection, sql, (seq,)).fetchall()
    else:
        sql += " AND key = ?"
        rows = (plain(connection, sql, (seq, key)).fetchone() for key in keys)
    return {row[0]: row[1:] for row in rows if row is not None}


def _add_series(connection: Connection, seq: int, metrics: Sequence[Metric]) -> dict[str, int]:
    """Begin new metrics, and give their numbers."""
    head = "INSERT INTO series (run, key, value, timestamp, step)"
    found: dict[str, int] = {}
    for some in chunks(metrics, _AT_ONCE):
        marks = ",".join(["(?, ?, ?, ?, ?)"] * len(some))
        values = [part for one in some for part in (seq, one.key, *_latest(connection, one))]
        rows = plain(connection, f"{head} VALUES {marks} RETURNING key, id", values)
        found |= dict(rows.fetchall())
    return found


def _move_series(connection: Connection, moved: Mapping[int, Metric]) -> None:
    """Let the latest points of metrics be these."""
    rows = [(number, *_latest(connection, metric)) for number, metric in moved.items()]
    if connection.dialect.name != "postgresql":
        for number, *latest in rows:
            plain(connection, _MOVE, (*latest, number))
    elif rows:
        plain(connection, _MOVE_ALL, [list(column) for column in zip(*rows, strict=True)])


def _latest(connection: Connection, metric: Metric) -> tuple[Any, int, int]:
    return stored(connection, metric.value), metric.timestamp, metric.step


def stored(connection: Connection, value: float) -> Any:
    """Give a metric's value as the database keeps it (SQLite has no NaN)."""
    return NAN if isnan(value) and connection.dialect.name == "sqlite" else value
