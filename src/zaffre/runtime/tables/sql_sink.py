"""Predictions into a database: rows, rejects and how far the run is, in one transaction."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from zaffre.runtime.tables.chunks import Opening, Outcome, Progress
from zaffre.runtime.tables.databases import Database
from zaffre.runtime.tables.order import Broken, Order, Refused
from zaffre.runtime.tables.present import WHOLE
from zaffre.runtime.tables.row_databases import as_text
from zaffre.runtime.tables.stamping import STAMPS

_COUNTS = ("chunks", "rows_read", "rows_scored", "rows_rejected")


class SqlSink:
    """A table of predictions, one of rejects, one of runs (the `Sink` socket)."""

    def __init__(self, database: Database, order: Order) -> None:
        self._database = database
        self._order = order
        self._dialect = database.dialect
        self._table = order.output.table
        schema = self._table.rpartition(".")[0]
        prefix = f"{schema}." if schema else ""
        self._rejects = order.output.rejects or f"{self._table}_rejects"
        self._runs = f"{prefix}zaffre_runs"
        self._key = order.input.key if order.output.mode == "upsert" else ""
        self._ready: dict[str, dict[str, str]] = {}
        check_target(database, order)
        self._create(self._runs, _RUN, "run")
        self._keep()

    def progress(self) -> Progress | None:
        """Read this run's row."""
        found = self._rows(f"run = {self._literal(self._order.run)}")
        if not found:
            return None
        row = found[0]
        return Progress(
            opening=Opening(**json.loads(row["opening"])),
            chunks=row["chunks"],
            position=json.loads(row["position"]),
            read=row["rows_read"],
            scored=row["rows_scored"],
            rejected=row["rows_rejected"],
            ended=bool(row["ended"]),
        )

    def watermark(self) -> Any:
        """Read the watermark of the stream."""
        found = self._rows(f"run = {self._literal(self._stream())}")
        return json.loads(found[0]["position"]) if found else None

    def unfinished(self) -> str:
        """Look for rows of the stream that did not end."""
        mine, stream = self._literal(self._order.run), self._literal(self._order.stream)
        found = self._rows(f"stream = {stream} AND ended = 0 AND run <> {mine}")
        return str(found[0]["run"]) if found else ""

    def _rows(self, where: str) -> list[dict[str, Any]]:
        table = self._dialect.table(self._runs)
        found = self._database.read(f"SELECT * FROM {table} WHERE {where}")
        self._database.rollback()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def _stream(self) -> str:
        return f"watermark:{self._order.stream}"

    def _literal(self, value: Any) -> str:
        return self._dialect.literal(value)

    def begin(self, opening: Opening) -> None:
        """Write this run's row."""
        text = json.dumps(dataclasses.asdict(opening))
        self._write_run(self._order.run, text, Progress(opening))
        self._keep()

    def _write_run(self, run: str, opening: str, progress: Progress) -> None:
        row = pa.table(
            {
                "run": [run],
                "stream": [self._order.stream],
                "opening": [opening],
                "chunks": [progress.chunks],
                "position": [json.dumps(progress.position)],
                "rows_read": [progress.read],
                "rows_scored": [progress.scored],
                "rows_rejected": [progress.rejected],
                "ended": [int(progress.ended)],
            }
        )
        self._database.put(self._runs, row, self._types(self._runs), "run")

    def commit(self, outcome: Outcome) -> None:
        """Write a chunk, its rejects and the progress in one transaction."""
        predictions, rejects = storable(outcome.predictions), storable(outcome.rejects)
        try:
            # Tables are made before: in MySQL, making one commits what was written so far.
            self._prepare(self._table, predictions, self._key)
            self._prepare(self._rejects, rejects, "")
            self._put(self._table, predictions, self._key)
            self._put(self._rejects, rejects, "")
            self._move(outcome.progress)
        except Broken as error:
            self._database.rollback()
            raise Refused(f"The predictions cannot be written: {error}") from None
        self._keep()

    def _prepare(self, table: str, rows: pa.Table, key: str) -> None:
        """Make a table, or see that it fits, when rows come for it first."""
        if rows.num_rows == 0 or table in self._ready:
            return
        columns = [
            (field.name, self._dialect.type_of(field.type, key=field.name == key))
            for field in rows.schema
        ]
        self._create(table, columns, key)
        self._ready[table] = self._fitting(table, rows)
        self._keep()

    def _put(self, table: str, rows: pa.Table, key: str) -> None:
        if rows.num_rows:
            self._database.put(table, rows, self._ready[table], key)

    def _fitting(self, table: str, rows: pa.Table) -> dict[str, str]:
        types = self._types(table)
        _require(table, rows.column_names, types)
        return types

    def _create(self, table: str, columns: Iterable[tuple[str, str]], key: str) -> None:
        if self._database.columns(table) is None:
            kinds = [(name, self._kind(kind, name == key)) for name, kind in columns]
            self._database.run(self._dialect.create(table, kinds, key))

    def _kind(self, kind: str, is_key: bool) -> str:  # noqa: FBT001 (private, and clear where it is called)
        if kind == "text":
            return self._dialect.key_text if is_key else self._dialect.text
        return self._dialect.whole if kind == "whole" else kind

    def _types(self, table: str) -> dict[str, str]:
        return self._database.columns(table) or {}

    def _move(self, progress: Progress) -> None:
        """Note how far the run is, if nobody else did meanwhile."""
        values = (progress.chunks, progress.read, progress.scored, progress.rejected)
        changes = [f"{name} = {value}" for name, value in zip(_COUNTS, values, strict=True)]
        changes.append(f"position = {self._literal(json.dumps(progress.position))}")
        runs, run = self._dialect.table(self._runs), self._literal(self._order.run)
        changed = self._database.run(
            f"UPDATE {runs} SET {', '.join(changes)} "
            f"WHERE run = {run} AND chunks = {progress.chunks - 1}"
        )
        if changed != 1:
            self._database.rollback()
            raise Refused(f"Run `{self._order.run}` is worked on by somebody else as well.")

    def finish(self, progress: Progress) -> None:
        """Note the end of the run and the watermark of its stream, together."""
        opening = json.dumps(dataclasses.asdict(progress.opening))
        ended = dataclasses.replace(progress, ended=True)
        self._write_run(self._order.run, opening, ended)
        if progress.opening.upper is not None:
            mark = Progress(position=progress.opening.upper, ended=True)
            self._write_run(self._stream(), json.dumps({"run": self._order.run}), mark)
        self._keep()

    def _keep(self) -> None:
        self._database.commit()

    def close(self) -> None:
        """Disconnect."""
        self._database.close()


def check_target(database: Database, order: Order) -> None:
    """See that a table of predictions that is there has the columns that are known beforehand.

    Raises:
        Refused: it lacks some.
    """
    given = order.input
    kept = [name for name in given.keep if name != WHOLE]
    known = database.columns(order.output.table)
    if known is not None:
        _require(order.output.table, [*filter(None, [given.key]), *kept, *STAMPS], known)


def _require(table: str, names: Iterable[str], known: Mapping[str, str]) -> None:
    missing = list(dict.fromkeys(name for name in names if name not in known))
    if missing:
        lacking = ", ".join(f"`{name}`" for name in missing)
        raise Refused(
            f"The table `{table}` lacks the columns {lacking}. Add them, or name another table: "
            "one that is not there is made."
        )


def storable(rows: pa.Table) -> pa.Table:
    """Give columns in the types that tables are made with; what is none of them becomes text."""
    columns = [_storable(column) for column in rows.columns]
    return pa.table(columns, names=rows.column_names)


def _storable(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        return column.cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", kind.tz))
    return as_text(column)


_RUN = (
    ("run", "text"),
    ("stream", "text"),
    ("opening", "text"),
    ("chunks", "whole"),
    ("position", "text"),
    ("rows_read", "whole"),
    ("rows_scored", "whole"),
    ("rows_rejected", "whole"),
    ("ended", "whole"),
)
"""The columns of the table of runs."""
