"""Rows that are cut by the values of their columns: which tables they come from."""

from __future__ import annotations

import os
from typing import Any

from zaffre_parallel import tables

KNOWN = "CSV, TSV, Parquet or JSON lines"
NO_TABLE = "partition_keys cut the rows of tables"


def read(path: str, keys: list[str]) -> tables.Table:
    """Read all tables of a folder as one; folders named `key=value` give columns.

    Raises:
        ValueError: a file is no table.
    """
    import pandas  # noqa: PLC0415 (only where tables are read)

    found = [name for name in tables.walk(path) if os.path.basename(name)[:1] not in (".", "_")]
    for name in found:
        if not name.lower().endswith(tables.ENDINGS):
            raise ValueError(f"{NO_TABLE}: `{os.path.relpath(name, path)}` is no {KNOWN} file.")
    frames = []
    for name in found:
        frame = tables.frame_of(name)
        for key, value in _named(os.path.relpath(name, path)).items():
            if key in keys and key not in frame.columns:
                frame[key] = value
        require(frame, keys, os.path.relpath(name, path))
        frames.append(frame)
    rows = pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame(columns=keys)
    return tables.Table(rows, sum(os.path.getsize(name) for name in found))


def _named(path: str) -> dict[str, str]:
    """Give what the folders of a path say: `year=2024/a.csv`."""
    parts = [part.partition("=") for part in os.path.dirname(path).split(os.sep)]
    return {key: value for key, equals, value in parts if equals}


def require(frame: Any, keys: list[str], name: str = "the data") -> None:
    """Refuse keys that are no columns.

    Raises:
        ValueError: one is missing.
    """
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        known = ", ".join(str(one) for one in frame.columns)
        raise ValueError(f"partition_keys: {name} has no column `{missing[0]}`; it has {known}")
