"""The socket of Parquet files: their rows, read in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from zaffre.kinds.resource import Json


class ParquetReader(Protocol):
    """Reads Parquet files. What a file makes the reader do does not reach this process."""

    def rows(self, path: Path, columns: Sequence[str]) -> Iterator[dict[str, Json]]:
        """Give the rows of a file, of each these columns; moments are texts in ISO 8601.

        Raises:
            Invalid: it is no Parquet file, or has no such column, or nobody can read it here.
            Failed: the reader died.
        """
