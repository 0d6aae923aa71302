"""Tables of captured traffic, by a program of its own: what loads there is gone with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from zaffre.errors import Failed
from zaffre.ports.capture_tables import Answered, Table

PROGRAM = "zaffre.runtime.capture"
SECONDS = 600


class ProgramTables:
    """Starts the program for each question."""

    def write(self, batch: Path) -> None:
        """Turn a folder of journal segments into tables in it.

        Raises:
            Failed: it did not work.
        """
        _ask("write", {"batch": str(batch)})

    def find(self, tables: Sequence[Table], request_id: str) -> Answered | None:
        """Find a request in tables.

        Raises:
            Failed: they cannot be read.
        """
        question = {
            "request_id": request_id,
            "tables": [[str(table.path), table.form] for table in tables],
        }
        found = json.loads(_ask("find", question))
        return Answered(**found) if found else None


def _ask(what: str, question: Mapping[str, object]) -> bytes:
    ended = subprocess.run(
        [sys.executable, "-m", PROGRAM, what],
        input=json.dumps(question).encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Failed(f"Captured traffic cannot be read: {said}")
    return ended.stdout
