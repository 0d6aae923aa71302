"""What the gateway answered for prediction views: its journal, read while it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from zaffre.ports.answers import Answer, Some
from zaffre.runtime.capture.tailing import Placed, origin_of, tail
from zaffre.server.home import write_private

MOST = 500
BYTES = 4 << 20
SEALED = ".sealed"
SEGMENTS = "*/*/*/*"


class GatewayJournal:
    """The segments below a folder: WORKSPACE/ENDPOINT/DEPLOYMENT/NAME (an `AnswerJournal`).

    How far each is settled stands in a file that is written after the answers are kept: after a
    crash the last ones come again, under the same names.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks_file = folder / "settled.json"
        self._marks: dict[str, int] = _read(self._marks_file)

    def next(self) -> Some | None:
        """Give the next answers that are not settled."""
        for path in sorted(self._folder.glob(SEGMENTS), key=lambda one: one.name):
            try:
                some = self._some(path)
            except FileNotFoundError:
                continue  # sealed meanwhile: the next turn finds it under its new name
            if some is not None:
                return some
            if path.suffix == SEALED:
                self._forget(path)
        return None

    def settle(self, some: Some) -> None:
        """Note that answers are kept."""
        name, end = some.mark
        self._marks[name] = end
        self._write()

    def _some(self, path: Path) -> Some | None:
        origin = origin_of(path)
        if origin is None:
            return None
        workspace, endpoint, deployment = path.relative_to(self._folder).parts[:3]
        placed = list(_few(tail(path, self._marks.get(path.stem, 0))))
        if not placed:
            return None
        answers = [
            Answer(
                source=f"{path.stem}:{one.begin}",
                deployment=deployment,
                model=origin.model,
                request=one.record.request_id,
                time=one.record.time,
                body=one.record.inputs or b"",
                answer=one.record.outputs or b"",
            )
            for one in placed
        ]
        return Some(workspace, endpoint, answers, (path.stem, placed[-1].end))

    def _forget(self, path: Path) -> None:
        """Remove a segment of which everything is kept."""
        path.unlink(missing_ok=True)
        if self._marks.pop(path.stem, None) is not None:
            self._write()

    def _write(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._marks_file, json.dumps(self._marks))


def _few(placed: Iterator[Placed]) -> Iterator[Placed]:
    """Give as many as are kept at a time."""
    size = 0
    for count, one in enumerate(placed, 1):
        yield one
        size += one.end - one.begin
        if count >= MOST or size >= BYTES:
            return


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): int(end) for name, end in found.items()} if isinstance(found, dict) else {}
