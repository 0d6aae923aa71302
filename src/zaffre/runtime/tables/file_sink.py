"""Predictions as files: a chunk is a file under a name that a retry would choose again.

What counts is the manifest of the run, `_zaffre/RUN.json`: it is replaced after each chunk, in one
step, and names the files that are committed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from zaffre.runtime.tables import formats
from zaffre.runtime.tables.chunks import Opening, Outcome, Progress
from zaffre.runtime.tables.order import Order, Refused
from zaffre.runtime.tables.places import Place
from zaffre.runtime.tables.stamping import CONSTANT


class Manifest:
    """What is remembered of runs in a folder: how far each is, and the watermarks of streams."""

    def __init__(self, place: Place, order: Order) -> None:
        self._place = place
        self._order = order
        self._path = f"_zaffre/{order.run}.json"
        digest = hashlib.sha256(order.stream.encode()).hexdigest()[:16]
        self._stream = f"_zaffre/watermark-{digest}.json"
        self._files: list[str] = []

    def progress(self) -> Progress | None:
        """Read how far the run is."""
        content = self._place.read(self._path)
        if content is None:
            return None
        found = json.loads(content)
        self._files = found["files"]
        return Progress(Opening(**found["progress"].pop("opening")), **found["progress"])

    def watermark(self) -> Any:
        """Read the stream's watermark."""
        content = self._place.read(self._stream)
        return json.loads(content)["watermark"] if content else None

    def unfinished(self) -> str:
        """Read what run of the stream began last and did not end."""
        content = self._place.read(self._stream)
        run = str(json.loads(content).get("begun", "")) if content else ""
        given_up = not run or self._place.read(f"_zaffre/{run}.json") is None
        return "" if given_up or run == self._order.run else run

    def begin(self, opening: Opening) -> None:
        """Note the run and, if it is one of several, that the stream waits for its end."""
        if opening.upper is not None:
            self._note(self.watermark(), self._order.run)
        self.write(Progress(opening), [])

    def _note(self, watermark: Any, begun: str) -> None:
        facts = {"watermark": watermark, "run": self._order.run, "begun": begun}
        self._place.write(self._stream, json.dumps(facts).encode())

    def write(self, progress: Progress, files: list[str]) -> None:
        """Replace the manifest; the files belong to the run from now on."""
        self._files = [*self._files, *files]
        facts = {
            "run": self._order.run,
            "job": self._order.job,
            "model_version": self._order.model_version,
            "progress": dataclasses.asdict(progress),
            "files": self._files,
        }
        self._place.write(self._path, json.dumps(facts, indent=1).encode())

    def finish(self, progress: Progress) -> None:
        """Write the watermark first: a crash between the two is mended by finishing again."""
        if progress.opening.upper is not None:
            self._note(progress.opening.upper, "")
        self.write(dataclasses.replace(progress, ended=True), [])


class FileSink:
    """Files of one format (the `Sink` socket)."""

    def __init__(self, place: Place, order: Order) -> None:
        self._place = place
        self._order = order
        self._manifest = Manifest(place, order)
        self.progress = self._manifest.progress
        self.watermark = self._manifest.watermark
        self.unfinished = self._manifest.unfinished
        self.begin = self._manifest.begin
        self.finish = self._manifest.finish
        if order.run.strip() != order.run or "/" in order.run or order.run.startswith("."):
            raise Refused(f"`{order.run}` cannot be part of a file's name.")

    def commit(self, outcome: Outcome) -> None:
        """Write the files of a chunk, then the manifest that names them."""
        kind = self._order.output.address.format
        name = f"part-{self._order.run}-{outcome.progress.chunks - 1:05d}.{kind}"
        folder = self._order.output.rejects.strip("/") or "_rejects"
        written = []
        for path, table in ((f"{folder}/{name}", outcome.rejects), (name, outcome.predictions)):
            if table.num_rows:
                self._place.write(path, formats.encoded(table, kind, CONSTANT))
                written.append(path)
        self._manifest.write(outcome.progress, written)

    def close(self) -> None:
        """Nothing is held."""
