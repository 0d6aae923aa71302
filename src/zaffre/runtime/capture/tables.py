"""Rows as files: Parquet where pyarrow is installed, else lines of JSON.

A column has the same type in every file: numbers are doubles, and what is neither number, truth
value nor text, or is of several kinds, is JSON text. So the files of many hours are one table.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zaffre.runtime.capture.rows import Row

EXACT = 2**53
TIME = "time"


def suffix() -> str:
    """Say in which form tables are written here."""
    return "parquet" if importlib.util.find_spec("pyarrow") else "jsonl"


def write(rows: Sequence[Row], path: Path) -> None:
    """Write rows to a file in the form that its name says."""
    names = dict.fromkeys(name for row in rows for name in row)
    every = {name: even([row.get(name) for row in rows]) for name in names}
    columns = {
        name: values for name, values in every.items() if any(v is not None for v in values)
    }
    if path.suffix == ".parquet":
        _write_parquet(columns, path)
        return
    with path.open("w", encoding="utf-8") as file:
        for values in zip(*columns.values(), strict=True):
            file.write(json.dumps(dict(zip(columns, values, strict=True))) + "\n")


def even(values: Sequence[Any]) -> list[Any]:
    """Give the values of a column one type."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds <= {"number"}:
        return [None if value is None else float(value) for value in values]
    if kinds in ({"text"}, {"truth"}):
        return list(values)
    return [
        value if value is None or isinstance(value, str) else json.dumps(value) for value in values
    ]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int):
        return "number" if abs(value) <= EXACT else "large"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _write_parquet(columns: dict[str, list[Any]], path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - an extra, and slow to load
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    made: dict[str, Any] = {}
    for name, values in columns.items():
        if name == TIME:
            stamps = [round(value * 1e6) for value in values]
            made[name] = pa.array(stamps, pa.timestamp("us", "UTC"))
        elif name == "row":
            made[name] = pa.array([int(value) for value in values], pa.int32())
        else:
            made[name] = pa.array(values)
    pq.write_table(pa.table(made), path, compression="zstd")
