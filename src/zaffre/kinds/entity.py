"""Entities and moments as rows write them: what becomes a key or an event time passes here."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from zaffre.errors import Invalid
from zaffre.kinds.names import shown
from zaffre.kinds.resource import Json

LONGEST_KEY = 512
FARTHEST = 10**20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (0, 1))
"""From which number on a moment is in nanoseconds, microseconds, milliseconds; else seconds."""

_BOUNDS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""The years 1 to 9999, in microseconds."""

_HINT = "Write it as `2026-03-01T10:00:00Z`, or as seconds since 1970."


def key_of(value: Json) -> str:
    """Give the text of an entity's key: 7, 7.0 and "7" are one entity.

    Raises:
        Invalid: it is empty, too long, or neither text nor number.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    odd = isinstance(value, bool) or not isinstance(value, (str, int, float))
    if odd or (isinstance(value, float) and not math.isfinite(value)):
        raise Invalid(f"{shown(str(value))} is no key of an entity.", hint="Use a text or number.")
    text = str(value)
    if not text or len(text) > LONGEST_KEY or "\x00" in text or not _is_utf8(text):
        raise Invalid(
            f"{shown(text)} is no key of an entity.", hint=f"Use 1 to {LONGEST_KEY} characters."
        )
    return text


def moment_of(value: Json) -> int:
    """Give a moment in microseconds since 1970; one without a zone is in UTC.

    Raises:
        Invalid: it is no moment.
    """
    if isinstance(value, str):
        found = _of_text(value.strip())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _of_number(value)
    else:
        found = None
    if found is None or not _BOUNDS[0] <= found <= _BOUNDS[1]:
        raise Invalid(f"{shown(str(value))} is no moment.", hint=_HINT)
    return found


def text_of(moment: int) -> str:
    """Give a moment as text, in UTC."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat().replace("+00:00", "Z")


def _of_number(value: float) -> int | None:
    if not -FARTHEST < value < FARTHEST:  # nor is it a number at all
        return None
    in_a_second = next(count for least, count in _UNITS if abs(value) >= least)
    return round(value * 1_000_000 / in_a_second)


def _of_text(text: str) -> int | None:
    try:
        return _of_number(float(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
