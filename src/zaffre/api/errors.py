"""Errors as HTTP answers: problem documents (RFC 9457), and MLflow's form on its routes."""

from __future__ import annotations

import errno
import json
from typing import Any

from starlette import status as http
from starlette.responses import Response

from zaffre.errors import (
    Conflict,
    Failed,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Stale,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
    ZaffreError,
)

STATUS: tuple[tuple[type[ZaffreError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Stale, 412),
    (Conflict, 409),
    (TooLarge, 413),
    (StorageFull, 507),
    (Unavailable, 503),
    (Failed, 422),
    (Invalid, 422),
)
MLFLOW_CODES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "ENDPOINT_NOT_FOUND",
    409: "RESOURCE_CONFLICT",
    412: "RESOURCE_CONFLICT",
    413: "INVALID_PARAMETER_VALUE",
    422: "INVALID_PARAMETER_VALUE",
    503: "TEMPORARILY_UNAVAILABLE",
    507: "TEMPORARILY_UNAVAILABLE",
}
RETRY_SECONDS = "2"
_SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO, errno.EROFS)


def status_of(error: ZaffreError) -> int:
    """Give the HTTP status of an error."""
    if error.code == "method":
        return http.HTTP_405_METHOD_NOT_ALLOWED
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def translate(error: Exception) -> ZaffreError | None:
    """Say what a failure of the machine, or of Python on hostile input, means to the caller."""
    if isinstance(error, RecursionError):
        return Invalid("The request is nested too deeply.", code="too_deep")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            "No room is left on the server's disk.", hint="Free some and try again."
        )
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _SCARCE):
        return Unavailable("The server lacks what it needs right now.", hint="Try again soon.")
    return None


def is_mlflow(path: str) -> bool:
    """Say whether a path belongs to MLflow's protocol, which has an error form of its own."""
    return path.startswith(("/api/2.0/mlflow", "/api/3.0/mlflow"))


def answer(error: ZaffreError, path: str, request_id: str = "") -> Response:
    """Give the answer for an error on a path."""
    status = status_of(error)
    if is_mlflow(path):
        return _mlflow(error, status)
    return _problem(error, status, request_id)


def _mlflow(error: ZaffreError, status: int) -> Response:
    code = error.code if error.code.isupper() else MLFLOW_CODES.get(status, "INTERNAL_ERROR")
    if status == http.HTTP_409_CONFLICT and error.code == "exists":
        code = "RESOURCE_ALREADY_EXISTS"
    text = error.message + (f" {error.hint}" if error.hint else "")
    shown = {409: 400, 412: 409, 413: 400, 422: 400}.get(status, status)
    return _json({"error_code": code, "message": text}, shown, "application/json")


def _problem(error: ZaffreError, status: int, request_id: str) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:zaffre:error:{error.code}",
        "title": type(error).__name__,
        "status": status,
        "code": error.code,
        "detail": error.message,
    }
    if error.hint:
        body["hint"] = error.hint
    if error.problems:
        body["problems"] = [_place(problem) for problem in error.problems]
    if request_id:
        body["instance"] = f"urn:zaffre:request:{request_id}"
    return _json(body, status, "application/problem+json")


def problems_of(error: ZaffreError) -> list[dict[str, Any]]:
    """Give each thing that is wrong, as problem documents list them."""
    return [_place(one) for one in error.problems or (Problem(error.message, hint=error.hint),)]


def _place(problem: Problem) -> dict[str, Any]:
    place = problem.place
    found = {
        "message": problem.message,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "field": place.field,
        "hint": problem.hint,
    }
    return {name: value for name, value in found.items() if value is not None}


def _json(body: dict[str, Any], status: int, media: str) -> Response:
    headers = {"Retry-After": RETRY_SECONDS} if status in (503, 507) else {}
    if status == http.HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="zaffre"'
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(text, status, headers, media)
