"""Removing predictions that nobody sees: batches of before, views that are gone, old hot ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from zaffre.store.database import Database
from zaffre.store.prediction_tables import (
    HOT,
    prediction_generations,
    prediction_views,
    predictions,
)

CHUNK = 5000
CHUNKS = 40
"""Rows of one transaction, and transactions of one sweep: others write in between."""

ABANDONED = 3600 * 1_000_000
"""After this long a batch that was begun is no longer coming in."""

_p, _v, _g = predictions.c, prediction_views.c, prediction_generations.c


class Sweep:
    """One sweep; what it does not get to is left to the next."""

    def __init__(self, database: Database, now: int) -> None:
        self._database = database
        self._now = now
        self._left = CHUNKS

    def run(self, kept: Mapping[str, int], listed_at: int) -> bool:
        """Remove some; true if there is more to do."""
        self._forget(frozenset(kept), listed_at)
        with self._database.read() as connection:
            leftovers = list(_leftovers(connection, self._now - ABANDONED))
            gone = list(_views_without_room(connection))
        for view, job in leftovers:
            if self._clear([_p.view == view, _p.generation == job]):
                place = (_g.view == view, _g.job == job)
                self._write(delete(prediction_generations).where(*place))
        for view in gone:
            self._clear([_p.view == view])
        for view, until in kept.items():
            self._clear([_p.view == view, _p.generation == HOT, _p.made_at < until, _covered()])
        return self._left <= 0

    def _forget(self, kept: frozenset[str], listed_at: int) -> None:
        with self._database.read() as connection:
            opened = connection.execute(select(_v.id, _v.opened_at)).all()
        for row in opened:
            if row.id not in kept and row.opened_at < listed_at:
                self._write(delete(prediction_views).where(_v.id == row.id))

    def _clear(self, conditions: list[ColumnElement[bool]]) -> bool:
        """Remove rows chunk by chunk; true if none is left."""
        place = (_p.view, _p.generation, _p.source)
        while self._left > 0:
            self._left -= 1
            with self._database.read() as connection:
                some = connection.execute(select(*place).where(*conditions).limit(CHUNK)).all()
            if not some:
                self._left += 1
                return True
            view, generation = some[0].view, some[0].generation
            sources = [row.source for row in some if row.generation == generation]
            same = (_p.view == view, _p.generation == generation, _p.source.in_(sources))
            self._write(delete(predictions).where(*same))
        return False

    def _write(self, statement: Any) -> None:
        def work(connection: Connection) -> None:
            connection.execute(statement)

        self._database.write(work)


def _leftovers(connection: Connection, before: int) -> Iterator[tuple[str, str]]:
    """Give the batches that are not current, but those that may still be coming in."""
    query = (
        select(_g.view, _g.job)
        .outerjoin(prediction_views, _v.id == _g.view)
        .where(
            or_(_v.id.is_(None), _v.generation.is_(None), _v.generation != _g.job),
            or_(_v.id.is_(None), _g.settled, _g.touched_at < before),
        )
    )
    return ((row.view, row.job) for row in connection.execute(query))


def _views_without_room(connection: Connection) -> Iterator[str]:
    """Give the ids of views that are gone and of which rows are left."""
    after: str | None = ""
    while after is not None:
        query = select(_p.view).where(_p.view > after).order_by(_p.view).limit(1)
        after = connection.execute(query).scalar()
        if (
            after is not None
            and not connection.execute(select(_v.id).where(_v.id == after)).first()
        ):
            yield after


def _covered() -> ColumnElement[bool]:
    """Say that the current batch has a prediction of the entity that is as new."""
    cold = predictions.alias("cold")
    return exists().where(
        cold.c.view == _p.view,
        cold.c.key == _p.key,
        cold.c.event_time >= _p.event_time,
        cold.c.generation == _v.generation,
        _v.id == _p.view,
        _g.view == _p.view,
        _g.job == _v.generation,
        or_(cold.c.event_time > _p.event_time, _g.read_at >= _p.made_at),
    )
