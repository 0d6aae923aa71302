"""What the inner parts of specs are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Part(BaseModel):
    """A mapping inside a spec. Unknown fields are refused; a part never changes in place."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
        coerce_numbers_to_str=True,
        defer_build=True,
    )


BRANCHES = frozenset({"<text>", "<mapping>", "<data>", "<literal>", "<table>"})
"""What the branches of fields are called that take one thing or another."""


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_lower)
"""Marks a choice that may be written in any case: `Key` for `key`."""


def _nothing(value: Any) -> None:
    del value


Dropped = Annotated[None, BeforeValidator(_nothing)]
"""A field that documents may have and nobody keeps, such as a password."""


def is_text(value: Any) -> str:
    """Tell the two branches of a field apart that takes a text or a mapping."""
    return "<mapping>" if isinstance(value, (dict, BaseModel)) else "<text>"
