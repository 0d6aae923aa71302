"""Flags made of a kind's scalar fields, so that small things need no file."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from zaffre.kinds.resource import Kind, Spec

PREFIX = "field_"
IDLE = "Accepted"
"""How fields are described that are only there for documents from a cloud: no flag is shown."""
ELSEWHERE = {"properties", "tags", "traffic", "mirror_traffic"}


def flags(kind: Kind) -> list[click.Parameter]:
    """Give a flag for each scalar field of a kind, in all its variants."""
    made: dict[str, click.Parameter] = {}
    for spec in specs(kind):
        for name, field in spec.model_fields.items():
            flag = None if name in ELSEWHERE else _flag(kind, name, field)
            if flag is not None:
                made.setdefault(name, flag)
    return list(made.values())


def specs(kind: Kind) -> list[type[Spec]]:
    """Give the specs of a kind, one for each of its types."""
    return list(kind.variants.values()) or [kind.spec]


def take(values: dict[str, Any]) -> dict[str, Any]:
    """Take the flags that were given out of a command's values."""
    taken = {name: values.pop(name) for name in list(values) if name.startswith(PREFIX)}
    return {name.removeprefix(PREFIX): value for name, value in taken.items() if value is not None}


def _flag(kind: Kind, name: str, field: FieldInfo) -> click.Option | None:
    if name == "type" and kind.variants:
        kind_of_value: click.ParamType[Any] | None = click.Choice(
            [name for name in kind.variants if name not in kind.reported], case_sensitive=False
        )
    else:
        kind_of_value = scalar(field.annotation)
    if kind_of_value is None:
        return None
    word = name.replace("_", "-")
    ways = [
        f"--{word}/--no-{word}" if kind_of_value is click.BOOL else f"--{word}",
        f"{PREFIX}{name}",
    ]
    return click.Option(
        ways,
        type=None if kind_of_value is click.BOOL else kind_of_value,
        default=None,
        help=field.description,
        hidden=(field.description or "").startswith(IDLE),
    )


def scalar(annotation: Any) -> click.ParamType[Any] | None:
    """Give click's type for a field, or None if it holds more than one value."""
    members = [member for member in _members(annotation) if member is not type(None)]
    texts = [
        value for member in members if get_origin(member) is Literal for value in get_args(member)
    ]
    if texts:
        return click.Choice([str(text) for text in texts], case_sensitive=False)
    plain: Mapping[Any, click.ParamType[Any]] = {
        bool: click.BOOL,
        int: click.INT,
        float: click.FLOAT,
        str: click.STRING,
    }
    known = [plain[member] for member in members if member in plain]
    if members and len(known) == len(members):
        return known[-1] if len(known) > 1 else known[0]
    enums = [member for member in members if isinstance(member, type) and issubclass(member, Enum)]
    if enums:
        return click.Choice([str(one.value) for one in enums[0]], case_sensitive=False)
    # A field that takes a text or a mapping can be given as a text.
    return click.STRING if str in members else None


def _members(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation
