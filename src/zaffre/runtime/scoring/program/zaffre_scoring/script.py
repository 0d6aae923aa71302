"""The user's scoring script: loaded once, asked to `init`, then to `run` for each request."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import os
import signal
import sys
import time
import traceback
from http import HTTPStatus
from types import FrameType, ModuleType
from typing import Any, Callable, Dict, List, Optional, Tuple

from zaffre_scoring import misfits, stand_ins, swagger
from zaffre_scoring.answers import INTERNAL, SCRIPT_FAILED, Answer, answer_of, message
from zaffre_scoring.request_schema import RequestSchema
from zaffre_scoring.requests import EMPTY, Refused, Request, named_inputs, text_input

Inputs = Callable[[Request], Dict[str, Any]]


class ScoringTimeout(TimeoutError):
    """`run` took longer than the deployment allows."""


class ScriptError(Exception):
    """The script cannot be served as it is written."""


def _alarm(_signal: int, _frame: Optional[FrameType]) -> None:
    raise ScoringTimeout


class Script:
    """A loaded script; `mode` is how it takes input: text, named (inference_schema) or raw."""

    def __init__(self, path: str, timeout_ms: int, schema: Optional[RequestSchema] = None) -> None:
        self.timeout_ms = timeout_ms
        self._schema = schema
        self._path = path
        module = _load(path)
        self._init = _function(module, "init")
        driver = getattr(module, "driver_module", None)
        self._run = (
            driver.run
            if isinstance(driver, ModuleType) and hasattr(driver, "run")
            else _function(module, "run")
        )
        self.mode, self._inputs, self.wants_headers = _reading(self._run)
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def init(self) -> None:
        """Call the script's `init`, once; from now on a slow `run` is interrupted."""
        self._init()
        signal.signal(signal.SIGALRM, _alarm)

    def documents(self, folder: str) -> Dict[str, Any]:
        """Give the OpenAPI documents of this script by version."""
        return swagger.documents(self._run, folder, self._schema)

    def answer(self, request: Request) -> Tuple[Answer, int]:
        """Answer one request; gives the microseconds that `run` took too, 0 where it failed."""
        try:
            if self._schema is not None and request.method == "POST":
                self._schema.check_body(request.body)
            inputs = self._inputs(request)
        except Refused as refusal:
            if refusal.status == HTTPStatus.OK:
                return Answer(b"", 200, [("Content-Type", "text/html; charset=utf-8")]), 0
            return message(refusal.status, refusal.text), 0
        if self.wants_headers:
            inputs["request_headers"] = {name.title(): value for name, value in request.headers}
        began = time.perf_counter()
        try:
            value = self._call(inputs)
        except ScoringTimeout:
            traceback.print_exc()
            text = f"Scoring timeout after {self.timeout_ms} ms"
            return message(500, text, failed=True), 0
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code may raise anything
            traceback.print_exc()
            if self.mode == "named" and misfits.is_before(error, self._path):
                return message(400, self._explained(error, inputs)), 0
            return message(500, SCRIPT_FAILED, failed=True), 0
        spent = _since(began)
        try:
            return answer_of(value), spent
        except (TypeError, ValueError, RecursionError):
            traceback.print_exc()
            return message(500, INTERNAL), 0

    def _explained(self, error: BaseException, inputs: Dict[str, Any]) -> str:
        """Say why the decorators refused the input, and where where that can be seen."""
        where = misfits.of_inputs(inputs, swagger.input_schema(self._run))
        said = f"The input does not fit the schema: {str(error)[:300]}"
        return f"{where} {said}" if where else said

    def _call(self, inputs: Dict[str, Any]) -> Any:
        try:
            signal.setitimer(signal.ITIMER_REAL, self.timeout_ms / 1000)
            value = self._run(**inputs)
            if inspect.isawaitable(value):
                value = self._await(value)
            return value
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _await(self, value: Any) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(value)


def _since(began: float) -> int:
    return max(1, int((time.perf_counter() - began) * 1e6))


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("entry_module", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise ScriptError(f"There is no scoring script at {os.path.basename(path)}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["entry_module"] = module
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType, name: str) -> Callable[..., Any]:
    found = getattr(module, name, None)
    if not callable(found):
        raise ScriptError(f"The scoring script has no {name}() function.")
    return found  # type: ignore[no-any-return]  # checked to be callable


def _reading(run: Callable[..., Any]) -> Tuple[str, Inputs, bool]:
    """Say how a script's `run` takes its input, as its decorators and parameters tell."""
    parameters = list(inspect.signature(run).parameters.values())
    if any(p.kind not in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters):
        raise ScriptError("run() cannot accept positional-only arguments, *args, or **kwargs.")
    wants_headers = any(p.name == "request_headers" for p in parameters)
    names = [
        (p.name, EMPTY if p.default is p.empty else p.default)
        for p in parameters
        if p.name != "request_headers"
    ]
    if not names:
        raise ScriptError("run() needs to accept an argument for input data.")
    raw, decorated = stand_ins.raw_wanted(), swagger.is_decorated(run)
    if raw and decorated:
        raise ScriptError("run() cannot be decorated with both @rawhttp and @input_schema.")
    if raw:
        return "raw", _raw_input(names[0][0]), wants_headers
    if decorated:
        return "named", _named_input(names), wants_headers
    first = names[0][0]
    return "text", lambda request: {first: text_input(request)}, wants_headers


def _raw_input(name: str) -> Inputs:
    make = stand_ins.request_class()
    return lambda request: {name: make(request)}


def _named_input(names: List[Tuple[str, Any]]) -> Inputs:
    return lambda request: named_inputs(request, names)
