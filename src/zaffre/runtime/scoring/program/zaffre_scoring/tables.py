"""Rows of requests to models without a script: the forms in which they come, put together."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from zaffre_scoring.requests import Refused, Request

FORMS = ("input_data", "dataframe_split", "dataframe_records", "inputs", "instances")
EXPECTED = "The body should be a JSON dictionary with one of: " + ", ".join(FORMS) + "."


class Table(NamedTuple):
    """Rows, with the names of their columns where they were given, and the model's parameters."""

    columns: Optional[Tuple[str, ...]]
    rows: List[Any]
    params: Optional[Dict[str, Any]] = None


def table_of(document: Any) -> Table:
    """Read the rows of a request's document.

    Raises:
        Refused: it has none of the known forms.
    """
    if not isinstance(document, dict):
        raise Refused(400, EXPECTED)
    form = next((name for name in FORMS if name in document), None)
    if form is None:
        raise Refused(400, EXPECTED)
    value, params = document[form], document.get("params")
    if params is not None and not isinstance(params, dict):
        raise Refused(400, "`params` should be a dictionary.")
    columns, rows = _read(form, value)
    return Table(columns, rows, params or None)


def document_of(request: Request) -> Any:
    """Parse the body of a request.

    Raises:
        Refused: it has none, or it is no JSON.
    """
    if request.method != "POST":
        raise Refused(405, "Method not allowed")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body could not be decoded as JSON: {error}") from None


def _read(form: str, value: Any) -> Tuple[Optional[Tuple[str, ...]], List[Any]]:
    if isinstance(value, dict) and form in ("input_data", "dataframe_split") and "data" in value:
        return _split(value, form)
    if isinstance(value, dict) and form in ("input_data", "inputs"):
        return _by_column(value, form)
    if isinstance(value, list) and form != "dataframe_split":
        if value and all(isinstance(row, dict) for row in value):
            return _records(value, form)
        if form != "dataframe_records":
            return None, value
    raise Refused(400, f"`{form}` has not the form that it should have.")


def _split(value: Dict[str, Any], form: str) -> Tuple[Optional[Tuple[str, ...]], List[Any]]:
    columns, rows = value.get("columns"), value["data"]
    if not isinstance(rows, list) or not (columns is None or isinstance(columns, list)):
        raise Refused(400, f"`{form}` should hold lists: columns, index and data.")
    names = None if columns is None else tuple(map(str, columns))
    width = None if names is None else len(names)
    for row in rows:
        if not isinstance(row, list) or (width is not None and len(row) != width):
            raise Refused(
                400,
                f"Each row of `{form}.data` should be a list with a value for each column.",
            )
    return names, rows


def _records(rows: Sequence[Dict[str, Any]], form: str) -> Tuple[Tuple[str, ...], List[Any]]:
    names = tuple(rows[0])
    known = set(names)
    for row in rows:
        if set(row) != known:
            raise Refused(400, f"All records of `{form}` should have the same fields.")
    return names, [[row[name] for name in names] for row in rows]


def _by_column(value: Dict[str, Any], form: str) -> Tuple[Tuple[str, ...], List[Any]]:
    columns = list(value.values())
    if not columns or not all(isinstance(column, list) for column in columns):
        raise Refused(400, f"Each column of `{form}` should be a list.")
    if len({len(column) for column in columns}) != 1:
        raise Refused(400, f"All columns of `{form}` should have the same length.")
    return tuple(value), [list(row) for row in zip(*columns)]


def gathered(tables: Sequence[Tuple[int, Table]]) -> List[List[Tuple[int, Table]]]:
    """Put tables together that one prediction can answer: the same columns, no parameters."""
    groups: Dict[Any, List[Tuple[int, Table]]] = {}
    for place, table in tables:
        first = table.rows[0] if table.rows else None
        alone = table.params is not None or not isinstance(first, list)
        width = len(first) if isinstance(first, list) else -1
        groups.setdefault(place if alone else (table.columns, width), []).append((place, table))
    return list(groups.values())
