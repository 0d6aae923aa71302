"""Whether a value, or what another step gives, fits the input that it is for. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import get_args

from zaffre.errors import Invalid
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed
from zaffre.kinds.resource import Json
from zaffre.kinds.step import LITERALS, PortType

MODELS = ("mlflow_model", "triton_model")
"""Folders that hold certain files; a plain folder may hold them, too."""

_NEVER = {
    **dict.fromkeys(MODELS, ("uri_file", "mltable", *MODELS)),
    "custom_model": ("mltable",),
    "mltable": (*MODELS, "custom_model"),
}
"""What cannot be had as data of a type. Azure ML joins all else, as a file for a folder."""


def unlike(offered: str, wanted: str) -> str:
    """Say why data or a literal of one type cannot be had as another; "" if it can."""
    if not offered or not wanted or offered == wanted:
        return ""
    offered_literal, wanted_literal = offered in LITERALS, wanted in LITERALS
    if offered_literal != wanted_literal:
        return f"takes {wanted}; this is {offered}"
    if wanted_literal:
        fits = wanted == "string" or (wanted == "number" and offered == "integer")
        return "" if fits else f"takes {wanted}; this is {offered}"
    return f"takes {wanted}; this is {offered}" if offered in _NEVER.get(wanted, ()) else ""


def fitting() -> dict[str, list[str]]:
    """Give the types of inputs that each type of output fits, as editors check wires by."""
    types = get_args(get_args(PortType)[0])
    return {
        offered: [wanted for wanted in types if not unlike(offered, wanted)] for offered in types
    }


def wrong_value(value: Json, declared: Mapping[str, Json]) -> str:
    """Say why a literal does not fit what is declared; "" if it does."""
    kind = declared.get("type")
    if kind not in LITERALS:
        return f"takes data ({kind}); this is the literal {shown(str(value))}"
    number = _number(value)
    if kind == "boolean":
        fits = isinstance(value, bool) or str(value).lower() in ("true", "false")
    elif kind == "integer":
        fits = number is not None and float(number).is_integer()
    elif kind == "number":
        fits = number is not None
    else:
        fits = not isinstance(value, (dict, list))
    if not fits:
        return f"takes {_A[str(kind)]}; this is {shown(str(value))}"
    return _out_of_range(value, number, declared)


_A = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
}


def _out_of_range(value: Json, number: float | None, declared: Mapping[str, Json]) -> str:
    least, most, allowed = declared.get("min"), declared.get("max"), declared.get("enum")
    if number is not None and isinstance(least, (int, float)) and number < least:
        return f"must be at least {least:g}; it is {value}"
    if number is not None and isinstance(most, (int, float)) and number > most:
        return f"must be at most {most:g}; it is {value}"
    if isinstance(allowed, list) and allowed and str(value) not in map(str, allowed):
        return f"must be one of {listed(map(str, allowed))}; it is {shown(str(value))}"
    return ""


def literal(text: str, kind: str) -> Json:
    """Give the value that a text is, as what wrote it declares: a boolean, number or text.

    Raises:
        Invalid: it is none.
    """
    text = text.strip()
    reason = wrong_value(text, {"type": kind})
    if reason:
        raise Invalid(f"It {reason}.")
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "integer":
        return int(float(text))
    return float(text) if kind == "number" else text


def _number(value: Json) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def value_hint(declared: Mapping[str, Json]) -> str | None:
    """Say what an input takes."""
    text = declared.get("description")
    if declared.get("type") not in LITERALS:
        return "Write a mapping with `type` and `path`."
    return str(text) if text else None
