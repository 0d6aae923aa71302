"""Databases that give rows one by one (SQLite, MySQL), read and written as Arrow columns."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from zaffre.runtime.tables.dialects import Dialect
from zaffre.runtime.tables.order import Broken

_BATCH = 10_000


def array_of(values: Sequence[Any]) -> pa.Array:
    """Give values as an array: of one type where they have one, else as text."""
    plain = [float(one) if isinstance(one, decimal.Decimal) else one for one in values]
    try:
        return pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    if all(one is None or isinstance(one, (int, float)) for one in plain):
        return pa.array([None if one is None else float(one) for one in plain], pa.float64())
    return pa.array([text_of(one) for one in plain], pa.string())


def text_of(value: Any) -> str | None:
    """Give a value as text; None stays."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value, default=str)
    return str(value)


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Give any column as text; lists and structures are written as JSON."""
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([text_of(one) for one in column.to_pylist()], pa.string())


class RowDatabase:
    """A connection after Python's own rules for databases (the `Database` socket)."""

    dialect: Dialect
    errors: type[Exception]
    mark: str
    """What stands for a value in a statement."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def columns(self, table: str) -> dict[str, str] | None:
        """Look a table up in the catalogue."""
        raise NotImplementedError

    def described(self, relation: str) -> dict[str, str]:
        """Give the columns; they have no types that a value would have to be cast to."""
        cursor = self._execute(f"SELECT * FROM {relation} LIMIT 0")
        return {one[0]: "" for one in cursor.description}

    def read(self, statement: str) -> pa.Table:
        """Run a query."""
        cursor = self._execute(statement)
        return self._table(cursor, cursor.fetchall())

    def stream(self, statement: str) -> Iterator[pa.Table]:
        """Read the result some rows at a time."""
        cursor = self._execute(statement)
        while rows := cursor.fetchmany(_BATCH):
            yield self._table(cursor, rows)

    def _table(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> pa.Table:
        names = [one[0] for one in cursor.description]
        columns = list(zip(*rows, strict=True)) if rows else [() for _ in names]
        return pa.table([array_of(values) for values in columns], names=names)

    def run(self, statement: str) -> int:
        """Run a statement."""
        return int(self._execute(statement).rowcount)

    def put(self, table: str, rows: pa.Table, types: Mapping[str, str], key: str) -> None:  # noqa: ARG002 (these cast by themselves)
        """Insert row by row, in one go."""
        names = rows.column_names
        quoted = ", ".join(self.dialect.name_of(name) for name in names)
        marks = ", ".join([self.mark] * len(names))
        statement = f"INSERT INTO {self.dialect.table(table)} ({quoted}) VALUES ({marks})"
        statement += self.dialect.on_conflict(names, key) if key else ""
        columns = [[self.value(one) for one in column.to_pylist()] for column in rows.columns]
        try:
            self._connection.cursor().executemany(statement, list(zip(*columns, strict=True)))
        except self.errors as error:
            raise Broken(str(error)) from None

    def value(self, value: Any) -> Any:
        """Give a value as the driver takes it."""
        if isinstance(value, datetime.datetime):
            return value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(" ")
        return value

    def commit(self) -> None:
        """Commit."""
        try:
            self._connection.commit()
        except self.errors as error:
            raise Broken(str(error)) from None

    def rollback(self) -> None:
        """Roll back."""
        self._connection.rollback()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _execute(self, statement: str) -> Any:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
        except self.errors as error:
            raise Broken(str(error)) from None
        return cursor
