"""Spans of time as documents write them: `90s`, `10m`, `2h`, `1d`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|d)\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Duration = Annotated[str, Field(pattern=r"^[0-9]{1,6}[smhd]$")]
"""A number and its unit: seconds, minutes, hours or days."""


def seconds_of(text: str) -> int:
    """Give the seconds of a span; one of another form is none."""
    found = _SPAN.match(text)
    return int(found[1]) * _SECONDS[found[2]] if found else 0


_ISO = re.compile(r"P(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?)?\Z")
_ISO_SECONDS = (86400, 3600, 60)

IsoDuration = Annotated[
    str,
    Field(
        pattern=r"^P([0-9]{1,4}D|([0-9]{1,4}D)?T([0-9]{1,5}H|([0-9]{1,5}H)?[0-9]{1,6}M))$",
    ),
]
"""Days, hours and minutes in the form of ISO 8601: `PT30M`, `P1DT12H`."""


def seconds_of_iso(text: str) -> int:
    """Give the seconds of an ISO duration; one of another form is none."""
    found = _ISO.match(text)
    if found is None:
        return 0
    return sum(
        int(part or 0) * unit for part, unit in zip(found.groups(), _ISO_SECONDS, strict=True)
    )
