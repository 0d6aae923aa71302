"""What a document says that has no effect here: each such field is named in a warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from zaffre.kinds.resource import Spec

NO_EFFECT = "not acted on"
"""What the description of a field says that is kept for Azure's documents alone."""

_TEXT = "It is kept, but has no effect here."


def remarks(spec: Spec) -> tuple[tuple[str, str], ...]:
    """Give pairs of a field and a sentence: what the kind has to say, then plain fields."""
    own = spec.remarks()
    said = {field for field, _ in own}
    return (*own, *((field, _TEXT) for field in _idle(spec, "") if field not in said))


def _idle(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name in sorted(value.model_fields_set & type(value).model_fields.keys()):
            field, given = type(value).model_fields[name], getattr(value, name)
            inner = f"{place}.{name}" if place else name
            if given == field.get_default(call_default_factory=True):
                continue
            if NO_EFFECT in (field.description or ""):
                yield inner
            else:
                yield from _idle(given, inner)
    elif isinstance(value, dict):
        for name, given in value.items():
            yield from _idle(given, f"{place}.{name}")
