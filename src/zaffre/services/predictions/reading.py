"""The rows of a batch's output: of whom, when and what, said by themselves or by their input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from zaffre.errors import Invalid
from zaffre.kinds import entity
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.prediction import Scored
from zaffre.kinds.resource import Json
from zaffre.kinds.scored_call import Columns, finite
from zaffre.kinds.tree import Leaf, Tree
from zaffre.services import blobs
from zaffre.services.context import Context
from zaffre.services.predictions import forms
from zaffre.services.predictions.forms import Row

FLOATING = re.compile(r"-?[0-9]{1,15}\.0+\Z")
PARQUET = (".parquet", ".pqt")
NUMBERED = ("row", "prediction", "file")
"""What a batch deployment without a script writes of each row of its input files."""


def rows(
    ctx: Context, tree: Tree, columns: Columns, names: Sequence[str], source: Tree | None = None
) -> Iterator[Scored]:
    """Give what the files of an output predict; `names` are their columns if they have no header.

    Of output that only numbers the rows of `source`, that one says of whom and when.

    Raises:
        Invalid: a file is no table, or a row says not of whom, when or what; it says which one.
        Failed: some content is damaged.
    """
    inputs = {leaf.path.rpartition("/")[2]: leaf for leaf in source.leaves} if source else {}
    for leaf in tree.leaves:
        if _is_hidden(leaf.path):
            continue
        numbered = not names and _is_numbered(ctx, leaf, inputs)
        found = (
            _joined(ctx, leaf, columns, inputs) if numbered else _own(ctx, leaf, columns, names)
        )
        for number, row in enumerate(found, 1):
            yield _scored(leaf, number, row, columns)


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _is_csv(leaf: Leaf) -> bool:
    return leaf.path.lower().endswith(forms.TABLES)


def _own(ctx: Context, leaf: Leaf, columns: Columns, names: Sequence[str]) -> Iterator[Row]:
    wanted = (columns.key, columns.time, columns.value)
    for row in _table(ctx, leaf, wanted, names):
        yield _typed(row, columns) if _is_csv(leaf) else row


def _table(
    ctx: Context, leaf: Leaf, wanted: Sequence[str], names: Sequence[str] = ()
) -> Iterator[Row]:
    """Give the rows of a file by its form: CSV and JSON lines by us, Parquet by a program."""
    path = ctx.artifacts.path(leaf.digest)
    if not leaf.path.lower().endswith(PARQUET) or ctx.parquet is None or path is None:
        with ctx.artifacts.open(leaf.digest) as file:
            yield from forms.read(leaf.path, file, wanted, names)
        return
    blobs.verify(ctx, leaf.digest)
    try:
        yield from ctx.parquet.rows(path, wanted)
    except Invalid as error:
        raise Invalid(f"{shown(leaf.path)}: {error.message}", hint=error.hint) from None


def _is_numbered(ctx: Context, leaf: Leaf, inputs: dict[str, Leaf]) -> bool:
    """Tell whether the first line is a row's number, its prediction, and a file of the input."""
    if not _is_csv(leaf):
        return False
    with ctx.artifacts.open(leaf.digest) as file:
        cells = forms.first_line(file)
    return len(cells) == len(NUMBERED) and cells[0].isdecimal() and cells[2] in inputs


def _joined(ctx: Context, leaf: Leaf, columns: Columns, inputs: dict[str, Leaf]) -> Iterator[Row]:
    """Put the rows of the input beside their predictions, both read as streams."""
    open_ = _Opened(ctx, columns, inputs)
    with ctx.artifacts.open(leaf.digest) as file:
        for line in forms.read(leaf.path, file, NUMBERED, NUMBERED):
            row = open_.row(str(line.get("file")), str(line.get("row")))
            yield _typed({**row, columns.value: line.get("prediction")}, columns)


@dataclass
class _Opened:
    """The input file that is being read, and how far."""

    ctx: Context
    columns: Columns
    inputs: dict[str, Leaf]
    name: str = ""
    at: int = -1
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))

    def row(self, name: str, number: str) -> Row:
        """Give a row of a file; those that follow each other are read once.

        Raises:
            Invalid: there is no such row.
        """
        wanted = int(number) if number.isdecimal() else -1
        if name not in self.inputs or wanted < 0:
            raise Invalid(f"The output speaks of row {number} of {shown(name)}: unknown.")
        if name != self.name or wanted <= self.at:
            self.name, self.at, self.rows = name, -1, self._read(self.inputs[name])
        for row in self.rows:
            self.at += 1
            if self.at == wanted:
                return row
        raise Invalid(f"{shown(name)} has no row {number}.")

    def _read(self, leaf: Leaf) -> Iterator[Row]:
        return _table(self.ctx, leaf, (self.columns.key, self.columns.time))


def _scored(leaf: Leaf, number: int, row: Row, columns: Columns) -> Scored:
    try:
        missing = [one for one in (columns.key, columns.time, columns.value) if one not in row]
        _refuse(missing)
        key, moment = entity.key_of(row[columns.key]), entity.moment_of(row[columns.time])
        return Scored(key, moment, finite(row[columns.value]))
    except Invalid as error:
        text = f"{shown(leaf.path)}, row {number}: {error.message.rstrip('.')}."
        raise Invalid(text, hint=error.hint) from None


def _refuse(missing: Sequence[str]) -> None:
    if missing:
        raise Invalid(f"there is no {listed(missing)}")


def _typed(row: Row, columns: Columns) -> Row:
    """Give a row of cells with its key as it was meant and its prediction as JSON reads it.

    Who holds whole numbers as floats writes 7 as `7.0`.
    """
    key, value = row.get(columns.key), row.get(columns.value)
    found = dict(row)
    if isinstance(key, str) and FLOATING.match(key):
        found[columns.key] = key.partition(".")[0]
    if isinstance(value, str):
        found[columns.value] = _value(value)
    return found


def _value(text: str) -> Json:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
