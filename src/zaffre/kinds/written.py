"""Texts as they were written: `1.10` for a version stays `1.10`, `on` for a tag stays `on`."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from zaffre.kinds.annotations import SCALARS, branches, items_of, model_among
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.resource import Json


def as_written(model: type[BaseModel], document: Document) -> Json:
    """Give the document's data with text wherever the model wants text."""
    return _value(model, document.data, (), document)


def _value(annotation: Any, value: Json, steps: Steps, document: Document) -> Json:
    if isinstance(value, dict):
        return _mapping(annotation, value, steps, document)
    if isinstance(value, list):
        item = items_of(annotation, list)
        return [_value(item, one, (*steps, at), document) for at, one in enumerate(value)]
    if isinstance(value, SCALARS) and _wants_text(annotation):
        return document.written(steps) or str(value)
    return value


def _mapping(annotation: Any, value: dict[str, Json], steps: Steps, document: Document) -> Json:
    model = model_among(branches(annotation))
    if model is not None:
        fields = model.model_fields
        return {
            name: _value(
                fields[name].annotation if name in fields else Any, inner, (*steps, name), document
            )
            for name, inner in value.items()
            if not (inner is None and _is_unset(fields.get(name)))
        }
    item = items_of(annotation, dict)
    return {
        name: ""
        if inner is None and item is str
        else _value(item, inner, (*steps, name), document)
        for name, inner in value.items()
    }


def _is_unset(field: FieldInfo | None) -> bool:
    """Say whether nothing written for a field means its default: `inputs:` with no lines below."""
    if field is None or field.is_required():
        return False
    return NoneType not in branches(field.annotation)


def _wants_text(annotation: Any) -> bool:
    alternatives = branches(annotation)
    if any(one is Any or one in SCALARS for one in alternatives):
        return False
    return any(one is str or get_origin(one) is Literal for one in alternatives)
