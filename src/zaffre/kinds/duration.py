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
