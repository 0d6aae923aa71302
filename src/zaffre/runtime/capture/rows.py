"""Bodies of requests and answers as rows of a table: a row for each prediction where it can be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zaffre.runtime.capture.journal import Origin, Record

Row = dict[str, Any]
FORMS = ("input_data", "dataframe_split", "dataframe_records", "inputs", "instances", "data")
BODY = "body"
PREDICTION = "prediction"
COLUMN = "column"


def input_rows(body: bytes) -> list[Row]:
    """Give the rows of a request: the forms of MLflow and Azure ML, else the body as text."""
    document = _parsed(body)
    if isinstance(document, dict):
        form = next((name for name in FORMS if name in document), None)
        tensors = _of_tensors(document.get("inputs"))
        found = tensors or (_table(document[form], COLUMN) if form else None)
    else:
        found = _table(document, COLUMN)
    return _whole(body) if found is None else found


def output_rows(body: bytes) -> list[Row]:
    """Give the rows of an answer: of a list, or of the only list in it; else the body as text."""
    document = _parsed(body)
    name = PREDICTION
    tensors = _of_tensors(document.get("outputs")) if isinstance(document, dict) else None
    if isinstance(document, dict) and len(document) == 1:
        name, document = next(iter(document.items()))
    found = tensors or _table(document, name)
    return _whole(body) if found is None else found


def named(origin: Origin, record: Record, rows: Sequence[Row]) -> Iterator[Row]:
    """Give rows with what is known of all of them; a column of the same name gets a `_` behind."""
    known: Row = {
        "request_id": record.request_id,
        "time": record.time,
        "endpoint": origin.endpoint,
        "deployment": origin.deployment,
        "model": origin.model,
        "revision": origin.revision,
        "mirrored": record.mirrored,
        **{f"header_{name}": value for name, value in record.headers.items()},
    }
    for number, row in enumerate(rows):
        own = {f"{name}_" if name in known or name == "row" else name: row[name] for name in row}
        yield {**known, "row": number, **own}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _whole(body: bytes) -> list[Row]:
    return [{BODY: body.decode("utf-8", "replace")}]


def _table(value: Any, name: str) -> list[Row] | None:
    """Read a table: columns with data, a mapping of columns, records, or plain rows."""
    if isinstance(value, Mapping):
        return _split(value) if "data" in value else _by_column(value)
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(row, dict) for row in value):
        return [{str(key): one for key, one in row.items()} for row in value]
    if all(isinstance(row, list) for row in value):
        return [{f"{name}_{place}": one for place, one in enumerate(row)} for row in value]
    if any(isinstance(row, list | dict) for row in value):
        return None
    return [{name: row} for row in value]


def _of_tensors(tensors: Any) -> list[Row] | None:
    """Read tensors of the Open Inference Protocol whose first dimension is that of the rows."""
    if not isinstance(tensors, list) or not tensors:
        return None
    columns: Row = {}
    for one in tensors:
        found = _columns_of(one) if isinstance(one, dict) else None
        if found is None:
            return None
        columns |= found
    return _by_column(columns)


def _columns_of(tensor: Mapping[str, Any]) -> Row | None:
    """Give the values of each column of a tensor of one or two dimensions."""
    shape, data, name = tensor.get("shape"), tensor.get("data"), str(tensor.get("name"))
    if "datatype" not in tensor or not isinstance(data, list) or not isinstance(shape, list):
        return None
    rows = data if data and isinstance(data[0], list) else None
    flat = [value for row in rows for value in row] if rows and _are_lists(rows) else data
    if len(shape) == 1 or shape[1:] == [1]:
        return {name: flat} if shape[0] == len(flat) else None
    width = shape[1] if len(shape) == 2 else 0  # noqa: PLR2004 - rows and columns
    if not isinstance(width, int) or width < 1 or shape[0] != len(flat) / width:
        return None
    return {f"{name}_{place}": flat[place::width] for place in range(width)}


def _are_lists(rows: Sequence[Any]) -> bool:
    return all(isinstance(row, list) for row in rows)


def _split(value: Mapping[str, Any]) -> list[Row] | None:
    columns, data = value.get("columns"), value["data"]
    if not isinstance(columns, list):
        return _table(data, COLUMN)
    if not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        return None
    return [dict(zip(map(str, columns), row, strict=False)) for row in data]


def _by_column(value: Mapping[str, Any]) -> list[Row] | None:
    columns = list(value.values())
    if not columns or not all(isinstance(column, list) for column in columns):
        return None
    if len({len(column) for column in columns}) != 1:
        return None
    return [dict(zip(map(str, value), row, strict=True)) for row in zip(*columns, strict=True)]
