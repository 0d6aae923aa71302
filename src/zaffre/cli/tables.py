"""Rows written to a file: CSV, JSON lines, SQLite, Parquet. Whole or not at all."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid

Rows = Iterable[Mapping[str, Any]]
COLUMNS = ("key", "prediction", "event_time", "path", "made_at", "model", "request_id", "job")
TABLE = "predictions"
CHUNK = 10_000


def write(path: Path, rows: Rows) -> int:
    """Write rows in the form that a file's name ends with, and say how many.

    Raises:
        Invalid: that is no form we write, or what it needs is not installed.
    """
    writer = FORMS.get(path.suffix.lower())
    if writer is None:
        raise Invalid(f"`{path.name}` is of no form we write.", hint=f"Use {', '.join(FORMS)}.")
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        count = writer(part, rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _cells(row: Mapping[str, Any]) -> list[Any]:
    """Give a row's cells; a prediction of several values is JSON."""
    found = [row.get(name) for name in COLUMNS]
    return [json.dumps(one) if isinstance(one, (dict, list)) else one for one in found]


def _csv(path: Path, rows: Rows) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is how many
            writer.writerow(_cells(row))
    return count


def _lines(path: Path, rows: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 - as above
            file.write(json.dumps(row) + "\n")
    return count


def _sqlite(path: Path, rows: Rows) -> int:
    marks = ", ".join("?" * len(COLUMNS))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE {TABLE} (key TEXT PRIMARY KEY, {', '.join(COLUMNS[1:])})")
        added = database.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", map(_cells, rows))  # noqa: S608 - constants
        return added.rowcount


def _parquet(path: Path, rows: Rows) -> int:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        hint = "Install pyarrow beside zaffre, or write .csv, .jsonl or .sqlite."
        raise Invalid("Parquet needs pyarrow, which is not installed.", hint=hint) from None
    schema = arrow.schema([(name, arrow.string()) for name in COLUMNS])
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for some in _chunks(rows):
            count += len(some)
            cells = [dict(zip(COLUMNS, _texts(row), strict=True)) for row in some]
            writer.write_table(arrow.Table.from_pylist(cells, schema))
    return count


def _chunks(rows: Rows) -> Iterator[list[Mapping[str, Any]]]:
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        yield some


def _texts(row: Mapping[str, Any]) -> list[str | None]:
    """Give a row's cells as text; the prediction is JSON, for one column has one type."""
    return [json.dumps(row[name]) if name == "prediction" else row.get(name) for name in COLUMNS]


FORMS: dict[str, Callable[[Path, Rows], int]] = {
    ".csv": _csv,
    ".jsonl": _lines,
    ".sqlite": _sqlite,
    ".parquet": _parquet,
}
