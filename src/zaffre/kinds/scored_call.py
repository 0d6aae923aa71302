"""What a scoring call predicted of whom: the rows of a request beside those of its answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zaffre.errors import Invalid
from zaffre.kinds import entity
from zaffre.kinds.prediction import Scored
from zaffre.kinds.resource import Json

FORMS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs", "data")
"""Where the rows of a request lie, in the forms of Azure, MLflow and TensorFlow."""

ANSWERS = ("predictions", "result", "results", "output", "outputs", "data")
"""Where the rows of an answer lie, if it is no list itself."""

DEEPEST = 32
"""Levels of lists and mappings in one prediction."""


@dataclass(frozen=True)
class Columns:
    """Which columns say who, when and what."""

    key: str
    time: str
    value: str


class ReadCall(NamedTuple):
    """What a call predicted by the number of its row, and what was wrong with the other rows."""

    rows: list[tuple[int, Scored]]
    fault: str = ""


def scored(body: bytes, answer: bytes, columns: Columns, answered_at: int) -> ReadCall:
    """Give what a call predicted; without an event time it was as of the answer.

    Raises:
        Invalid: it cannot be read at all, or has not one prediction for each row.
    """
    rows = rows_of(_json(body, "request"))
    values = values_of(_json(answer, "answer"), len(rows), columns.value)
    found, fault = [], ""
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        try:
            found.append((number, _scored(row, value, columns, answered_at)))
        except Invalid as error:
            fault = f"{error.message} {error.hint or ''}".strip()
    return ReadCall(found, fault)


def _scored(row: Json, value: Json, columns: Columns, answered_at: int) -> Scored:
    if not isinstance(row, Mapping) or row.get(columns.key) is None:
        raise Invalid(
            f"The request has no column `{columns.key}`.", hint="Send it beside the features."
        )
    moment = row.get(columns.time)
    event_time = answered_at if moment is None else entity.moment_of(moment)
    return Scored(entity.key_of(row[columns.key]), event_time, finite(value))


def rows_of(document: Json) -> list[Json]:
    """Give the rows of a request, as mappings where their columns have names."""
    if isinstance(document, dict):
        form = next((name for name in FORMS if isinstance(document.get(name), (dict, list))), None)
        return _rows(document[form]) if form else [document]
    return list(document) if isinstance(document, list) else []


def _rows(value: Json) -> list[Json]:
    if not isinstance(value, dict):
        return list(value)
    if isinstance(value.get("data"), list):
        return _named(value["data"], value.get("columns"))
    columns = list(value.values())
    if columns and all(isinstance(column, list) for column in columns):
        return [dict(zip(value, row, strict=False)) for row in zip(*columns, strict=False)]
    return [value]


def _named(rows: Sequence[Json], columns: Json) -> list[Json]:
    if not isinstance(columns, list):
        return list(rows)
    names = [str(name) for name in columns]
    return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows]


def values_of(document: Json, count: int, column: str) -> list[Json]:
    """Give the predictions of an answer, one for each row.

    Raises:
        Invalid: there are more or fewer.
    """
    if isinstance(document, str):  # what a script gives that returns `json.dumps(...)`
        document = _text(document)
    if isinstance(document, dict):
        inner = next(
            (document[name] for name in ANSWERS if isinstance(document.get(name), list)), None
        )
        document = [document] if inner is None else inner
    values = document if isinstance(document, list) else [document]
    if len(values) != count:
        raise Invalid(f"The request has {count} rows, the answer {len(values)} predictions.")
    return [one[column] if isinstance(one, dict) and column in one else one for one in values]


def finite(value: Json, depth: int = DEEPEST) -> Json:
    """Give a value that JSON can hold: NaN and infinities are null.

    Raises:
        Invalid: it is nested too deeply.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, dict)) and not depth:
        raise Invalid(f"A prediction is nested more than {DEEPEST} levels deep.")
    if isinstance(value, list):
        return [finite(one, depth - 1) for one in value]
    if isinstance(value, dict):
        return {name: finite(one, depth - 1) for name, one in value.items()}
    return value


def _json(content: bytes, what: str) -> Json:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Invalid(f"The {what} is no JSON.") from None


def _text(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
