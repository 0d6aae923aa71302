"""The rows of a run as metrics of its job: lines in the journal that the launcher ships."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from zaffre.runtime.tables.chunks import Progress


class Journal:
    """Appends to the job's journal; without one, it does nothing."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None

    def note(self, progress: Progress) -> None:
        """Note how far a run is."""
        if self._path is None:
            return
        now = int(time.time() * 1000)
        counts = {
            "rows_read": progress.read,
            "rows_scored": progress.scored,
            "rows_rejected": progress.rejected,
        }
        lines = [
            json.dumps(["m", name, float(value), now, progress.chunks])
            for name, value in counts.items()
        ]
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, ("\n".join(lines) + "\n").encode())
        finally:
            os.close(file)
