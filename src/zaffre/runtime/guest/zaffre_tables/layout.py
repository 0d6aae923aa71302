"""Columns in shared memory, as the runner lays them out: numbers as they are, text by offsets.

A column is described as `{name, kind, at, valid, data}`: `at` is where its values begin, `valid`
where a byte for each row says whether there is a value (None: there always is), and `data` where
the text of a `str` column begins, whose `at` then holds rows + 1 offsets of eight bytes.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy

DTYPES = {"f8": "<f8", "f4": "<f4", "i8": "<i8", "i4": "<i4", "b1": "?"}

Column = Dict[str, Any]


def matrix(memory: Any, rows: int, columns: Sequence[Column]) -> Optional[Any]:
    """Give the columns as one column-major array without copying, if they all are of one kind."""
    kinds = {column["kind"] for column in columns}
    if len(kinds) != 1 or "str" in kinds or not columns:
        return None
    dtype = numpy.dtype(DTYPES[kinds.pop()])
    first, step = columns[0]["at"], rows * dtype.itemsize
    if any(column["at"] != first + place * step for place, column in enumerate(columns)):
        return None
    shape = (rows, len(columns))
    return numpy.ndarray(shape, dtype=dtype, buffer=memory, offset=first, order="F")


def arrays(memory: Any, rows: int, columns: Sequence[Column]) -> Dict[str, Any]:
    """Give each column as an array; text as objects, None where there is no value."""
    return {column["name"]: _array(memory, rows, column) for column in columns}


def _array(memory: Any, rows: int, column: Column) -> Any:
    if column["kind"] != "str":
        return numpy.frombuffer(memory, DTYPES[column["kind"]], rows, column["at"])
    ends = numpy.frombuffer(memory, "<i8", rows + 1, column["at"])
    base, data = int(ends[0]), column["data"]
    text = bytes(memoryview(memory)[data : data + int(ends[-1]) - base])
    places = (ends - base).tolist()
    found = [text[start:end].decode() for start, end in zip(places, places[1:])]
    values = numpy.empty(rows, dtype=object)
    values[:] = found
    if column["valid"] is not None:
        there = numpy.frombuffer(memory, "?", rows, column["valid"])
        values[~there] = None
    return values


def packed(columns: Sequence[Tuple[str, Any]]) -> Tuple[List[Column], List[bytes]]:
    """Lay out result columns: their descriptions and the bytes, one after the other."""
    described: List[Column] = []
    parts: List[bytes] = []
    at = 0

    def add(data: bytes) -> int:
        nonlocal at
        start = at
        parts.append(data)
        rest = -len(data) % 8
        if rest:
            parts.append(b"\0" * rest)
        at += len(data) + rest
        return start

    for name, values in columns:
        described.append({"name": name, **_pack(numpy.asarray(values), add)})
    return described, parts


def _pack(values: Any, add: Any) -> Column:
    kind = {"f": "f8", "i": "i8", "u": "i8", "b": "b1"}.get(values.dtype.kind)
    if kind is not None:
        data = numpy.ascontiguousarray(values, dtype=DTYPES[kind]).tobytes()
        return {"kind": kind, "at": add(data), "valid": None, "data": None}
    there = [not _absent(value) for value in values.tolist()]
    texts = [
        (value if isinstance(value, str) else str(value)).encode() if known else b""
        for value, known in zip(values.tolist(), there)
    ]
    ends = numpy.zeros(len(texts) + 1, dtype="<i8")
    numpy.cumsum([len(text) for text in texts], out=ends[1:])
    valid = None if all(there) else add(numpy.array(there, dtype="?").tobytes())
    return {
        "kind": "str",
        "at": add(ends.tobytes()),
        "valid": valid,
        "data": add(b"".join(texts)),
    }


def _absent(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 (nothing else is unlike itself but NaN)
