"""What all entities share: a document with attributes, checked against its kind's definition."""

from __future__ import annotations

import copy
import html
import inspect
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel

from zaffre.errors import Invalid
from zaffre.kinds import registry
from zaffre.kinds.annotations import choices, takes_words_only
from zaffre.kinds.document import Document
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Kind
from zaffre.kinds.wire import SYSTEM
from zaffre.ml.fields import Fields, plain, wrap
from zaffre.ml.local_fields import locals_of

MEANT_FOR_AZURE = frozenset({"base_path", "schema"})


class Part(Fields):
    """A mapping inside an entity, such as its code configuration, checked against its type."""

    model: ClassVar[type[BaseModel] | None] = None

    def __init_subclass__(cls, model: type[BaseModel] | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if model is not None:
            cls.model = model
            cls.__signature__ = signature(cls, model.model_fields)  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **fields: Any) -> None:
        given = {name: value for name, value in dict(*args, **fields).items() if value is not None}
        model = self.model_for(given)
        if model is not None:
            refuse_unknown(type(self), given, _known(model))
            refuse_wrong_words(type(self), given, model)
        super().__init__(given)

    @classmethod
    def model_for(cls, given: Mapping[str, Any]) -> type[BaseModel] | None:
        """Give what its fields are checked against."""
        del given
        return cls.model

    def __getattr__(self, name: str) -> Any:
        model = self.model_for(self)
        if name not in self and model is not None and name in model.model_fields:
            return default(model, name)
        return super().__getattr__(name)


class Entity:
    """A resource as Python sees it. Fields are those of the kind; `None` means unset."""

    kind: ClassVar[Kind]
    _document: Fields
    _source: Document

    def __init_subclass__(cls, kind: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if kind:
            cls.kind = registry.kind(kind)
            cls.__signature__ = signature(cls, cls.kind.spec.model_fields, identity(cls.kind))  # type: ignore[attr-defined]

    def __init__(self, **fields: Any) -> None:
        given = {
            name: value
            for name, value in fields.items()
            if value is not None and name not in MEANT_FOR_AZURE
        }
        refuse_unknown(type(self), given, settable(self.kind, given))
        self._fill(Document(given))

    @classmethod
    def from_document(cls, document: Document | Mapping[str, Any]) -> Self:
        """Make the entity of a whole document, which keeps its places for messages."""
        entity = cls.__new__(cls)
        made = document if isinstance(document, Document) else Document(document)
        entity._fill(made)  # noqa: SLF001 (its own class makes it)
        return entity

    @property
    def base_path(self) -> Path:
        """Give the folder that relative paths start at."""
        return self._source.folder or Path.cwd()

    @property
    def creation_context(self) -> Fields | None:
        """Give who made it, and when it was made and changed, as times."""
        found = self._document.get("creation_context")
        if found is None:
            return None
        times = {
            name: datetime.fromisoformat(value)
            for name, value in found.items()
            if name.endswith("_at") and isinstance(value, str)
        }
        return Fields({**found, **times})

    @property
    def latest_version(self) -> str | None:
        """Give the version of what a list gave: the latest. None where there are no versions."""
        return self._document.get("version")

    def as_document(self) -> Document:
        """Give what the user asks for, with its places where it came from a file."""
        return self._source.with_data(self.to_document())

    def to_document(self) -> dict[str, Any]:
        """Give what the user asks for as a plain document: no facts of the server."""
        reported = {*SYSTEM, *self.kind.status.model_fields} - set(
            self.kind.spec_for(self._document).model_fields
        )
        return {
            name: plain(value) for name, value in self._document.items() if name not in reported
        }

    def as_field(self) -> Any:
        """Give what stands for it in another document: its id if it is stored, else itself."""
        return self._document["id"] if "revision" in self._document else self.to_document()

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what the server reported."""
        return {name: plain(value) for name, value in self._document.items()}

    def _fill(self, source: Document) -> None:
        object.__setattr__(self, "_document", Fields(source.data))
        object.__setattr__(self, "_source", source)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        document = self._document
        if name in document:
            return document[name]
        spec = self.kind.spec_for(document)
        if name in spec.model_fields:
            value = wrap(copy.deepcopy(default(spec, name)))
            # A container must be kept: `model.tags["a"] = "b"` changes the model.
            if isinstance(value, (dict, list)):
                document[name] = value
            return value
        if name in self.kind.status.model_fields or name in {*identity(self.kind), *SYSTEM}:
            return None
        raise AttributeError(
            f"{type(self).__name__} has no `{name}`. {advice(name, _known(spec))}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
            return
        known = settable(self.kind, self._document)
        if name not in known and name not in self._document:
            raise AttributeError(f"{type(self).__name__} has no `{name}`. {advice(name, known)}")
        self._document[name] = value

    def __dir__(self) -> list[str]:
        names = (*self._document, *self.kind.spec.model_fields, *self.kind.status.model_fields)
        return sorted({*super().__dir__(), *names})

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Entity)
            and self.kind is other.kind
            and self.to_dict() == other.to_dict()
        )

    def __hash__(self) -> int:
        return hash((self.kind.name, self._document.get("name"), self._document.get("version")))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._facts())
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for name, value in self._facts()
        )
        return f"<table><caption>{html.escape(self.kind.title)}</caption>{rows}</table>"

    def _facts(self) -> list[tuple[str, Any]]:
        """List what a person wants to see first."""
        wanted = dict.fromkeys((*identity(self.kind), *self.kind.columns, "description", "tags"))
        facts = ((name, plain(self._document.get(name))) for name in wanted)
        return [(name, value) for name, value in facts if value not in (None, "", {}, [])]


def identity(kind: Kind) -> tuple[str, ...]:
    """Give the fields that address a resource of a kind."""
    return (
        "name",
        *(("version",) if kind.versioned else ()),
        *((kind.parent_field,) if kind.parent_field else ()),
    )


def settable(kind: Kind, document: Mapping[str, Any]) -> set[str]:
    """Give the fields that somebody may set."""
    return {*_known(kind.spec_for(document)), *identity(kind), "type"}


def refuse_unknown(made: type, given: Mapping[str, Any], known: set[str]) -> None:
    """Refuse arguments that the kind does not have, with a near match.

    Raises:
        TypeError: as for any wrong argument.
    """
    for name in given:
        if name not in known:
            raise TypeError(f"{made.__name__} takes no `{name}`. {advice(name, known)}")


def refuse_wrong_words(made: type, given: Mapping[str, Any], model: type[BaseModel]) -> None:
    """Refuse a word where a field takes only some others, with a near match.

    Raises:
        Invalid: the word is none of them.
    """
    for name, field in model.model_fields.items():
        word = plain(getattr(given.get(name), "value", given.get(name)))
        known = choices(field.annotation) if takes_words_only(field.annotation) else []
        if not known or not isinstance(word, str) or "${{" in word:
            continue
        if word.lower() not in {one.lower() for one in known}:
            raise Invalid(f"{made.__name__}: `{name}` is `{word}`.", hint=advice(word, known))


def signature(
    made: type, fields: Mapping[str, Any], first: tuple[str, ...] = ()
) -> inspect.Signature:
    """Give the signature that help and notebooks show: the kind's fields by keyword."""
    names = [*first, *(name for name in fields if name not in first)]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in names
        if name.isidentifier()
    ]
    return inspect.Signature(parameters, return_annotation=made)


def default(model: type[BaseModel], name: str) -> Any:
    """Give the value that a field has when it is not set."""
    field = model.model_fields[name]
    value = (
        field.get_default(call_default_factory=True, validated_data={})
        if not field.is_required()
        else None
    )
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    return getattr(value, "value", value)


def _known(model: type[BaseModel]) -> set[str]:
    return {
        *model.model_fields,
        *(field.alias for field in model.model_fields.values() if field.alias),
    }


def placed_document(kind: str, entity: Entity, *, own: bool = False) -> dict[str, Any]:
    """Give a document whose local paths do not depend on where it lies.

    With `own`, only what stands at its top that is no input.
    """
    document = entity.to_document()
    document.pop("$schema", None)
    for local in list(locals_of(kind, document, entity.base_path)):
        local.holder[local.name] = str(local.path)
    if own:
        return {name: document[name] for name in ("code", "environment") if name in document}
    return document
