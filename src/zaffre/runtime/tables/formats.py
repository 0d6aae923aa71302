"""Rows of files: Parquet, CSV, JSON lines. A reader begins at a row and goes on to the end."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from zaffre.runtime.tables.chunks import Spoiled
from zaffre.runtime.tables.row_databases import array_of

Reader = Callable[[Any, int, int, list[Spoiled]], Iterator[pa.Table]]
"""Gives the rows of a file after so many, so many at a time; what is no row goes to the list."""

_BLOCK = 1 << 22
_LINES = 10_000


def parquet(file: Any, after: int, rows: int, _spoiled: list[Spoiled]) -> Iterator[pa.Table]:
    """Read row groups, from the one that holds the first wanted row on."""
    opened = pq.ParquetFile(file)
    first, skip = 0, after
    while first < opened.num_row_groups and skip >= opened.metadata.row_group(first).num_rows:
        skip -= opened.metadata.row_group(first).num_rows
        first += 1
    groups = list(range(first, opened.num_row_groups))
    for batch in opened.iter_batches(rows, row_groups=groups):
        table = pa.Table.from_batches([batch])
        if skip >= table.num_rows:
            skip -= table.num_rows
            continue
        yield table.slice(skip)
        skip = 0


def csv(
    file: Any, after: int, rows: int, spoiled: list[Spoiled], delimiter: str = ","
) -> Iterator[pa.Table]:
    """Read lines as text: what a column is, the model says, and not the first lines."""

    def wrong(row: Any) -> str:
        reason = f"the line has {row.actual_columns} values, {row.expected_columns} are expected"
        spoiled.append(Spoiled(str(row.text), reason))
        return "skip"

    names = _header(file, delimiter)
    yield from _skipped(
        (
            pa.Table.from_batches([batch])
            for batch in pyarrow.csv.open_csv(
                file,
                read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=delimiter, invalid_row_handler=wrong, newlines_in_values=True
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    null_values=["", "NaN", "nan", "NULL", "null", "NA"],
                ),
            )
        ),
        after,
        rows,
    )


def _header(file: Any, delimiter: str) -> list[str]:
    """Read the names of the columns, and go back."""
    options = pyarrow.csv.ReadOptions(block_size=_BLOCK, use_threads=False)
    lenient = pyarrow.csv.ParseOptions(
        delimiter=delimiter, invalid_row_handler=lambda _: "skip", newlines_in_values=True
    )
    names = pyarrow.csv.open_csv(file, read_options=options, parse_options=lenient).schema.names
    file.seek(0)
    return list(names)


def jsonl(file: Any, after: int, rows: int, spoiled: list[Spoiled]) -> Iterator[pa.Table]:
    """Read lines of JSON; values that are no numbers, texts or booleans become text."""
    yield from _skipped(_documents(file, spoiled), after, rows)


def _documents(file: Any, spoiled: list[Spoiled]) -> Iterator[pa.Table]:
    lines = []
    for line in _lines(file):
        try:
            found = json.loads(line) if line.strip() else None
        except ValueError as error:
            spoiled.append(Spoiled(line.decode(errors="replace"), f"the line is no JSON: {error}"))
            continue
        if isinstance(found, dict):
            lines.append(found)
        elif line.strip():
            spoiled.append(Spoiled(line.decode(errors="replace"), "the line is no JSON object"))
        if len(lines) >= _LINES:
            yield _table(lines)
            lines = []
    if lines:
        yield _table(lines)


def _lines(file: Any) -> Iterator[bytes]:
    rest = b""
    while data := file.read(_BLOCK):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _table(lines: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for line in lines for name in line))
    return pa.table({name: array_of([line.get(name) for line in lines]) for name in names})


def _skipped(tables: Iterator[pa.Table], after: int, rows: int) -> Iterator[pa.Table]:
    """Leave out the first rows, and cut the others."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        if after >= table.num_rows:
            after -= table.num_rows
            continue
        held.append(table.slice(after))
        count += table.num_rows - after
        after = 0
        while count >= rows:
            together = pa.concat_tables(held, promote_options="permissive")
            yield together.slice(0, rows)
            held, count = [together.slice(rows)], count - rows
    if count:
        yield pa.concat_tables(held, promote_options="permissive")


READERS: dict[str, Reader] = {"parquet": parquet, "csv": csv, "jsonl": jsonl}


def reader_of(kind: str, path: str) -> Reader:
    """Give what reads a file of a format; its name may say that tabs part the values."""
    if kind == "csv" and path.lower().endswith(".tsv"):
        return functools.partial(csv, delimiter="\t")
    return READERS[kind]


def encoded(table: pa.Table, kind: str, constant: tuple[str, ...] = ()) -> bytes:
    """Write a table as a file. Only columns with one value are worth a dictionary."""
    buffer = pa.BufferOutputStream()
    if kind == "csv":
        plain = pa.table([_readable(column) for column in table.columns], names=table.column_names)
        pyarrow.csv.write_csv(plain, buffer)
    elif kind == "jsonl":
        for row in table.to_pylist():
            buffer.write((json.dumps(row, default=str) + "\n").encode())
    else:
        names = [name for name in constant if name in table.column_names]
        pq.write_table(table, buffer, use_dictionary=names or False)
    return bytes(buffer.getvalue())


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column
