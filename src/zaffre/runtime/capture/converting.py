"""A batch of journal segments becomes tables: one of what was asked, one of what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zaffre.runtime.capture import tables
from zaffre.runtime.capture.journal import Origin, Record, read
from zaffre.runtime.capture.rows import Row, input_rows, named, output_rows


def convert(folder: Path) -> None:
    """Write the tables of a batch; a collection without rows gets none."""
    inputs: list[Row] = []
    outputs: list[Row] = []
    for origin, record in _records(folder):
        if record.inputs is not None:
            inputs.extend(named(origin, record, input_rows(record.inputs)))
        if record.outputs is not None:
            outputs.extend(named(origin, record, output_rows(record.outputs)))
    for name, rows in (("model_inputs", inputs), ("model_outputs", outputs)):
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
