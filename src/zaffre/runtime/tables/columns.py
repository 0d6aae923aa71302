"""Arrow columns into memory that a scoring process maps, and its results back into Arrow."""

from __future__ import annotations

import mmap
import os
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

KINDS = {"f8": pa.float64(), "f4": pa.float32(), "i8": pa.int64(), "i4": pa.int32()}
_STEP = 1 << 22


class Memory:
    """Memory that a child process maps by its open file; it goes with the last of the two."""

    def __init__(self) -> None:
        self.file = os.memfd_create("zaffre-table")
        self._map: mmap.mmap | None = None

    def need(self, size: int) -> mmap.mmap:
        """Give at least so many bytes."""
        if self._map is None or len(self._map) < size:
            room = (size // _STEP + 1) * _STEP
            os.ftruncate(self.file, room)
            self._map = mmap.mmap(self.file, room)
        return self._map

    def read(self, size: int) -> bytes:
        """Give the first bytes."""
        return os.pread(self.file, size, 0) if size < _STEP else self._read_much(size)

    def _read_much(self, size: int) -> bytes:
        parts, at = [], 0
        while at < size:
            part = os.pread(self.file, size - at, at)
            if not part:
                break
            parts.append(part)
            at += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Give it back."""
        os.close(self.file)


def lay(table: pa.Table, memory: Memory) -> dict[str, Any]:
    """Write a table column by column; give what the scoring process must know of it."""
    parts: list[tuple[int, Any]] = []
    described: list[dict[str, Any]] = []
    at = 0
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        at, entry, own = _column(array, at)
        described.append({"name": name, **entry})
        parts += own
    room = memory.need(max(at, 1))
    for start, data in parts:
        room[start : start + len(data)] = data
    return {"rows": table.num_rows, "columns": described, "size": len(room)}


def _column(array: pa.Array, at: int) -> tuple[int, dict[str, Any], list[tuple[int, Any]]]:
    if pa.types.is_boolean(array.type) and not array.null_count:
        data = _bytes(pc.cast(array, pa.uint8()), 1)
        return _end(at, data), {"kind": "b1", "at": at, "valid": None, "data": None}, [(at, data)]
    kind = _kind(array)
    if kind == "str":
        return _text(array, at)
    if array.null_count:
        array = pc.fill_null(array, float("nan"))
    data = _bytes(array, array.type.bit_width // 8)
    return _end(at, data), {"kind": kind, "at": at, "valid": None, "data": None}, [(at, data)]


def _kind(array: pa.Array) -> str:
    for kind, wanted in KINDS.items():
        if array.type.equals(wanted):
            return kind
    return "str"


def _text(array: pa.Array, at: int) -> tuple[int, dict[str, Any], list[tuple[int, Any]]]:
    array = pc.cast(array, pa.large_string())
    ends = _bytes(array, 8, extra=1)
    first, last = (
        int.from_bytes(ends[place][:], "little") for place in (slice(8), slice(-8, None))
    )
    buffer = array.buffers()[2]
    text = memoryview(buffer)[first:last] if buffer is not None else memoryview(b"")
    parts = [(at, ends)]
    entry: dict[str, Any] = {"kind": "str", "at": at, "valid": None}
    after = _end(at, ends)
    if array.null_count:
        there = _bytes(pc.cast(pc.is_valid(array), pa.uint8()), 1)
        parts.append((after, there))
        entry["valid"] = after
        after = _end(after, there)
    entry["data"] = after
    parts.append((after, text))
    return _end(after, text), entry, parts


def _bytes(array: pa.Array, width: int, extra: int = 0) -> memoryview:
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return memoryview(bytes(width * extra))
    start = array.offset * width
    return memoryview(buffer)[start : start + (len(array) + extra) * width]


def _end(at: int, data: Any) -> int:
    """Give where the next column begins: at once after numbers of eight bytes."""
    return at + len(data) + -len(data) % 8


def results(answer: dict[str, Any], memory: Memory) -> pa.Table:
    """Read what a scoring process wrote."""
    data = memory.read(answer["size"])
    rows = answer["rows"]
    return pa.table({one["name"]: _array(data, rows, one) for one in answer["columns"]})


def _array(data: bytes, rows: int, column: dict[str, Any]) -> pa.Array:
    whole = pa.py_buffer(data)
    at = column["at"]
    if column["kind"] == "b1":
        return pc.cast(
            pa.Array.from_buffers(pa.uint8(), rows, [None, whole.slice(at, rows)]), pa.bool_()
        )
    if column["kind"] != "str":
        kind = KINDS[column["kind"]]
        return pa.Array.from_buffers(
            kind, rows, [None, whole.slice(at, rows * kind.bit_width // 8)]
        )
    ends, text = whole.slice(at, (rows + 1) * 8), whole.slice(column["data"])
    values = pa.Array.from_buffers(pa.large_string(), rows, [None, ends, text])
    if column["valid"] is not None:
        there = pa.Array.from_buffers(pa.uint8(), rows, [None, whole.slice(column["valid"], rows)])
        values = pc.if_else(pc.cast(there, pa.bool_()), values, pa.scalar(None, pa.large_string()))
    return pc.cast(values, pa.string())
