"""Rows on which a compiled model is compared with its original: given, an example, or made up."""

from __future__ import annotations

import contextlib
import csv
import importlib
import json
import os
import random
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from zaffre_scoring.predictors import Predictor
from zaffre_scoring.requests import Refused
from zaffre_scoring.signature import NUMBERS, fitted_rows
from zaffre_scoring.tables import Table, table_of

MADE_ROWS = 256
MOST_ROWS = 10_000
SPREADS = (0.1, 1.0, 10.0, 1000.0)
EXAMPLES = ("serialized_input_example.json", "input_example.json")


class NoSample(Exception):
    """There is nothing to compare on; its text says what to give."""


class Sample(NamedTuple):
    """Rows, and where they are from."""

    table: Table
    origin: str


def sample_of(predictor: Predictor, folder: Optional[str], given: Optional[str]) -> Sample:
    """Give the rows of a file, else the model's own example, else made-up ones.

    Raises:
        NoSample: there are none and the model says too little to make some.
    """
    if given:
        return Sample(_first(_of_file(given)), "the sample data")
    example = _example(folder) if folder else None
    if example is None:
        return Sample(_made(predictor, None), "made-up rows")
    if not predictor.signature.is_numeric or not _is_matrix(example.rows):
        return Sample(_first(example), "the model's input example")
    near = _made(predictor, example)
    names, rows = fitted_rows(example, predictor.signature, tuple(predictor.names))
    return Sample(
        _first(Table(names or near.columns, [*rows, *near.rows])),
        "the model's input example and made-up rows near it",
    )


def _first(table: Table) -> Table:
    return Table(table.columns, table.rows[:MOST_ROWS])


def _of_file(path: str) -> Table:
    kind = os.path.splitext(path)[1].lower()
    try:
        if kind == ".csv":
            return _of_csv(path)
        if kind == ".parquet":
            frame = importlib.import_module("pandas").read_parquet(path)
            return Table(tuple(map(str, frame.columns)), frame.values.tolist())
        if kind == ".json":
            with open(path, encoding="utf-8") as file:
                return _of_json(json.load(file))
    except (Refused, ValueError, OSError) as error:
        raise NoSample(f"The sample data cannot be read: {error}") from None
    raise NoSample("The sample data is no .csv, .json or .parquet file.")


def _of_csv(path: str) -> Table:
    with open(path, encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    return Table(tuple(names), [[_value(text) for text in row] for row in rows])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_json(document: Any) -> Table:
    if isinstance(document, dict) and "data" in document:
        document = {"dataframe_split": document}
    elif isinstance(document, list):
        document = {"input_data": document}
    return table_of(document)


def _example(folder: str) -> Optional[Table]:
    for name in EXAMPLES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with contextlib.suppress(ValueError, Refused), open(path, encoding="utf-8") as file:
                return _of_json(json.load(file))
    return None


def _is_matrix(rows: List[Any]) -> bool:
    return bool(rows) and all(
        isinstance(row, list) and all(isinstance(value, (int, float)) for value in row)
        for row in rows
    )


def _made(predictor: Predictor, example: Optional[Table]) -> Table:
    """Make rows of numbers: near an example's size, or of several sizes."""
    columns = _columns(predictor, example)
    text = [name for name, kind in columns if kind not in NUMBERS]
    if text:
        raise NoSample(f"Column `{text[0]}` is no number: give `sample_data` with values of it.")
    dice = random.Random(0)  # noqa: S311 - the same rows each time
    middles = _middles(example, len(columns))
    rows = [
        [
            _drawn(dice, kind, middle, max(abs(middle), 1.0) if example else SPREADS[number % 4])
            for (_, kind), middle in zip(columns, middles)
        ]
        for number in range(MADE_ROWS)
    ]
    has_names = bool(predictor.signature.columns or predictor.names)
    return Table(tuple(name for name, _ in columns) if has_names else None, rows)


def _columns(predictor: Predictor, example: Optional[Table]) -> Tuple[Tuple[str, str], ...]:
    if predictor.signature.columns:
        return predictor.signature.columns
    if predictor.names:
        return tuple((name, "double") for name in predictor.names)
    width = predictor.width or (len(example.rows[0]) if example else 0)
    if not width:
        raise NoSample("The model does not say which columns it takes: give `sample_data`.")
    return tuple((str(number), "double") for number in range(width))


def _middles(example: Optional[Table], width: int) -> List[float]:
    if example is None:
        return [0.0] * width
    count = len(example.rows)
    return [sum(float(row[place]) for row in example.rows) / count for place in range(width)]


def _drawn(dice: random.Random, kind: str, middle: float, spread: float) -> Any:
    value = dice.gauss(middle, spread)
    if kind == "boolean":
        return value > middle
    return round(value) if kind in ("integer", "long") else value


def facts(sample: Sample) -> Dict[str, Any]:
    """Give what a report says of a sample."""
    return {"sample": sample.origin, "rows": len(sample.table.rows)}
