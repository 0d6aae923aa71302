"""Schemas of plain Python values."""

from __future__ import annotations

import base64
from datetime import date, datetime, time, timezone
from typing import Any, Dict, List, Mapping, Sequence

from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType

DATE = "%Y-%m-%d"
DATETIME = "%Y-%m-%d %H:%M:%S.%f %z"
TIME = "%H:%M:%S.%f %z"


def described(value: Any) -> Dict[str, Any]:
    """Give the schema of a value, with the value as its example."""
    kind = type(value)
    if issubclass(kind, AbstractParameterType):
        return value.input_to_swagger()
    simple = {
        int: {"type": "integer", "format": "int64"},
        str: {"type": "string"},
        float: {"type": "number", "format": "double"},
        bool: {"type": "boolean"},
    }
    if kind in simple:
        return {**simple[kind], "example": value}
    if kind in (bytes, bytearray):
        return {
            "type": "string",
            "format": "byte",
            "example": base64.b64encode(value).decode("utf-8"),
        }
    if kind in (date, datetime, time):
        return _moment(value)
    if kind in (list, tuple, range):
        return of_list(value)
    if kind is dict:
        return of_dict(value)
    return {"type": "object", "example": value}


def of_list(values: Sequence[Any]) -> Dict[str, Any]:
    """Give the schema of a list: its items are described by the last one."""
    items: Dict[str, Any] = {"type": "object"}
    example: List[Any] = []
    for value in values:
        items = described(value)
        example.append(items.pop("example"))
    return {"type": "array", "items": items, "example": example}


def of_dict(values: Mapping[str, Any]) -> Dict[str, Any]:
    """Give the schema of a dictionary, all of whose keys are required."""
    properties = {name: described(value) for name, value in values.items()}
    example = {name: schema.pop("example") for name, schema in properties.items()}
    return {
        "type": "object",
        "required": list(values),
        "properties": properties,
        "example": example,
    }


def _moment(value: Any) -> Dict[str, Any]:
    if type(value) is date:
        return {"type": "string", "format": "date", "example": value.strftime(DATE)}
    known = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if type(value) is datetime:
        return {"type": "string", "format": "date-time", "example": known.strftime(DATETIME)}
    return {"type": "string", "format": "time", "example": known.strftime(TIME)}
