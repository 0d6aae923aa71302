"""Parquet files, read by a program of its own: what loads there is gone with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from zaffre.errors import Failed, Invalid
from zaffre.kinds.resource import Json

PROGRAM = "zaffre.runtime.parquet"


class ProgramParquet:
    """Starts the program for each file."""

    def rows(self, path: Path, columns: Sequence[str]) -> Iterator[dict[str, Json]]:
        """Give the rows of a file.

        Raises:
            Invalid: it cannot be read, or has no such column.
            Failed: the program died.
        """
        command = [sys.executable, "-m", PROGRAM, str(path), *columns]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield from _rows(process, columns)
            finally:
                process.kill()
        if process.returncode:
            raise Failed(f"The reader of Parquet died ({process.returncode}).")


def _rows(process: subprocess.Popen[bytes], columns: Sequence[str]) -> Iterator[dict[str, Json]]:
    for line in process.stdout or ():
        found = json.loads(line)
        if isinstance(found, dict):
            raise Invalid(f"{found['error']}.", hint=found["hint"] or None)
        yield dict(zip(columns, found, strict=True))
    process.wait()
