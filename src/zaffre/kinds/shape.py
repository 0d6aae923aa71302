"""What no document may hold: depths, numbers and texts that cannot be kept or sent on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from zaffre.errors import Problem
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.resource import Json

DEEPEST = 64


def shape_problems(document: Document) -> Iterator[Problem]:
    """Find what cannot be kept: too deep nesting, numbers that are none, texts that are none."""
    rest: list[tuple[Steps, Json]] = [((), document.data)]
    while rest:
        steps, value = rest.pop()
        message = _message(steps, value)
        if message:
            yield Problem(message, document.value_place(steps[:DEEPEST]))
        elif isinstance(value, dict):
            for name, inner in value.items():
                if _is_text(name):
                    rest.append(((*steps, name), inner))
                else:
                    yield Problem(
                        "A key is no text that can be kept.", document.value_place(steps)
                    )
        elif isinstance(value, list):
            rest.extend(((*steps, at), inner) for at, inner in enumerate(value))


def _message(steps: Steps, value: Json) -> str | None:
    if len(steps) > DEEPEST:
        return f"The document is nested more than {DEEPEST} levels deep."
    if isinstance(value, float) and not math.isfinite(value):
        return "Infinity and NaN are no values for a field."
    if isinstance(value, str) and not _is_text(value):
        return "The text holds a NUL character or a half of a character."
    return None


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or "\x00" in value:
        return False
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
