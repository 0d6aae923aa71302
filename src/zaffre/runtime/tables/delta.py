"""Delta tables: read at the version that a run began with, written once for each chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from zaffre.runtime.tables.chunks import Bounds, Chunk, Outcome, Progress
from zaffre.runtime.tables.databases import shown
from zaffre.runtime.tables.file_sink import Manifest
from zaffre.runtime.tables.file_source import within
from zaffre.runtime.tables.order import Address, Input, Order, Refused
from zaffre.runtime.tables.places import first_line, place_of
from zaffre.runtime.tables.present import require_columns
from zaffre.runtime.tables.sql_source import written

_SCHEMES = {"wasbs": "abfss", "wasb": "abfs", "s3a": "s3"}


class DeltaSource:
    """A Delta table (the `Source` socket); positions are a file of the version and a row of it."""

    def __init__(self, given: Input) -> None:
        self._given = given
        address = given.address
        try:
            self._table = DeltaTable(_url(address), storage_options=_options(address))
        except (TableNotFoundError, DeltaError, OSError) as error:
            raise Refused(
                f"The table `{shown(address.url)}` cannot be read: {first_line(error)}"
            ) from None
        self.schema = self._table.to_pyarrow_dataset().schema
        require_columns(given, self.schema.names)

    def fingerprint(self) -> str:
        """The version: a resumed run goes back to it."""
        return str(self._table.version())

    def resume(self, fingerprint: str) -> None:
        """Read the table as it was."""
        if fingerprint and fingerprint != self.fingerprint():
            self._table.load_as_version(int(fingerprint))

    def highest(self) -> Any:
        """Read the column."""
        name = self._given.watermark
        column = self._table.to_pyarrow_table(columns=[name])[name]
        return written(pc.max(column).as_py())

    def chunks(self, progress: Progress, bounds: Bounds, rows: int) -> Iterator[Chunk]:
        """Give rows file by file."""
        data = self._table.to_pyarrow_dataset()
        parts = sorted(data.get_fragments(), key=lambda one: str(one.path))
        first, after = progress.position or (0, 0)
        for number in range(first, len(parts)):
            skip = after
            for batch in parts[number].to_batches(schema=data.schema, batch_size=rows):
                table = pa.Table.from_batches([batch])
                if skip >= table.num_rows:
                    skip -= table.num_rows
                    continue
                table, skip = table.slice(skip), 0
                after += table.num_rows
                yield Chunk(self._within(table, bounds), [number, after])
            after = 0

    def _within(self, table: pa.Table, bounds: Bounds) -> pa.Table:
        if not self._given.watermark or bounds.upper is None:
            return table
        return within(table, table[self._given.watermark], bounds)

    def close(self) -> None:
        """Nothing is held."""


class DeltaSink:
    """A Delta table of predictions, and one of rejects beside it (the `Sink` socket)."""

    def __init__(self, order: Order) -> None:
        self._order = order
        address = order.output.address
        self._url, self._options = _url(address), _options(address)
        self._rejects = order.output.rejects or f"{self._url.rstrip('/')}_rejects"
        self._manifest = Manifest(place_of(address), order)
        self.progress = self._manifest.progress
        self.watermark = self._manifest.watermark
        self.unfinished = self._manifest.unfinished
        self.begin = self._manifest.begin
        self.finish = self._manifest.finish

    def commit(self, outcome: Outcome) -> None:
        """Write each table once: its log remembers the chunk that it has last seen of this run."""
        number = outcome.progress.chunks
        key = self._order.input.key if self._order.output.mode == "upsert" else ""
        try:
            self._put(self._rejects, outcome.rejects, number, "")
            self._put(self._url, outcome.predictions, number, key)
        except (DeltaError, OSError) as error:
            raise Refused(f"The predictions cannot be written: {first_line(error)}") from None
        self._manifest.write(outcome.progress, [])

    def _put(self, url: str, rows: pa.Table, number: int, key: str) -> None:
        if rows.num_rows == 0:
            return
        table = self._existing(url)
        if table is not None and (table.transaction_version(self._order.run) or 0) >= number:
            return
        done = CommitProperties(app_transactions=[Transaction(self._order.run, number)])
        plain = _decoded(rows)
        if table is None or not key:
            write_deltalake(
                url, plain, mode="append", storage_options=self._options, commit_properties=done
            )
            return
        merge = table.merge(
            plain,
            predicate=f'old."{key}" = new."{key}"',
            source_alias="new",
            target_alias="old",
            commit_properties=done,
        )
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    def _existing(self, url: str) -> DeltaTable | None:
        if not DeltaTable.is_deltatable(url, self._options):
            return None
        return DeltaTable(url, storage_options=self._options)

    def close(self) -> None:
        """Nothing is held."""


def _decoded(rows: pa.Table) -> pa.Table:
    columns: Sequence[pa.ChunkedArray] = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in rows.columns
    ]
    return pa.table(list(columns), names=rows.column_names)


def _url(address: Address) -> str:
    scheme, separator, rest = address.url.partition("://")
    if not separator or scheme == "file":
        return address.url
    return f"{_SCHEMES.get(scheme, scheme)}://{rest}"


def _options(address: Address) -> dict[str, str]:
    found = dict(address.options)
    if found.get("endpoint", found.get("aws_endpoint", "")).startswith("http://"):
        found["allow_http"] = "true"
    return found
