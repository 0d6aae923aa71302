"""The rows of a run as metrics of its job: lines in the journal that the launcher ships."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from zaffre.runtime.tables.chunks import Progress

TAG = "zaffre.processed"
"""The tag of the run that tells the counts."""


class Journal:
    """Appends to the job's journal; without one, it does nothing."""

    def __init__(self, path: str, rejects: str) -> None:
        self._path = Path(path) if path else None
        self._rejects = rejects

    def note(self, progress: Progress, first_reason: str = "") -> None:
        """Note how far a run is, and why the first row was rejected."""
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
        lines.append(json.dumps(["t", TAG, json.dumps(self._told(progress, first_reason))]))
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, ("\n".join(lines) + "\n").encode())
        finally:
            os.close(file)

    def _told(self, progress: Progress, first_reason: str) -> dict[str, object]:
        found: dict[str, object] = {"items": progress.scored, "failed_items": progress.rejected}
        if progress.rejected:
            found["details"] = self._rejects
        if first_reason:
            found["first_error"] = first_reason[:500]
        return found
