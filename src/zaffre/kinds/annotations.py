"""What a model's fields take: their types taken apart, for checks of documents and for pages."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from zaffre.kinds.document import Steps

SCALARS = (bool, int, float)

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def branches(annotation: Any) -> list[Any]:
    """Give the alternatives of a type, without what is only said about them."""
    if hasattr(annotation, "__value__"):
        # A named alias is JsonValue: anything that JSON can hold.
        return [Any]
    origin = get_origin(annotation)
    if origin is Annotated:
        return branches(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [branch for part in get_args(annotation) for branch in branches(part)]
    return [annotation]


def model_among(alternatives: list[Any]) -> type[BaseModel] | None:
    """Give the first model among alternatives, its fields resolved."""
    for one in alternatives:
        if isinstance(one, type) and issubclass(one, BaseModel):
            if not one.__pydantic_fields_complete__:
                one.model_rebuild()
            return one
    return None


def items_of(annotation: Any, container: type) -> Any | None:
    """Give the type of the values of a mapping (`dict`) or list that a type allows, if it does."""
    for one in branches(annotation):
        if get_origin(one) is container:
            return get_args(one)[-1]
        if one is container:
            return Any
    return None


def annotation_at(model: type[BaseModel], steps: Steps) -> Any | None:
    """Give the type of the field at the end of a way, or None if there is no such field."""
    annotation: Any = model
    for step in steps:
        annotation = _next(annotation, step)
        if annotation is None:
            return None
    return annotation


def model_at(model: type[BaseModel], steps: Steps) -> type[BaseModel] | None:
    """Give the model at the end of a way, if what stands there is a mapping with known fields."""
    annotation = annotation_at(model, steps)
    return None if annotation is None else model_among(branches(annotation))


def choices(annotation: Any) -> list[str]:
    """Give the words that a type allows, if it allows only some."""
    found = [get_args(one) for one in branches(annotation) if get_origin(one) is Literal]
    return [str(word) for words in found for word in words]


def takes_words_only(annotation: Any) -> bool:
    """Say whether a type takes some words and nothing else."""
    return all(get_origin(one) is Literal for one in branches(annotation) if one is not NoneType)


def described(annotation: Any) -> str:
    """Say in words what a type takes: `text or a mapping`."""
    words = [_word(one) for one in branches(annotation) if one is not NoneType]
    words = [word for word in dict.fromkeys(words) if word]
    if "a number" in words and "a whole number" in words:
        words.remove("a whole number")
    return (
        ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1]
        if words
        else "a value"
    )


def _next(annotation: Any, step: str | int) -> Any | None:
    if isinstance(step, int):
        return items_of(annotation, list)
    model = model_among(branches(annotation))
    if model is not None:
        field = model.model_fields.get(step)
        return field.annotation if field else None
    return items_of(annotation, dict)


def _word(one: Any) -> str:
    if one in _WORDS:
        return _WORDS[one]
    if get_origin(one) is Literal:
        return "one of " + ", ".join(f"`{word}`" for word in get_args(one))
    if get_origin(one) in (list, tuple) or one is list:
        return "a list"
    if get_origin(one) is dict or one is dict or model_among([one]):
        return "a mapping"
    return "a value"
