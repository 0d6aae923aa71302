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
        found = _table(document[form], COLUMN) if form else None
    else:
        found = _table(document, COLUMN)
    return _whole(body) if found is None else found


def output_rows(body: bytes) -> list[Row]:
    """Give the rows of an answer: of a list, or of the only list in it; else the body as text."""
    document = _parsed(body)
    name = PREDICTION
    if isinstance(document, dict) and len(document) == 1:
        name, document = next(iter(document.items()))
    found = _table(document, name)
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
