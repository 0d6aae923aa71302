"""A request as the worker sees it, and the ways in which a script takes its input."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, NamedTuple, Tuple
from urllib.parse import parse_qsl

from zaffre_scoring.frames import COUNT, FULL, Frame

EMPTY = object()


class Refused(Exception):
    """The request does not fit: a status and what to say."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Request(NamedTuple):
    """One call to the scoring address."""

    body: bytes
    method: str = "POST"
    path: str = "/score"
    query: str = ""
    headers: Tuple[Tuple[str, str], ...] = (("content-type", "application/json"),)

    def header(self, name: str) -> str:
        """Give a header's value, or nothing."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def is_json(self) -> bool:
        """Tell whether the body says that it is JSON."""
        kind = self.header("content-type").partition(";")[0].strip().lower()
        return kind == "application/json" or (
            kind.startswith("application/") and kind.endswith("+json")
        )


def request_of(frame: Frame) -> Request:
    """Read a request from its frame."""
    if frame.kind != FULL:
        return Request(frame.payload)
    (size,) = COUNT.unpack_from(frame.payload)
    meta = json.loads(frame.payload[4 : 4 + size])
    headers = tuple((str(name), str(value)) for name, value in meta["headers"])
    return Request(frame.payload[4 + size :], meta["method"], meta["path"], meta["query"], headers)


def query_values(query: str) -> Dict[str, Any]:
    """Read a query as if it were input: values are JSON where they parse, repeated ones lists."""
    found: Dict[str, List[Any]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        found.setdefault(name, []).append(_value(text))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def text_input(request: Request) -> str:
    """Give the input of an undecorated `run`: the body as text."""
    if request.method == "GET":
        return json.dumps(query_values(request.query))
    _expect_post(request)
    try:
        return str(request.body, "utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, f"Input cannot be decoded as UTF-8: {error}") from None


def named_inputs(request: Request, parameters: Iterable[Tuple[str, Any]]) -> Dict[str, Any]:
    """Give the inputs of a decorated `run`: each parameter by its name."""
    values = query_values(request.query) if request.method == "GET" else _posted(request)
    inputs = {}
    for name, default in parameters:
        value = values.get(name, default)
        if value is EMPTY:
            raise Refused(400, f"A value is not provided for the {name!r} parameter.")
        inputs[name] = value
    return inputs


def _posted(request: Request) -> Dict[str, Any]:
    _expect_post(request)
    if not request.is_json:
        raise Refused(415, "Expects Content-Type to be application/json")
    if not request.body:
        raise Refused(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        values = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"POST body could not be decoded as JSON: {error}") from None
    if not isinstance(values, dict):
        raise Refused(400, "POST body should be a JSON dictionary.")
    return values


def _expect_post(request: Request) -> None:
    if request.method == "OPTIONS":
        raise Refused(200, "")
    if request.method != "POST":
        raise Refused(405, "Method not allowed")
