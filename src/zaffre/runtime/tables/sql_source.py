"""Rows of a database, in the order of their key."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from zaffre.runtime.tables.chunks import Bounds, Chunk, Progress
from zaffre.runtime.tables.databases import Database
from zaffre.runtime.tables.order import Broken, Input, Refused
from zaffre.runtime.tables.present import require_columns, unreadable

_ALIAS = "zaffre_rows"


class SqlSource:
    """A table or a query of a database (the `Source` socket)."""

    def __init__(self, database: Database, given: Input) -> None:
        self._database = database
        self._given = given
        dialect = database.dialect
        text = given.query.strip().rstrip(";")
        self._relation = f"({text}) AS {_ALIAS}" if text else self._named(given.table)
        try:
            self._types = database.described(self._relation)
            self.schema = database.read(f"SELECT * FROM {self._relation} LIMIT 1000").schema
        except Broken as error:
            raise unreadable(database, given, error) from None
        require_columns(given, list(self._types))
        if pa.types.is_floating(self.schema.field(given.key).type):
            raise Refused(
                f"The key `{given.key}` holds numbers with fractions: no run can be resumed by "
                "them. Name a column of whole numbers, text or times, or cast it in a `query`."
            )
        self._key = f"{_ALIAS}.{dialect.name_of(given.key)}"
        self._database.rollback()

    def _named(self, table: str) -> str:
        return f"{self._database.dialect.table(table)} AS {_ALIAS}"

    def fingerprint(self) -> str:
        """Nothing: a database may change while a run rests, and keys hold its place."""
        return ""

    def resume(self, fingerprint: str) -> None:
        """Nothing: see above."""

    def highest(self) -> Any:
        """Give the highest watermark there is."""
        name = f"{_ALIAS}.{self._database.dialect.name_of(self._given.watermark)}"
        found = self._database.read(f"SELECT MAX({name}) AS top FROM {self._relation}")
        self._database.rollback()
        return written(found["top"][0].as_py())

    def chunks(self, progress: Progress, bounds: Bounds, rows: int) -> Iterator[Chunk]:
        """Give rows without a key first, then all others by it."""
        where = self._within(bounds)
        if progress.chunks == 0:
            lost = self._database.read(self._select([*where, f"{self._key} IS NULL"]))
            if lost.num_rows:
                yield Chunk(lost, None)
        give = self._pages if self._database.dialect.pages else self._streamed
        yield from give(where, progress.position, rows)
        self._database.rollback()

    def _within(self, bounds: Bounds) -> list[str]:
        if not self._given.watermark or bounds.upper is None:
            return []
        dialect = self._database.dialect
        name = f"{_ALIAS}.{dialect.name_of(self._given.watermark)}"
        kind = self._types[self._given.watermark]
        upper = f"{name} <= {dialect.value(bounds.upper, kind)}"
        if bounds.lower is None:
            return [f"({upper} OR {name} IS NULL)"]
        sign = ">=" if bounds.closed else ">"
        return [f"{name} {sign} {dialect.value(bounds.lower, kind)}", upper]

    def _after(self, position: Any) -> str:
        if position is None:
            return f"{self._key} IS NOT NULL"
        kind = self._types[self._given.key]
        return f"{self._key} > {self._database.dialect.value(position, kind)}"

    def _select(self, where: list[str], tail: str = "") -> str:
        return f"SELECT {_ALIAS}.* FROM {self._relation} WHERE {' AND '.join(where)}{tail}"

    def _streamed(self, where: list[str], position: Any, rows: int) -> Iterator[Chunk]:
        """Read one result from end to end."""
        statement = self._select([*where, self._after(position)], f" ORDER BY {self._key}")
        held: list[pa.Table] = []
        count = 0
        for part in self._database.stream(statement):
            held.append(part)
            count += part.num_rows
            while count > rows:
                together = joined(held)
                # All rows of one key go together: the key is where a run is taken up again.
                head = self._whole_keys(together, rows)
                if not head:
                    break
                yield self._chunk(together.slice(0, head))
                held = [together.slice(head)]
                count -= head
        if count:
            yield self._chunk(joined(held))

    def _pages(self, where: list[str], position: Any, rows: int) -> Iterator[Chunk]:
        """Read page by page, each from the last key on."""
        limit = rows + 1
        while True:
            tail = f" ORDER BY {self._key} LIMIT {limit}"
            page = self._database.read(self._select([*where, self._after(position)], tail))
            self._database.rollback()
            if page.num_rows < limit:
                if page.num_rows:
                    yield self._chunk(page)
                return
            head = self._whole_keys(page, limit - 1)
            if not head:
                limit *= 2
                continue
            chunk = self._chunk(page.slice(0, head))
            position, limit = chunk.position, rows + 1
            yield chunk

    def _whole_keys(self, table: pa.Table, most: int) -> int:
        """Give how many rows, at most so many, end where a key ends; 0 if none do."""
        keys = table[self._given.key]
        first_left = keys[most]
        if not pc.equal(keys[most - 1], first_left).as_py():
            return most
        same = pc.equal(keys.slice(0, most), first_left)
        return most - int(pc.sum(same).as_py())

    def _chunk(self, table: pa.Table) -> Chunk:
        return Chunk(table, written(table[self._given.key][table.num_rows - 1].as_py()))

    def close(self) -> None:
        """Disconnect."""
        self._database.close()


def joined(tables: list[pa.Table]) -> pa.Table:
    """Put parts of a result together, whose types may differ where values were missing."""
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables, promote_options="permissive")


def written(value: Any) -> Any:
    """Give a key or watermark as JSON has it, without loss."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        separator = (" ",) if isinstance(value, datetime.datetime) else ()
        return value.isoformat(*separator)
    if isinstance(value, (decimal.Decimal, bytes)):
        return str(value)
    return value if isinstance(value, (int, float, str)) or value is None else str(value)
