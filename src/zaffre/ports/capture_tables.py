"""The socket of captured traffic: journals become tables, and tables are searched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Table(NamedTuple):
    """A table: the file that holds it, and its form (`parquet` or `jsonl`)."""

    path: Path
    form: str


class Answered(NamedTuple):
    """A request that was answered: when (seconds since 1970), by what, and how."""

    request_id: str
    time: float
    endpoint: str
    deployment: str
    revision: str
    status: int | None = None
    milliseconds: float | None = None


class CaptureTables(Protocol):
    """Writes and reads the tables of captured traffic, in processes of their own."""

    def write(self, batch: Path) -> None:
        """Turn a folder of journal segments into tables in it, one for each collection.

        Doing it again gives the same tables.

        Raises:
            Failed: it did not work.
        """

    def find(self, tables: Sequence[Table], request_id: str) -> Answered | None:
        """Find a request in tables.

        Raises:
            Failed: they cannot be read.
        """
