"""The SQL that databases write differently. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


def _standard(value: Any) -> str:
    """Write a value as standard SQL has it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    if "\0" in text:
        raise ValueError("a text holds a zero byte")
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Dialect:
    """How one database writes names, values, types and upserts."""

    name: str
    whole: str
    real: str
    truth: str
    moment: str
    text: str
    key_text: str
    catalogue: str
    """The query that gives the names of the tables there are, as `name`."""
    quote: str = '"'
    literal: Callable[[Any], str] = _standard
    casts: bool = True
    """Whether texts are cast to a column's type where they are compared with it."""
    pages: bool = False
    """Whether a result is read page by page: an open one would keep writers out."""

    def name_of(self, identifier: str) -> str:
        """Quote a column's name."""
        return self.quote + identifier.replace(self.quote, self.quote * 2) + self.quote

    def table(self, text: str) -> str:
        """Quote a table's name, with its schema where it has one: `schema.table`."""
        return ".".join(self.name_of(part) for part in text.split("."))

    def type_of(self, kind: pa.DataType, *, key: bool = False) -> str:
        """Give the type of a column for values of an Arrow type."""
        if pa.types.is_boolean(kind):
            return self.truth
        if pa.types.is_integer(kind):
            return self.whole
        if pa.types.is_floating(kind):
            return self.real
        if pa.types.is_timestamp(kind):
            return self.moment
        return self.key_text if key else self.text

    def value(self, value: Any, kind: str) -> str:
        """Write a value to be compared with a column of a type."""
        if isinstance(value, str) and self.casts and kind:
            return f"CAST({self.literal(value)} AS {kind})"
        return self.literal(value)

    def create(self, table: str, columns: Sequence[tuple[str, str]], key: str) -> str:
        """Write the statement that makes a table if it is not there."""
        parts = [f"{self.name_of(name)} {kind}" for name, kind in columns]
        if key:
            parts.append(f"PRIMARY KEY ({self.name_of(key)})")
        return f"CREATE TABLE IF NOT EXISTS {self.table(table)} ({', '.join(parts)})"

    def on_conflict(self, names: Sequence[str], key: str) -> str:
        """Write what ends an insert so that a row with the same key is replaced."""
        changed = [self.name_of(name) for name in names if name != key]
        if self.name == "mysql":
            pairs = ", ".join(f"{name} = VALUES({name})" for name in changed)
            return f" ON DUPLICATE KEY UPDATE {pairs}"
        pairs = ", ".join(f"{name} = excluded.{name}" for name in changed)
        return f" ON CONFLICT ({self.name_of(key)}) DO UPDATE SET {pairs}"


POSTGRES = Dialect(
    "postgres",
    "bigint",
    "double precision",
    "boolean",
    "timestamptz",
    "text",
    "text",
    "SELECT (CASE WHEN table_schema = ANY (current_schemas(false)) THEN table_name "
    "ELSE table_schema || '.' || table_name END)::text AS name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
)
DUCKDB = Dialect(
    "duckdb",
    "BIGINT",
    "DOUBLE",
    "BOOLEAN",
    "TIMESTAMPTZ",
    "VARCHAR",
    "VARCHAR",
    "SELECT CASE table_schema WHEN 'main' THEN table_name ELSE table_schema || '.' || table_name "
    "END AS name FROM information_schema.tables ORDER BY 1",
)
SQLITE = Dialect(
    "sqlite",
    "INTEGER",
    "REAL",
    "BOOLEAN",
    "TEXT",
    "TEXT",
    "TEXT",
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1",
    casts=False,
    pages=True,
)
