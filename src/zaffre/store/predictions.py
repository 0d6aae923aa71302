"""Predictions of views on SQL (the `PredictionStore` socket)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from zaffre.errors import Conflict
from zaffre.kinds.prediction import Generation, Prediction, Scored, current
from zaffre.ports.clock import Clock
from zaffre.ports.predictions import NONE, Standing, Unread, View
from zaffre.store import prediction_rows as rows_of
from zaffre.store.database import Database
from zaffre.store.prediction_sweep import Sweep
from zaffre.store.prediction_tables import (
    prediction_generations,
    prediction_views,
)
from zaffre.store.prediction_tables import predictions as table
from zaffre.store.resource_rows import micros

_p, _v, _g = table.c, prediction_views.c, prediction_generations.c
MOST = 5000
"""Values in one query; SQLite takes 32,766."""

_FACTS = ("read_at", "watermark", "rows", "model")


class SqlPredictions:
    """Keeps predictions in a SQL database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def open(self, view: View) -> Standing:
        """Make room for a view; say how it stands."""
        with self._database.read() as connection:
            known = _standing(connection, view)
        if known is not None:
            return known
        values = {"id": view.id, "workspace": view.workspace, "name": view.name}
        opened = {**values, "opened_at": self._now(), "hot": 0, "unread": 0, "why": ""}

        def work(connection: Connection) -> None:
            if _standing(connection, view) is None:
                same = (_v.workspace == view.workspace, _v.name == view.name)
                connection.execute(delete(prediction_views).where(*same))
                connection.execute(insert(prediction_views).values(opened))

        self._database.write(work)
        return Standing()

    def append(self, view: View, predictions: Sequence[Prediction], unread: Unread = NONE) -> None:
        """Keep hot predictions."""
        values = rows_of.hot_values(view.id, predictions)

        def work(connection: Connection) -> None:
            added = _add(connection, values)
            counts: dict[str, Any] = {"hot": _v.hot + added, "unread": _v.unread + unread.count}
            counts |= {"why": unread.why} if unread.count else {}
            connection.execute(update(prediction_views).where(_v.id == view.id).values(counts))

        if values or unread.count:
            self._database.write(work)

    def stage(self, view: View, job: str, rows: Sequence[Scored], first: int) -> None:
        """Keep rows of a batch that nobody sees yet."""
        values = rows_of.cold_values(view.id, job, rows, first)

        def work(connection: Connection) -> None:
            now = _current(connection, view)
            if now is not None and now.job == job:
                return
            if not first:
                self._begin(connection, view, job)
            if values:
                connection.execute(_unless_there(connection), values)
            place = (_g.view == view.id, _g.job == job)
            touched = update(prediction_generations).where(*place)
            connection.execute(touched.values(touched_at=self._now()))

        self._database.write(work)

    def _begin(self, connection: Connection, view: View, job: str) -> None:
        connection.execute(delete(table).where(_p.view == view.id, _p.generation == job))
        connection.execute(delete(prediction_generations).where(_g.view == view.id, _g.job == job))
        values = {"view": view.id, "job": job, "read_at": 0, "watermark": 0, "rows": 0}
        more = {"model": "", "settled": False, "touched_at": self._now()}
        connection.execute(insert(prediction_generations).values({**values, **more}))

    def publish(self, view: View, generation: Generation) -> bool:
        """Let a batch take the place of the current one."""

        def work(connection: Connection) -> bool:
            before = _current(connection, view)
            if before is not None and before.job == generation.job:
                return True
            wins = current([generation, *_some(before)]) is generation
            if wins:
                _check_whole(connection, view, generation)
                swap = update(prediction_views).where(_v.id == view.id)
                connection.execute(swap.values(generation=generation.job))
            place = (_g.view == view.id, _g.job == generation.job)
            facts = {name: getattr(generation, name) for name in _FACTS}
            settled = update(prediction_generations).where(*place)
            connection.execute(settled.values(settled=True, **facts))
            return wins

        return self._database.write(work)

    def newest(self, view: View, key: str, until: int | None = None) -> Prediction | None:
        """Give the prediction of an entity that counts."""
        asked = {"view": view.id, "key": key, "until": _bound(until)}
        with self._database.read() as connection:
            row = connection.execute(rows_of.ONE, asked).first()
        return rows_of.prediction(row) if row is not None else None

    def page(
        self, view: View, after: str, limit: int, until: int | None = None
    ) -> list[Prediction]:
        """Give what counts of the next entities after a key."""
        asked = {"view": view.id, "after": after, "limit": limit, "until": _bound(until)}
        with self._database.read() as connection:
            return [rows_of.prediction(row) for row in connection.execute(rows_of.PAGE, asked)]

    def sweep(self, kept: Mapping[str, datetime], listed_at: datetime) -> bool:
        """Remove what nobody sees any more."""
        limits = {view: micros(until) for view, until in kept.items()}
        return Sweep(self._database, self._now()).run(limits, micros(listed_at))

    def _now(self) -> int:
        return micros(self._clock.now())


def _bound(until: int | None) -> int:
    return rows_of.ENDLESS if until is None else until


def _standing(connection: Connection, view: View) -> Standing | None:
    row = connection.execute(select(prediction_views).where(_v.id == view.id)).first()
    if row is None:
        return None
    return Standing(_current(connection, view), row.hot, row.unread, row.why)


def _current(connection: Connection, view: View) -> Generation | None:
    query = (
        select(prediction_generations)
        .join(prediction_views, (_v.id == _g.view) & (_v.generation == _g.job))
        .where(_v.id == view.id)
    )
    return rows_of.generation(connection.execute(query).first())


def _some(generation: Generation | None) -> list[Generation]:
    return [] if generation is None else [generation]


def _check_whole(connection: Connection, view: View, generation: Generation) -> None:
    place = (_p.view == view.id, _p.generation == generation.job)
    count = connection.execute(select(func.count()).select_from(table).where(*place))
    staged = count.scalar_one()
    if staged != generation.rows:
        raise Conflict(
            f"Of job `{generation.job}` {staged} rows are staged, not {generation.rows}.",
            hint="Load it again.",
        )


def _unless_there(connection: Connection) -> Any:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def _add(connection: Connection, values: list[dict[str, Any]]) -> int:
    """Add rows that are not there yet, and say how many: there is one writer, nobody else."""
    named = {row["source"]: row for row in reversed(values)}
    for start in range(0, len(values), MOST):
        some = [row["source"] for row in values[start : start + MOST]]
        place = (_p.view == values[0]["view"], _p.generation == values[0]["generation"])
        there = select(_p.source).where(*place, _p.source.in_(some))
        for source in connection.execute(there).scalars():
            named.pop(source, None)
    if named:
        connection.execute(insert(table), list(named.values()))
    return len(named)
