"""The histories of metrics, in SQL."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from math import isnan
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, true

from zaffre.errors import Invalid
from zaffre.kinds.tracking import History, Metric, Point
from zaffre.store.database import Database
from zaffre.store.tracking_shared import LARGEST, AnyRow, insert_rows, no_run, plain
from zaffre.store.tracking_tables import NAN, points, runs, series

PIECE = 10_000
"""Points read at once."""

_HEAD = "INSERT INTO points (series, timestamp, step, value)"
_UNNEST = (
    "INSERT INTO points (series, timestamp, step, value)"
    " SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::float8[])"
)
_KEPT = " ON CONFLICT DO NOTHING"
_FIRST = (
    "SELECT timestamp, step, value FROM points WHERE series = ?"
    " ORDER BY timestamp, step, value LIMIT ?"
)
_NEXT = (
    "SELECT timestamp, step, value FROM points WHERE series = ?"
    " AND (timestamp, step, value) > (?, ?, ?) ORDER BY timestamp, step, value LIMIT ?"
)

Columns = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[Any]]
"""Numbers of series, times, steps, values."""


def insert_points(connection: Connection, columns: Columns, *, new: bool = False) -> None:
    """Insert points; those that are there stay as they are. `new` says that none can be there."""
    if connection.dialect.name == "postgresql":
        *whole, values = columns
        arrays = [_array(column) for column in (*whole, map(float, values))]
        plain(connection, _UNNEST if new else _UNNEST + _KEPT, arrays)
        return
    series_, times, steps, values = columns
    if any(map(isnan, values)):
        values = [NAN if isnan(value) else value for value in values]
    rows = list(zip(series_, times, steps, values, strict=True))
    insert_rows(connection, _HEAD, rows, "ON CONFLICT DO NOTHING")


def _array(values: Iterable[float]) -> str:
    """Write an array as PostgreSQL reads it, much sooner than the driver adapts each number."""
    return "{" + ",".join(map(str, values)) + "}"


class SqlPoints:
    """Reads histories of metrics from a SQL database (part of the tracking socket)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(
        self, workspace: str, run_id: str, key: str, *, limit: int | None = None, page: str = ""
    ) -> History:
        """Give the points of a metric by time, step and value."""
        query = select(points.c.timestamp, points.c.step, points.c.value).order_by(
            points.c.timestamp, points.c.step, points.c.value
        )
        if page:
            query = query.where(_after(page))
        if limit is not None:
            query = query.limit(limit + 1)
        with self._database.read() as connection:
            number = _series(connection, workspace, run_id, key)
            if number is None:
                return History(())
            rows = connection.execute(query.where(points.c.series == number)).fetchall()
        found = [Point(*row) for row in rows]
        if limit is None or len(found) <= limit:
            return History(found)
        return History(found[:limit], _token(found[limit - 1]))

    def stream_history(self, workspace: str, run_id: str, key: str) -> Iterator[Sequence[Point]]:
        """Give all points of a metric in pieces."""
        with self._database.read() as connection:
            number = _series(connection, workspace, run_id, key)
        sql, after = _FIRST, ()
        while number is not None:
            # Each piece is read by itself: slow readers hold no snapshot, points never change.
            with self._database.read() as connection:
                rows = plain(connection, sql, (number, *after, PIECE)).fetchall()
            if rows:
                yield rows
            if len(rows) < PIECE:
                return
            sql, after = _NEXT, rows[-1]

    def histories(
        self, workspace: str, run_ids: Sequence[str], key: str, limit: int
    ) -> list[tuple[str, Metric]]:
        """Give points of a metric of several runs, by run id, then time."""
        query = (
            select(runs.c.id, points.c.value, points.c.timestamp, points.c.step)
            .join(series, and_(series.c.run == runs.c.seq, series.c.key == key))
            .join(points, points.c.series == series.c.id)
            .where(runs.c.workspace == workspace, runs.c.id.in_(run_ids))
            .order_by(runs.c.id, points.c.timestamp, points.c.step, points.c.value)
            .limit(limit)
        )
        with self._database.glance() as connection:
            rows = connection.execute(query).fetchall()
        return [(row.id, Metric(key, row.value, row.timestamp, row.step)) for row in rows]

    def sample(
        self,
        workspace: str,
        run_ids: Sequence[str],
        key: str,
        limit: int,
        steps: tuple[int, int] | None = None,
    ) -> list[tuple[str, Metric]]:
        """Give at most `limit` points of each run, evenly chosen by step."""
        found: list[tuple[str, Metric]] = []
        with self._database.read() as connection:
            numbers = [_series(connection, workspace, run_id, key) for run_id in run_ids]
            for run_id, number in zip(run_ids, numbers, strict=True):
                if number is not None:
                    rows = _sample(connection, number, limit, steps)
                    found += zip(repeat(run_id), (Metric(key, *row) for row in rows))
        return found


def _series(connection: Connection, workspace: str, run_id: str, key: str) -> int | None:
    """Find a metric of a run; None where the run has no such metric.

    Raises:
        NotFound: there is no such run.
    """
    query = (
        select(runs.c.seq, series.c.id)
        .outerjoin(series, and_(series.c.run == runs.c.seq, series.c.key == key))
        .where(runs.c.workspace == workspace, runs.c.id == run_id)
    )
    row = connection.execute(query).first()
    if row is None:
        raise no_run(run_id)
    found: int | None = row[1]
    return found


def _sample(
    connection: Connection, number: int, limit: int, steps: tuple[int, int] | None
) -> list[AnyRow]:
    """Cut the points into equal parts by step and take the first of each, and the very last."""
    mine = points.c.series == number
    if steps is not None:
        mine = and_(mine, points.c.step.between(*steps))
    count = select(func.count()).select_from(points).where(mine)
    total = connection.execute(count).scalar_one()
    order = (points.c.step, points.c.timestamp, points.c.value)
    place = func.row_number().over(order_by=order).label("place")
    listed = (
        select(points.c.value, points.c.timestamp, points.c.step, place).where(mine).subquery()
    )
    at = listed.c.place
    chosen = at == total
    if total <= limit:
        chosen = true()
    elif limit > 1:
        chosen = or_(chosen, (at - 1) * limit // total != (at - 2) * limit // total, at == 1)
    rows = connection.execute(select(listed).where(chosen).order_by(at)).fetchall()
    if len(rows) > limit:
        rows = [*rows[: limit - 1], rows[-1]]
    return [row[:3] for row in rows]  # type: ignore[misc]


def _token(point: Point) -> str:
    last = [point.timestamp, point.step, NAN if isnan(point.value) else point.value]
    return base64.urlsafe_b64encode(json.dumps({"after": last}).encode()).decode()


def _after(token: str) -> Any:
    try:
        time, step, value = json.loads(base64.urlsafe_b64decode(token.encode()))["after"]
        whole = all(type(n) is int and abs(n) <= LARGEST for n in (time, step))
        value = float(value)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, binascii.Error):
        whole, time, step, value = False, 0, 0, 0.0
    if not whole:
        raise Invalid("Invalid page token, it does not belong to this history.")
    here = and_(points.c.timestamp == time, points.c.step == step, points.c.value > value)
    later = and_(points.c.timestamp == time, points.c.step > step)
    return and_(points.c.timestamp >= time, or_(points.c.timestamp > time, later, here))
