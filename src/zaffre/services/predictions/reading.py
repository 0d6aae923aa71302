"""The rows of a batch's output, read line by line: CSV with or without a header, JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, TextIO

from zaffre.errors import Invalid
from zaffre.kinds import entity
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.prediction import Scored
from zaffre.kinds.resource import Json
from zaffre.kinds.scored_call import Columns, finite
from zaffre.kinds.tree import Leaf, Tree
from zaffre.services.context import Context

LINES = (".jsonl", ".ndjson", ".json")
TABLES = (".csv", ".tsv", ".txt")
FLOATING = re.compile(r"-?[0-9]{1,15}\.0+\Z")
SEPARATORS = (",", "\t", ";", " ", "|")
Row = Mapping[str, Json]


def rows(ctx: Context, tree: Tree, columns: Columns, names: Sequence[str]) -> Iterator[Scored]:
    """Give what the files of an output predict; `names` are their columns if they have no header.

    Raises:
        Invalid: a file is no table, or a row says not of whom, when or what; it says which one.
        Failed: some content is damaged.
    """
    files = [leaf for leaf in tree.leaves if not _is_hidden(leaf.path)]
    for leaf in files:
        with ctx.artifacts.open(leaf.digest) as file:
            for number, row in enumerate(_read(leaf, file, columns, names), 1):
                yield _scored(leaf, number, row, columns)


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _read(leaf: Leaf, file: BinaryIO, columns: Columns, names: Sequence[str]) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        if leaf.path.lower().endswith(LINES):
            yield from _lines(leaf, text)
        elif leaf.path.lower().endswith(TABLES):
            yield from _table(leaf, text, columns, names)
        else:
            raise Invalid(
                f"{shown(leaf.path)} is no table that a view reads.",
                hint=f"Let the batch write one of {listed([*TABLES, *LINES])}.",
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{shown(leaf.path)} cannot be read: {error}.") from None


def _lines(leaf: Leaf, text: TextIO) -> Iterator[Row]:
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise Invalid(
                f"{shown(leaf.path)} line {number} is no JSON object.",
                hint="Write an object on each line.",
            )
        yield row


def _table(leaf: Leaf, text: TextIO, columns: Columns, names: Sequence[str]) -> Iterator[Row]:
    first = text.readline()
    separator = _separator(first, columns, names)
    if separator is None:
        wanted = list(names) or [columns.key, columns.time, columns.value]
        hint = "Name the columns in `batch_columns` if the files have no header."
        raise Invalid(
            f"{shown(leaf.path)} begins with {shown(first.strip())}: not with {listed(wanted)}.",
            hint="Each row needs these columns." if names else hint,
        )
    lines = csv.reader(_again(first, text), delimiter=separator)
    heads = list(names) or [name.strip() for name in next(lines)]
    for line in lines:
        if line:
            row: dict[str, Json] = dict(zip(heads, line, strict=False))
            yield _typed(row, columns)


def _again(first: str, text: TextIO) -> Iterator[str]:
    yield first
    yield from text


def _separator(first: str, columns: Columns, names: Sequence[str]) -> str | None:
    """Give what stands between the columns, or None where they are not those wanted."""
    for one in SEPARATORS:
        cells = [cell.strip() for cell in next(csv.reader([first], delimiter=one), [])]
        if names and len(cells) == len(names):
            return one
        if not names and {columns.key, columns.time, columns.value} <= set(cells):
            return one
    return "," if not first and names else None


def _typed(row: dict[str, Json], columns: Columns) -> Row:
    """Give a row of texts with its prediction as JSON would read it, and its key as it was meant.

    Whole numbers beside missing ones are written as `7.0` by those who hold them as floats.
    """
    key, value = row.get(columns.key), row.get(columns.value)
    if isinstance(key, str) and FLOATING.match(key):
        row[columns.key] = key.partition(".")[0]
    if isinstance(value, str):
        row[columns.value] = _value(value)
    return row


def _value(text: str) -> Json:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text


def _scored(leaf: Leaf, number: int, row: Row, columns: Columns) -> Scored:
    try:
        _check(row, columns)
        value = finite(row[columns.value])
        return Scored(entity.key_of(row[columns.key]), entity.moment_of(row[columns.time]), value)
    except Invalid as error:
        text = f"{shown(leaf.path)}, row {number}: {error.message.rstrip('.')}."
        raise Invalid(text, hint=error.hint) from None


def _check(row: Row, columns: Columns) -> None:
    missing = [one for one in (columns.key, columns.time, columns.value) if one not in row]
    if missing:
        raise Invalid(f"there is no {listed(missing)}")
