"""What an MLflow request asks: fields of its JSON body or of its query, with MLflow's errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import Request

from zaffre.api.bodies import body_of
from zaffre.errors import Invalid

_MOST_FIELDS = 10_000


@dataclass(frozen=True)
class Asked:
    """The fields of one request."""

    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Give a text that must be there.

        Raises:
            Invalid: it is not.
        """
        found = self.maybe(name)
        if not found:
            raise Invalid(f"Missing value for required parameter '{name}'.")
        return found

    def maybe(self, name: str) -> str | None:
        """Give a text, or None.

        Raises:
            Invalid: it is something else.
        """
        found = self.fields.get(name)
        if found is None or isinstance(found, str):
            return clean(name, found) if found else found
        raise _wrong(name, "a string", found)

    def number(self, name: str, default: int, *, most: int) -> int:
        """Give a whole number from 1 on.

        Raises:
            Invalid: it is something else.
        """
        found = self.fields.get(name)
        if found in (None, "", 0, "0"):
            return default
        try:
            value = int(found)
        except (TypeError, ValueError, OverflowError):
            raise _wrong(name, "a whole number", found) from None
        if isinstance(found, (bool, float)) or not 1 <= value <= most:
            raise _wrong(name, f"a whole number from 1 to {most}", found)
        return value

    def flag(self, name: str) -> bool:
        """Give a yes or no; no by default.

        Raises:
            Invalid: it is something else.
        """
        found = self.fields.get(name)
        known = {
            None: False,
            "": False,
            "true": True,
            "false": False,
            "True": True,
            "False": False,
        }
        if isinstance(found, bool):
            return found
        if isinstance(found, (str, type(None))) and found in known:
            return known[found]
        raise _wrong(name, "true or false", found)

    def texts(self, name: str) -> list[str]:
        """Give a list of texts.

        Raises:
            Invalid: it is something else.
        """
        found = self.fields.get(name)
        if found is None:
            return []
        found = [found] if isinstance(found, str) else found
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return [clean(name, one) for one in found]
        raise _wrong(name, "a list of strings", found)

    def parts(self, name: str) -> list[Asked]:
        """Give a list of objects.

        Raises:
            Invalid: it is something else.
        """
        found = self.fields.get(name)
        if found is None:
            return []
        if isinstance(found, list) and all(isinstance(one, dict) for one in found):
            return [Asked(one) for one in found]
        raise _wrong(name, "a list of objects", found)

    def pairs(self, name: str) -> dict[str, str]:
        """Give a list of `key` and `value` as a mapping; the last of equal keys counts.

        Raises:
            Invalid: it is something else.
        """
        return {one.text("key"): one.maybe("value") or "" for one in self.parts(name)}


def clean(name: str, text: str) -> str:
    """Give a text back that every database can keep.

    Raises:
        Invalid: it holds a NUL or half of a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(f"Invalid value for parameter '{name}': it is not valid Unicode.") from None
    if "\x00" in text:
        raise Invalid(f"Invalid value for parameter '{name}': it holds a NUL character.")
    return text


def _wrong(name: str, wanted: str, found: object) -> Invalid:
    shown = repr(found)[:100] if not isinstance(found, float) or math.isfinite(found) else "nan"
    return Invalid(f"Invalid value for parameter '{name}': it must be {wanted}, not {shown}.")


async def asked(request: Request) -> Asked:
    """Read what a request asks: the body, or the query where there is none.

    Raises:
        Invalid: it is no JSON object, or no UTF-8.
    """
    raw = await request.body()
    if not raw.strip() or request.method == "GET":
        return Asked(query(request))
    body = body_of(raw)
    if not isinstance(body, dict):
        raise Invalid("The body is no JSON object.")
    return Asked({**query(request), **body})


def query(request: Request) -> dict[str, Any]:
    """Read the query; a field given more than once is a list.

    Raises:
        Invalid: it is no UTF-8.
    """
    raw: bytes = request.scope.get("query_string", b"")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError):
        raise Invalid("The query is not encoded as UTF-8.") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        known = found.get(name)
        found[name] = (
            value
            if name not in found
            else [*known, value]
            if isinstance(known, list)
            else [known, value]
        )
    return found


def path_of(request: Request, name: str = "path") -> str:
    """Give the path at the end of a route, decoded once and byte for byte.

    Raises:
        Invalid: it is no UTF-8.
    """
    path: str = request.path_params[name]
    if "\ufffd" in path or "\udc80" <= max(path, default="") <= "\udcff":
        raw: bytes = request.scope.get("raw_path") or b""
        try:
            unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            raise Invalid("The path is not encoded as UTF-8.") from None
    return path
