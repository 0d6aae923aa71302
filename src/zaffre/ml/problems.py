"""Problem documents of the server, turned back into the errors that they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre import errors

BY_STATUS: dict[int, type[errors.ZaffreError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Invalid,
    409: errors.Conflict,
    412: errors.Stale,
    413: errors.TooLarge,
    415: errors.Invalid,
    422: errors.Invalid,
    429: errors.Unavailable,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
    507: errors.StorageFull,
}


def to_error(status: int, document: Any) -> errors.ZaffreError:
    """Make the error that a problem document describes; other answers get one by their status."""
    kind = BY_STATUS.get(status, errors.Failed)
    if not isinstance(document, Mapping):
        return kind(f"The server answered {status}.")
    return kind(
        str(document.get("detail") or document.get("message") or document.get("title") or status),
        hint=document.get("hint"),
        code=document.get("code") or document.get("error_code"),
        problems=tuple(_problem(entry) for entry in document.get("problems") or ()),
    )


def _problem(entry: Mapping[str, Any]) -> errors.Problem:
    place = errors.Place(*(entry.get(part) for part in ("file", "line", "column", "field")))
    return errors.Problem(str(entry.get("message", "")), place, entry.get("hint"))
