"""Move all rows of a database into another, batch by batch, and compare the two.

Each batch is one transaction that also writes down how far it is: after a crash the move goes on
where it was, with no row lost or doubled.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite

import zaffre.store
from zaffre.errors import Conflict
from zaffre.store.database import Database
from zaffre.store.server_tables import agreements, leases, servers
from zaffre.store.tables import metadata

BATCH = 5000
OWN = (agreements, leases, servers)
"""What each database has for itself."""

_MARK = "move"
_SPACE = 2**256
Note = Callable[[int], None]


@dataclass(frozen=True)
class Content:
    """What a table holds: how many rows, and a digest of all of them in whatever order."""

    rows: int
    digest: str


def tables() -> list[Table]:
    """Give the tables that are moved, those first that others refer to."""
    for module in iter_modules(zaffre.store.__path__):
        if module.name.endswith("_tables"):
            importlib.import_module(f"zaffre.store.{module.name}")
    return [table for table in metadata.sorted_tables if table not in OWN]


def count(database: Database, table: Table) -> int:
    """Count the rows of a table."""
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def content(database: Database, table: Table, note: Note = lambda _: None) -> Content:
    """Read a table through. Equal content gives equal digests, in every database."""
    total = rows = 0
    for batch in _batches(database, table, None, BATCH):
        for row in batch:
            total += int.from_bytes(hashlib.sha256(_canonical(row)).digest())
        rows += len(batch)
        note(len(batch))
    return Content(rows, f"{total % _SPACE:064x}")


def begin(source: str, target: Database) -> bool:
    """Make the target ready, and say whether all was moved before.

    An empty one is claimed; in one that this source has claimed the move goes on.

    Raises:
        Conflict: it has content of its own.
    """

    def claim(connection: Connection) -> bool:
        known = _marked(connection, "source")
        if known == source:
            return _marked(connection, "done") is not None
        filled = [t.name for t in tables() if _has_content(connection, t)]
        if known is not None or filled:
            what = f"a move from {known}" if known else f"content in {', '.join(filled[:3])}"
            raise Conflict(
                f"The target database has {what}: nothing was changed.",
                hint="Give an empty database.",
                code="not_empty",
            )
        for table in reversed(tables()):
            connection.execute(delete(table))
        _mark(connection, "source", source)
        return False

    return target.write(claim)


def move(
    source: Database, target: Database, table: Table, note: Note, *, batch: int = BATCH
) -> None:
    """Copy the rows that are not in the target yet."""
    with target.read() as connection:
        told = _marked(connection, table.name)
    before: dict[str, Any] = json.loads(told) if told else {"rows": 0, "last": []}
    done = int(before["rows"])
    note(done)
    last = [_parsed(value) for value in before["last"]] or None
    for rows in _batches(source, table, last, batch):
        done += len(rows)
        key = [_said(rows[-1][column.name]) for column in table.primary_key]
        mark = json.dumps({"rows": done, "last": key})
        target.write(partial(_add, table=table, rows=rows, mark=mark))
        note(len(rows))


def finish(target: Database) -> None:
    """Let the target number on behind what was moved, and write down that all was."""

    def settle(connection: Connection) -> None:
        if target.dialect == "postgresql":
            for table in tables():
                _number_on(connection, table)
        _mark(connection, "done", "yes")

    target.write(settle)


def _batches(
    database: Database, table: Table, last: Sequence[Any] | None, size: int
) -> Iterator[list[dict[str, Any]]]:
    key = list(table.primary_key)
    while True:
        query = select(table).order_by(*key).limit(size)
        if last is not None:
            query = query.where(tuple_(*key) > tuple_(*last, types=[one.type for one in key]))
        with database.read() as connection:
            rows = [_values(row) for row in connection.execute(query)]
        if rows:
            yield rows
            last = [rows[-1][column.name] for column in key]
        if len(rows) < size:
            return


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for it


def _add(connection: Connection, *, table: Table, rows: list[dict[str, Any]], mark: str) -> None:
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.execute(insert(table), rows)
    _mark(connection, table.name, mark)


def _copy(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    raw: Any = connection.connection.driver_connection
    names = [column.name for column in table.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _number_on(connection: Connection, table: Table) -> None:
    for column in table.primary_key:
        name = {"table": table.name, "column": column.name}
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"), name
        ).scalar()
        if sequence:
            most = select(func.coalesce(func.max(column), 0)).scalar_subquery()
            connection.execute(select(func.setval(sequence, most + 1, False)))  # noqa: FBT003


def _has_content(connection: Connection, table: Table) -> bool:
    """Say whether somebody put something there; each database begins with one experiment."""
    query = select(func.count()).select_from(table)
    least = 1 if table.name == "experiments" else 0
    return int(connection.execute(query).scalar_one()) > least


def _marked(connection: Connection, name: str) -> str | None:
    query = select(agreements.c.value).where(agreements.c.name == f"{_MARK}:{name}")
    value = connection.execute(query).scalar()
    return None if value is None else str(value)


def _mark(connection: Connection, name: str, value: str) -> None:
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(agreements).values(name=f"{_MARK}:{name}", value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _canonical(row: dict[str, Any]) -> bytes:
    return json.dumps([_said(value) for value in row.values()], ensure_ascii=True).encode()


def _said(value: Any) -> Any:
    """Give a value as JSON keeps it, numbers bit for bit."""
    return {"float": value.hex()} if isinstance(value, float) else value


def _parsed(value: Any) -> Any:
    return float.fromhex(value["float"]) if isinstance(value, dict) else value
