"""Mini-batches: files by number or size, rows of tables by number, size or key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zaffre_parallel import partitions, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zaffre_parallel.settings import Settings

    Batch = tuple[Any, dict[str, Any] | None]

ROW_BYTES = 1 << 20


def batches_of(path: str, settings: Settings) -> list[Batch]:
    """Give the mini-batches of the data: each a list of paths or a DataFrame, and its key."""
    if settings.kind == "mltable" or os.path.isfile(os.path.join(path, "MLTable")):
        table = tables.read(path)
        if table is None and settings.keys:
            raise ValueError(f"{partitions.NO_TABLE}: the MLTable only names files")
        if table is None:
            return _of_files(tables.files(path), settings)
        return _of_rows(table.frame, table.bytes, settings)
    if settings.keys and os.path.isdir(path):
        table = partitions.read(path, settings.keys)
        return _of_rows(table.frame, table.bytes, settings)
    rows = settings.keys or settings.bytes
    if os.path.isfile(path) and rows and path.lower().endswith(tables.ENDINGS):
        return _of_rows(tables.frame_of(path), os.path.getsize(path), settings)
    if settings.keys:
        name = os.path.basename(path)
        raise ValueError(f"{partitions.NO_TABLE}: `{name}` is no {partitions.KNOWN} file")
    return _of_files(tables.walk(path), settings)


def _of_files(files: list[str], settings: Settings) -> list[Batch]:
    if settings.bytes is not None:
        return [(batch, None) for batch in _by_bytes(files, settings.bytes)]
    count = settings.count or 10
    return [(files[at : at + count], None) for at in range(0, len(files), count)]


def _by_bytes(files: list[str], most: int) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for file in files:
        own = os.path.getsize(file)
        if batch and size + own > most:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += own
    if batch:
        yield batch


def _of_rows(frame: Any, size: int, settings: Settings) -> list[Batch]:
    if settings.keys:
        keys = list(settings.keys)
        partitions.require(frame, keys)
        groups = frame.groupby(keys if len(keys) > 1 else keys[0], sort=True, dropna=False)
        return [
            (part.reset_index(drop=True), dict(zip(keys, key if len(keys) > 1 else [_one(key)])))
            for key, part in groups
        ]
    if not len(frame):
        return []
    count = settings.count
    if count is None:
        most = settings.bytes or ROW_BYTES
        count = max(1, int(most / max(1.0, size / len(frame))))
    return [
        (frame.iloc[at : at + count].reset_index(drop=True), None)
        for at in range(0, len(frame), count)
    ]


def _one(key: Any) -> Any:
    return key[0] if isinstance(key, tuple) else key
