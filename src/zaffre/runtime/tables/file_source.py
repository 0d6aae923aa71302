"""Rows of files in a folder, file after file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from zaffre.runtime.tables import formats
from zaffre.runtime.tables.chunks import Bounds, Chunk, Progress, Spoiled
from zaffre.runtime.tables.databases import shown
from zaffre.runtime.tables.order import Input, Refused
from zaffre.runtime.tables.places import Entry, Place
from zaffre.runtime.tables.present import require_columns
from zaffre.runtime.tables.sql_source import written

_ENDS = {
    "parquet": (".parquet", ".parq"),
    "csv": (".csv", ".tsv", ".txt"),
    "jsonl": (".jsonl", ".json", ".ndjson"),
}


class FileSource:
    """Files of one format (the `Source` socket); positions are a file and a row of it."""

    def __init__(self, place: Place, given: Input) -> None:
        self._place = place
        self._given = given
        ends = _ENDS[given.address.format]
        self._files = [one for one in place.entries() if one.path.lower().endswith(ends)]
        if not self._files:
            where = shown(given.address.url)
            raise Refused(f"There are no {given.address.format} files at `{where}`.")
        self.schema = self._first()
        require_columns(given, self.schema.names)

    def _first(self) -> pa.Schema:
        for one in self._files:
            for table in self._tables(one.path, 0, 1000, []):
                return table.schema
        return pa.schema([])

    def fingerprint(self) -> str:
        """Say how many files there are, and which, how large and how old."""
        return f"{len(self._files)}:{_digest(self._files)}"

    def resume(self, fingerprint: str) -> None:
        """See that the files are the same; what came behind them is left to the next run."""
        count = int(fingerprint.partition(":")[0])
        self._files = self._files[:count]
        if fingerprint != self.fingerprint():
            raise Refused("The input's files have changed since the run began: start a new run.")

    def highest(self) -> Any:
        """Read the whole column."""
        top = None
        for one in self._files:
            for table in self._tables(one.path, 0, 1 << 17, []):
                found = pc.max(self._whole(table)[self._given.watermark]).as_py()
                top = found if top is None or (found is not None and found > top) else top
        return written(top)

    def chunks(self, progress: Progress, bounds: Bounds, rows: int) -> Iterator[Chunk]:
        """Give rows from the position on; a file's last chunk holds what was no row in it."""
        first, after = progress.position or (0, 0)
        for number in range(first, len(self._files)):
            spoiled: list[Spoiled] = []
            for table in self._tables(self._files[number].path, after, rows, spoiled):
                after += table.num_rows
                yield Chunk(self._within(self._whole(table), bounds), [number, after])
            after = 0
            if spoiled:
                yield Chunk(self.schema.empty_table(), [number + 1, 0], tuple(spoiled))

    def _whole(self, table: pa.Table) -> pa.Table:
        """Add the columns that the first rows had and these have not."""
        for field in self.schema:
            if field.name not in table.column_names:
                missing = pa.nulls(table.num_rows, field.type)
                table = table.append_column(field.name, missing)
        return table

    def _tables(
        self, path: str, after: int, rows: int, spoiled: list[Spoiled]
    ) -> Iterator[pa.Table]:
        try:
            read = formats.reader_of(self._given.address.format, path)
            yield from read(self._place.open(path), after, rows, spoiled)
        except (pa.ArrowException, OSError) as error:
            raise Refused(f"`{path}` cannot be read: {error}") from None

    def _within(self, table: pa.Table, bounds: Bounds) -> pa.Table:
        if not self._given.watermark or bounds.upper is None:
            return table
        return within(table, table[self._given.watermark], bounds)

    def close(self) -> None:
        """Nothing is held."""


def _digest(files: list[Entry]) -> str:
    return hashlib.sha256(repr(files).encode()).hexdigest()


def within(table: pa.Table, column: pa.ChunkedArray, bounds: Bounds) -> pa.Table:
    """Keep the rows of an incremental run; those without a watermark belong to the first."""
    kept = pc.less_equal(column, _bound(bounds.upper, column.type))
    if bounds.lower is None:
        return table.filter(pc.fill_null(kept, True))  # noqa: FBT003 (it takes no name)
    compare = pc.greater_equal if bounds.closed else pc.greater
    above = compare(column, _bound(bounds.lower, column.type))
    return table.filter(pc.fill_null(pc.and_(kept, above), False))  # noqa: FBT003


def _bound(value: Any, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(value).cast(kind)
