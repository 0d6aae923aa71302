"""A batch of segments becomes tables: what was asked, answered, and collected by scripts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from zaffre.runtime.capture import tables
from zaffre.runtime.capture.journal import Origin, Record, read
from zaffre.runtime.capture.rows import Row, input_rows, named, output_rows


def convert(folder: Path) -> None:
    """Write the tables of a batch; a collection without rows gets none."""
    found: dict[str, list[Row]] = defaultdict(list)
    for origin, record in _records(folder):
        if record.inputs is not None:
            found["model_inputs"].extend(named(origin, record, input_rows(record.inputs)))
        if record.outputs is not None:
            found["model_outputs"].extend(named(origin, record, output_rows(record.outputs)))
        for name, text in record.collected.items():
            found[name].extend(named(origin, record, json.loads(text)))
    for name, rows in found.items():
        if rows:
            part = folder / f".{name}.{tables.suffix()}"
            tables.write(rows, part)
            part.rename(folder / f"{name}.{tables.suffix()}")


def _records(folder: Path) -> Iterator[tuple[Origin, Record]]:
    for path in sorted(folder.glob("*.sealed")):
        try:
            origin, records = read(path)
        except ValueError:
            continue  # a power cut left nothing of it
        for record in records:
            yield origin, record
