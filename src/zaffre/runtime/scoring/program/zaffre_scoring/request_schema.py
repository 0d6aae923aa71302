"""The deployment's own JSON Schema: requests are checked before the script or model sees them."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Callable, Dict, List, Optional, Union

from zaffre_scoring.conforming import form_of
from zaffre_scoring.requests import Refused
from zaffre_scoring.tables import Table

SCHEMA, CODE = "schema.json", "check.py"
BODY = "body"
LONGEST = 500
STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


class JsonSchemaValueException(ValueError):
    """A value does not fit: what the generated code raises."""

    def __init__(self, message: str, name: str = "", **_: Any) -> None:
        super().__init__(message)
        self.message = message
        self.name = name


JsonSchemaValuesException = JsonSchemaValueException


class RequestSchema:
    """A schema and the function that was made of it."""

    def __init__(self, folder: str) -> None:
        with open(os.path.join(folder, SCHEMA), encoding="utf-8") as file:
            self.document: Dict[str, Any] = json.load(file)
        path = os.path.join(folder, CODE)
        names: Dict[str, Any] = {}
        with open(path, encoding="utf-8") as file:
            exec(compile(file.read(), path, "exec"), names)  # noqa: S102 - made of the schema by us
        self._validate: Callable[..., Any] = names["validate"]
        self._form = form_of(self.document)

    def check(self, document: Any) -> None:
        """Check a parsed body.

        Raises:
            Refused: it does not fit; says in which row and column.
        """
        try:
            self._validate(document, name_prefix=BODY)
        except JsonSchemaValueException as error:
            where = place(steps_of(error.name), document)
            raise Refused(400, (where + error.message)[:LONGEST]) from None

    def check_table(self, table: Table) -> None:
        """Check rows that came in another form, by what the schema says of its own.

        Raises:
            Refused: they do not fit; says in which row and column.
        """
        if self._form is None:
            return
        document = self._form.document(table)
        try:
            self._validate(document, name_prefix=BODY)
        except JsonSchemaValueException as error:
            where = place(steps_of(error.name), document)
            said = error.message.replace(error.name, "it", 1) if where else error.message
            raise Refused(400, (where + said)[:LONGEST]) from None

    def check_body(self, body: bytes) -> None:
        """Check the bytes of a body.

        Raises:
            Refused: it is no JSON, or does not fit.
        """
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"The body could not be decoded as JSON: {error}") from None
        self.check(document)


def schema_of(spec: Dict[str, Any]) -> Optional[RequestSchema]:
    """Give the schema of a specification, if it has one."""
    folder = spec.get("request_schema")
    return RequestSchema(folder) if folder else None


def steps_of(name: str) -> List[Union[int, str]]:
    """Take a path like `body.data[0].age` apart, without its first word."""
    found = [int(index) if index else key for index, key in STEP.findall(name)]
    return found[1:]


def place(steps: List[Union[int, str]], document: Any) -> str:
    """Say in which row and column something is, as the beginning of a sentence."""
    at = next((number for number, step in enumerate(steps) if isinstance(step, int)), None)
    if at is None:
        return ""
    row, holder = steps[at], steps[at - 1] if at else None
    column: Union[int, str, None] = steps[at + 1] if at + 1 < len(steps) else None
    if isinstance(column, int):
        column = _names(steps[: at - 1], document).get(column, column)
    elif column is None and at > 1 and isinstance(holder, str) and holder != "data":
        column = holder  # a table by columns: the name stands before the row
    named = "" if column is None else f", column {column!r}"
    return f"Row {row}{named}: "


def _names(steps: List[Union[int, str]], document: Any) -> Dict[int, Any]:
    """Give the names of columns that stand beside the data."""
    for step in steps:
        document = document[step]
    columns = document.get("columns") if isinstance(document, dict) else None
    return dict(enumerate(columns)) if isinstance(columns, list) else {}
