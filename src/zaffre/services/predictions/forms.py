"""The forms of tables that the server reads itself, line by line: CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO, TextIO

from zaffre.errors import Invalid
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.resource import Json

LINES = (".jsonl", ".ndjson", ".json")
TABLES = (".csv", ".tsv", ".txt")
SEPARATORS = (",", "\t", ";", " ", "|")
Row = dict[str, Json]


def read(
    path: str, file: BinaryIO, wanted: Collection[str], names: Sequence[str] = ()
) -> Iterator[Row]:
    """Give the rows of a table; of CSV, cells are texts.

    `names` are its columns where it has no header.

    Raises:
        Invalid: it is no table, or its columns are not those that are wanted.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        if path.lower().endswith(LINES):
            yield from _lines(path, text)
        elif path.lower().endswith(TABLES):
            yield from _table(path, text, wanted, names)
        else:
            raise Invalid(
                f"{shown(path)} is no table that a view reads.",
                hint=f"Let it be one of {listed([*TABLES, *LINES, '.parquet'])}.",
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{shown(path)} cannot be read: {error}.") from None


def first_line(file: BinaryIO) -> list[str]:
    """Give the cells of a CSV file's first line; none where it is no text."""
    try:
        line = io.TextIOWrapper(file, encoding="utf-8-sig", newline="").readline()
        return next(csv.reader([line]), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _lines(path: str, text: TextIO) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise Invalid(
                f"{shown(path)} line {number} is no JSON object.",
                hint="Write an object on each line.",
            )
        yield row


def _table(
    path: str, text: TextIO, wanted: Collection[str], names: Sequence[str]
) -> Iterator[Row]:
    first = text.readline()
    separator = _separator(first, wanted, names)
    if separator is None:
        expected = listed(list(names) or sorted(wanted))
        raise Invalid(
            f"{shown(path)} begins with {shown(first.strip())}: not with {expected}.",
            hint="Each row needs these columns."
            if names
            else "If the files have no header, name their columns in `batch_columns`.",
        )
    lines = csv.reader(_again(first, text), delimiter=separator)
    heads = list(names) or [name.strip() for name in next(lines)]
    for line in lines:
        if line:
            yield dict(zip(heads, line, strict=False))


def _again(first: str, text: TextIO) -> Iterator[str]:
    yield first
    yield from text


def _separator(first: str, wanted: Collection[str], names: Sequence[str]) -> str | None:
    """Give what stands between the columns, or None where they are not those wanted."""
    for one in SEPARATORS:
        cells = [cell.strip() for cell in next(csv.reader([first], delimiter=one), [])]
        if names and len(cells) == len(names):
            return one
        if not names and set(wanted) <= set(cells):
            return one
    return "," if not first and names else None
