"""Which columns of the input the model takes. Pure."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from zaffre.runtime.tables.coercion import Feature
from zaffre.runtime.tables.order import Input, Refused


def features_of(wants: dict[str, Any], schema: pa.Schema, given: Input) -> list[Feature]:
    """Say what a model gets: what it asks for by name, else the numbers in their order.

    Raises:
        Refused: the input has not what the model asks for.
    """
    if wants["whole"]:
        return [Feature(name) for name in given.features or schema.names]
    kinds = dict(wants["features"])
    names = list(given.features or kinds or wants["names"] or _numbers(schema, given))
    optional = set(wants["optional"])
    missing = [name for name in names if name not in schema.names and name not in optional]
    if missing:
        lacking = ", ".join(f"`{name}`" for name in missing)
        known = ", ".join(f"`{name}`" for name in schema.names)
        raise Refused(f"The model asks for {lacking}; the input has {known}.")
    names = [name for name in names if name in schema.names]
    if wants["width"] is not None and len(names) != wants["width"]:
        raise Refused(
            f"The model takes {wants['width']} columns; the input gives {len(names)} "
            f"({', '.join(names)}). Name them as the input's `features`, in the model's order."
        )
    return [Feature(name, kinds.get(name, "double"), name in optional) for name in names]


def _numbers(schema: pa.Schema, given: Input) -> list[str]:
    """Give the columns that hold numbers; those of text files may."""
    own = (given.key, given.watermark)
    text = given.address.format in ("csv", "jsonl")
    return [
        field.name
        for field in schema
        if field.name not in own and (text or _is_number(field.type))
    ]


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
