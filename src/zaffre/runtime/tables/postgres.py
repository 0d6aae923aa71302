"""PostgreSQL, as Arrow: read and written through COPY by ADBC's driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from adbc_driver_manager import Error
from adbc_driver_postgresql import dbapi

from zaffre.runtime.tables.databases import with_secret
from zaffre.runtime.tables.dialects import POSTGRES
from zaffre.runtime.tables.order import Address, Broken

_STAGE = "zaffre_stage"


def connect(address: Address) -> Postgres:
    """Connect; the transaction begins with the first statement."""
    url = with_secret(address).replace("postgres://", "postgresql://", 1)
    url = "postgresql" + url[url.index("://") :]
    try:
        return Postgres(dbapi.connect(url))
    except Error as error:
        raise Broken(_words(error)) from None


def _words(error: Error) -> str:
    """Give the server's own words, without the statement."""
    text = str(error).partition("Query was:")[0]
    return " ".join(text.split())


class Postgres:
    """One connection to PostgreSQL (the `Database` socket)."""

    dialect = POSTGRES

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.run("SET standard_conforming_strings = on")
        self.run("SET client_min_messages = warning")
        self.commit()

    def columns(self, table: str) -> dict[str, str] | None:
        """Look a table up in the catalogue."""
        name = self.dialect.literal(self.dialect.table(table))
        rows = self.read(
            "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type "
            f"FROM pg_attribute WHERE attrelid = to_regclass({name}) "
            "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        ).to_pylist()
        return {row["name"]: row["type"] for row in rows} or None

    def described(self, relation: str) -> dict[str, str]:
        """Ask for no rows and look at their types."""
        schema = self.read(f"SELECT * FROM {relation} LIMIT 0").schema
        found = {}
        for field in schema:
            said = field.metadata or {}
            found[field.name] = said.get(b"POSTGRESQL:type", b"text").decode()
        return found

    def read(self, statement: str) -> pa.Table:
        """Run a query."""
        cursor = self._execute(statement)
        try:
            return plain(cursor.fetch_arrow_table())
        except (Error, pa.ArrowException, OSError) as error:
            raise Broken(str(error)) from None
        finally:
            cursor.close()

    def stream(self, statement: str) -> Iterator[pa.Table]:
        """Read the result as it comes."""
        cursor = self._execute(statement)
        try:
            for batch in cursor.fetch_record_batch():
                yield plain(pa.Table.from_batches([batch]))
        except (Error, pa.ArrowException, OSError) as error:
            raise Broken(str(error)) from None
        finally:
            cursor.close()

    def run(self, statement: str) -> int:
        """Run a statement."""
        cursor = self._execute(statement)
        changed = int(cursor.rowcount)
        cursor.close()
        return changed

    def put(self, table: str, rows: pa.Table, types: Mapping[str, str], key: str) -> None:
        """Copy rows into a table of this transaction alone, and insert them from there."""
        names = rows.column_names
        staged = ", ".join(
            f"{self.dialect.name_of(field.name)} {self.dialect.type_of(field.type)}"
            for field in rows.schema
        )
        self.run(f"CREATE TEMPORARY TABLE {_STAGE} ({staged}) ON COMMIT DROP")
        cursor = self._connection.cursor()
        try:
            cursor.adbc_ingest(_STAGE, rows, mode="append", temporary=True)
        except Error as error:
            raise Broken(_words(error)) from None
        finally:
            cursor.close()
        quoted = [self.dialect.name_of(name) for name in names]
        cast = [f"CAST({one} AS {types[name]})" for name, one in zip(names, quoted, strict=True)]
        statement = (
            f"INSERT INTO {self.dialect.table(table)} ({', '.join(quoted)}) "
            f"SELECT {', '.join(cast)} FROM {_STAGE}"
        )
        self.run(statement + (self.dialect.on_conflict(names, key) if key else ""))
        self.run(f"DROP TABLE {_STAGE}")

    def commit(self) -> None:
        """Commit."""
        self._ended(self._connection.commit)

    def rollback(self) -> None:
        """Roll back."""
        self._ended(self._connection.rollback)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def _ended(self, end: Any) -> None:
        try:
            end()
        except Error as error:
            raise Broken(_words(error)) from None

    def _execute(self, statement: str) -> Any:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
        except Error as error:
            cursor.close()
            raise Broken(_words(error)) from None
        return cursor


def plain(table: pa.Table) -> pa.Table:
    """Give types that every part of us knows: numerics as doubles, all else strange as text."""
    columns = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        columns[field.name] = _plain(column, field)
    schema = pa.schema(
        [
            pa.field(field.name, columns[field.name].type, metadata=field.metadata)
            for field in table.schema
        ]
    )
    return pa.table(list(columns.values()), schema=schema)


def _plain(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"")
    if kind == b"uuid":
        texts = [None if one is None else str(one) for one in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    storage = pa.chunked_array(
        [chunk.storage for chunk in column.chunks], type=column.type.storage_type
    )
    return storage.cast(pa.float64()) if kind == b"numeric" else storage.cast(pa.string())
