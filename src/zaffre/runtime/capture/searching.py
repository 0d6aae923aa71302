"""A request is looked for in tables of captured traffic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FACTS = ("request_id", "time", "endpoint", "deployment", "revision")


def find(tables: Sequence[tuple[str, str]], request_id: str) -> dict[str, Any] | None:
    """Give what is known of a request that was answered, from the first table that has it."""
    for path, form in tables:
        row = (
            _in_parquet(path, request_id)
            if form == "parquet"
            else _in_lines(Path(path), request_id)
        )
        if row is not None:
            return {name: row[name] for name in FACTS}
    return None


def _in_parquet(path: str, request_id: str) -> dict[str, Any] | None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra, and slow to load

    rows = pq.read_table(
        path,
        columns=list(FACTS),
        filters=[("request_id", "=", request_id), ("mirrored", "=", False)],
    ).to_pylist()
    return {**rows[0], "time": rows[0]["time"].timestamp()} if rows else None


def _in_lines(path: Path, request_id: str) -> dict[str, Any] | None:
    needle = json.dumps(request_id)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if needle in line:
                row: dict[str, Any] = json.loads(line)
                if row["request_id"] == request_id and not row["mirrored"]:
                    return row
    return None
