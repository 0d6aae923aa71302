"""DuckDB files, as Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from zaffre.runtime.tables.databases import path_of
from zaffre.runtime.tables.dialects import DUCKDB
from zaffre.runtime.tables.order import Address, Broken

_STAGE = "zaffre_stage"
_BATCH = 65_536


def connect(address: Address) -> Duck:
    """Open the file; one process at a time may."""
    path = path_of(address.url)
    if not Path(path).parent.is_dir():
        raise Broken(f"there is no folder `{Path(path).parent}`")
    try:
        return Duck(duckdb.connect(path))
    except duckdb.Error as error:
        raise Broken(str(error)) from None


class Duck:
    """One connection to a DuckDB file (the `Database` socket)."""

    dialect = DUCKDB

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._execute("SET TimeZone = 'UTC'")
        self._execute("BEGIN")

    def columns(self, table: str) -> dict[str, str] | None:
        """Look a table up in the catalogue."""
        schema, _, name = table.rpartition(".")
        literal = self.dialect.literal
        rows = self.read(
            "SELECT column_name AS name, data_type AS type FROM duckdb_columns() WHERE "
            f"schema_name = {literal(schema or 'main')} AND table_name = {literal(name)} "
            "ORDER BY column_index"
        ).to_pylist()
        return {row["name"]: row["type"] for row in rows} or None

    def described(self, relation: str) -> dict[str, str]:
        """Ask for the types of a query."""
        rows = self.read(f"DESCRIBE SELECT * FROM {relation}").to_pylist()
        return {row["column_name"]: row["column_type"] for row in rows}

    def read(self, statement: str) -> pa.Table:
        """Run a query."""
        try:
            found = self._connection.sql(statement).to_arrow_table()
        except duckdb.Error as error:
            raise Broken(_words(error)) from None
        return _plain_table(found)

    def stream(self, statement: str) -> Iterator[pa.Table]:
        """Read the result as it comes, on a cursor of its own."""
        try:
            for batch in self._connection.cursor().sql(statement).to_arrow_reader(_BATCH):
                yield _plain_table(pa.Table.from_batches([batch]))
        except duckdb.Error as error:
            raise Broken(_words(error)) from None

    def run(self, statement: str) -> int:
        """Run a statement."""
        found = self._execute(statement).fetchone()
        return int(found[0]) if found and isinstance(found[0], int) else 0

    def put(self, table: str, rows: pa.Table, types: Mapping[str, str], key: str) -> None:
        """Insert from Arrow."""
        quoted = [self.dialect.name_of(name) for name in rows.column_names]
        cast = ", ".join(
            f"CAST({one} AS {types[name]})"
            for name, one in zip(rows.column_names, quoted, strict=True)
        )
        self._connection.register(_STAGE, rows)
        statement = (
            f"INSERT INTO {self.dialect.table(table)} ({', '.join(quoted)}) "
            f"SELECT {cast} FROM {_STAGE}"
        )
        conflict = self.dialect.on_conflict(rows.column_names, key) if key else ""
        self._execute(statement + conflict)
        self._connection.unregister(_STAGE)

    def commit(self) -> None:
        """Commit, and begin anew."""
        self._execute("COMMIT")
        self._execute("BEGIN")

    def rollback(self) -> None:
        """Roll back, and begin anew."""
        self._execute("ROLLBACK")
        self._execute("BEGIN")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _execute(self, statement: str) -> Any:
        try:
            return self._connection.execute(statement)
        except duckdb.Error as error:
            raise Broken(_words(error)) from None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())


def _plain_table(table: pa.Table) -> pa.Table:
    return pa.table([_plain(column) for column in table.columns], names=table.column_names)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if isinstance(kind, pa.BaseExtensionType):
        texts = [None if one is None else str(one) for one in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column
