"""Bodies, queries and answers: JSON in and out, revisions as ETags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from zaffre.errors import Invalid
from zaffre.kinds import wire
from zaffre.kinds.resource import Json, Resource

LONGEST_NUMBER = 15
"""Digits of the longest number that is read from headers and queries."""


def body_of(raw: bytes) -> Json:
    """Parse a JSON body.

    Raises:
        Invalid: it is no JSON (RFC 8259: no NaN, no infinities) or nested too deeply.
    """
    try:
        return json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The body is no JSON: {error}.", code="bad_json") from None


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


def text_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Give JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(
        text.encode("utf-8", "backslashreplace"), status, dict(headers or {}), "application/json"
    )


def resource_answer(resource: Resource, status: int = 200) -> Response:
    """Give a resource, its revision as the ETag."""
    return text_answer(wire.to_wire(resource), status, {"ETag": f'"{resource.revision}"'})


def revision_of(request: Request) -> int | None:
    """Give the revision that a change was made on (`If-Match`), or None.

    Raises:
        Invalid: the header is no revision.
    """
    text = request.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    number_text = text.removeprefix("W/").strip('"')
    if not (
        number_text.isascii() and number_text.isdigit() and len(number_text) <= LONGEST_NUMBER
    ):
        raise Invalid(
            "If-Match is no revision of ours.", hint="Send the ETag that came with the resource."
        )
    return int(number_text)


def number(asked: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """Read a whole number of the query.

    Raises:
        Invalid: it is none, or out of range.
    """
    text = asked.get(name, str(default))
    if not (
        text.isascii()
        and text.isdigit()
        and len(text) <= LONGEST_NUMBER
        and least <= int(text) <= most
    ):
        raise Invalid(f"`{name}` is no whole number from {least} to {most}.")
    return int(text)


def flag(asked: Mapping[str, str], name: str, *, default: bool | None) -> bool | None:
    """Read `true`, `false` or `all` (None) of the query.

    Raises:
        Invalid: it is none of them.
    """
    text = asked.get(name)
    if text is None:
        return default
    choices: dict[str, bool | None] = {"true": True, "false": False, "all": None}
    if text not in choices:
        raise Invalid(f"`{name}` is `{text}`.", hint="Allowed: true, false, all.")
    return choices[text]
