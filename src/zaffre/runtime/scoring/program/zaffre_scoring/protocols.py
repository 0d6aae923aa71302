"""The forms in which models without a script are asked, and in which they answer.

Azure ML's at `/score`, MLflow's at `/invocations`, the Open Inference Protocol's below `/v2`.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from zaffre_scoring import binary, tensors
from zaffre_scoring.answers import Answer, json_answer
from zaffre_scoring.request_schema import RequestSchema
from zaffre_scoring.requests import Refused, Request
from zaffre_scoring.tables import Table, document_of, table_of

INVOCATIONS = "/invocations"
V2 = "/v2/"
CSV = "text/csv"
ERROR_CODES = {400: "BAD_REQUEST", 405: "BAD_REQUEST", 415: "BAD_REQUEST"}


class Asked(NamedTuple):
    """What answers name: model, version, the method called, and the type of its predictions."""

    model: str
    version: str
    method: str
    kind: str


class Protocol(NamedTuple):
    """How a request is read, and how predictions and errors are written."""

    read: Callable[[Request], Table]
    write: Callable[[Request, Asked, List[Any]], Answer]
    error: Callable[[int, str], Dict[str, Any]]


def protocol_of(request: Request) -> Optional[Protocol]:
    """Give the protocol of a request's address; None for Azure ML's, which needs no more."""
    if request.path == INVOCATIONS:
        return MLFLOW
    return OPEN if request.path.startswith(V2) else None


def written(request: Request, asked: Asked, values: List[Any]) -> Answer:
    """Give predictions in the form of the request's protocol."""
    protocol = protocol_of(request)
    return protocol.write(request, asked, values) if protocol else _json(values)


def refused(request: Request, status: int, text: str, *, failed: bool = False) -> Answer:
    """Give an error in the form of the request's protocol."""
    protocol = protocol_of(request)
    document = protocol.error(status, text) if protocol else {"message": text}
    return json_answer(status, document, failed=failed)


def rows_of(request: Request, schema: Optional[RequestSchema]) -> Table:
    """Read the rows of a request, and see that they fit the deployment's own schema.

    Raises:
        Refused: they have not the form that they should have.
    """
    protocol = protocol_of(request)
    if protocol is None:
        document = document_of(request)
        if schema is not None:
            schema.check(document)
        return table_of(document)
    table = protocol.read(request)
    if schema is not None:
        schema.check_table(table)
    return table


def _json(document: Any) -> Answer:
    return Answer(json.dumps(document).encode())


def _read_invocation(request: Request) -> Table:
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind == CSV:
        return _read_csv(request.body)
    if kind and not request.is_json:
        raise Refused(415, "This address takes application/json and text/csv, not " + kind + ".")
    return table_of(document_of(request))


def _read_csv(body: bytes) -> Table:
    try:
        rows = [row for row in csv.reader(io.StringIO(str(body, "utf-8"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(400, f"The body could not be read as CSV: {error}") from None
    if not rows:
        raise Refused(400, "The body is empty: CSV begins with the names of the columns.")
    names, lines = rows[0], rows[1:]
    for number, line in enumerate(lines):
        if len(line) != len(names):
            text = "Row {} has {} values, not {}."
            raise Refused(400, text.format(number, len(line), len(names)))
    columns = [_numbers(list(column)) for column in zip(*lines)]
    return Table(tuple(names), [list(row) for row in zip(*columns)])


def _numbers(column: List[str]) -> List[Any]:
    """Give a column as numbers if all of its values are, with None for those that are missing."""
    for kind in (int, float):
        try:
            return [kind(text) if text else None for text in column]
        except ValueError:  # noqa: PERF203 - two tries
            continue
    return list(column)


def _read_tensors(request: Request) -> Table:
    return tensors.table_of(binary.read(request))


def _write_tensors(request: Request, asked: Asked, values: List[Any]) -> Answer:
    name = request.path.split("/")[3]
    outputs = tensors.outputs_of(values, asked.method, asked.kind)
    found: Dict[str, Any] = {"model_name": name, "outputs": outputs}
    if asked.version:
        found["model_version"] = asked.version
    given = binary.identifier(request)
    return binary.written(request, found if given is None else {**found, "id": given})


MLFLOW = Protocol(
    _read_invocation,
    lambda _request, _asked, values: _json({"predictions": values}),
    lambda status, text: {
        "error_code": ERROR_CODES.get(status, "INTERNAL_ERROR"),
        "message": text,
    },
)
OPEN = Protocol(_read_tensors, _write_tensors, lambda _status, text: {"error": text})
