"""Documents become specs; everything wrong is found at once, with its place and a hint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic import ValidationError

from zaffre.errors import Invalid, Problem
from zaffre.kinds import names
from zaffre.kinds.document import Document, steps_of
from zaffre.kinds.explaining import MOST, Reader, described_value, template_hint
from zaffre.kinds.near import advice, listed
from zaffre.kinds.remarks import remarks
from zaffre.kinds.resource import Json, Kind, Spec
from zaffre.kinds.rules import rule_problems
from zaffre.kinds.schema_words import stands_for
from zaffre.kinds.shape import shape_problems
from zaffre.kinds.wire import SYSTEM
from zaffre.kinds.written import as_written


@dataclass(frozen=True)
class Loaded:
    """A document that was found right. What it does not give of its identity is ""."""

    name: str
    version: str
    parent: str
    spec: Spec
    warnings: tuple[Problem, ...] = ()


def check(kind: Kind, data: Json) -> Loaded:
    """Give the spec of a document that came as data; the parent may be known from elsewhere.

    Raises:
        Invalid: something in it is wrong; all of it is listed.
    """
    return _load(kind, Document(data), ("name",))


def load(kind: Kind, document: Document) -> Loaded:
    """Give the spec of a document.

    Raises:
        Invalid: something in it is wrong; all of it is listed, each thing with its place.
    """
    return _load(kind, document, ("name", kind.parent_field))


def _load(kind: Kind, document: Document, needed: tuple[str, ...]) -> Loaded:
    _refuse(kind, document, list(_first_problems(kind, document)))
    document = _with_type(document)
    identity, data = _split(kind, document)
    body = document.with_data(data)
    problems = [
        *_identity_problems(kind, document, identity),
        *_unnamed(kind, document, needed),
        *rule_problems(kind, body),
    ]
    spec_type = kind.spec_for(data)
    try:
        spec = spec_type.model_validate(as_written(spec_type, body))
    except ValidationError as error:
        found = Reader(spec_type, body, _identity_fields(kind)).explain(error)
        raise invalid(kind, document, [*found, *_elsewhere(problems, found)]) from error
    _refuse(kind, document, problems)
    warnings = tuple(
        Problem(text, body.key_place(steps_of(field))) for field, text in remarks(spec)
    )
    given = identity.get
    return Loaded(
        given("name", ""), given("version", ""), given(kind.parent_field, ""), spec, warnings
    )


def _elsewhere(problems: list[Problem], found: list[Problem]) -> list[Problem]:
    """Give the problems that are not about a field of which something was found already."""
    fields = {problem.place.field for problem in found}
    return [problem for problem in problems if problem.place.field not in fields]


def _refuse(kind: Kind, document: Document, problems: list[Problem]) -> None:
    if problems:
        raise invalid(kind, document, problems)


def invalid(kind: Kind, document: Document, problems: Sequence[Problem]) -> Invalid:
    """Give the error that lists what is wrong with a document, in the order of its places."""
    ordered = sorted(problems, key=lambda one: (one.place.line or 0, one.place.column or 0))
    if len(ordered) == 1:
        return Invalid(ordered[0].message, hint=ordered[0].hint, problems=tuple(ordered))
    where = f"`{document.file}`" if document.file else "The document"
    message = f"{where} is no valid {kind.title.lower()}: {len(problems)} things are wrong."
    return Invalid(message, problems=tuple(ordered[:MOST]))


def _first_problems(kind: Kind, document: Document) -> Iterator[Problem]:
    """Find what makes it useless to look further."""
    shape = list(islice(shape_problems(document), MOST))
    if shape:
        yield from shape
    elif not isinstance(document.data, dict):
        found = described_value(document.data)
        message = f"A document of kind {kind.title.lower()} is a mapping; this one is {found}."
        yield Problem(message, document.value_place(()), f"Begin as in:\n{kind.example}")
    else:
        yield from _wrong_kind(kind, document)
        yield from _wrong_type(kind, document)


def _wrong_kind(kind: Kind, document: Document) -> Iterator[Problem]:
    said, _ = stands_for(document.data.get("$schema"))
    if said and said != kind.name:
        message = f"This document is of kind `{said}`, not `{kind.name}`."
        hint = f"Use `zaffre {said.replace('_', '-')} create`, or correct `$schema`."
        yield Problem(message, document.value_place(("$schema",)), hint)


def _wrong_type(kind: Kind, document: Document) -> Iterator[Problem]:
    if not kind.variants:
        return
    said, said_type = stands_for(document.data.get("$schema"))
    given = document.data.get("type")
    chosen = said_type if given is None and said == kind.name else given
    if not isinstance(chosen, str):
        return
    place = document.value_place(("$schema",) if given is None else ("type",))
    word = chosen.strip().lower()
    title = kind.title.lower()
    if word in kind.inside:
        yield Problem(f"No {title} of its own is of type `{word}`.", place, kind.inside[word])
    elif word in kind.later:
        hint = f"Supported: {listed(_offered(kind))}."
        yield Problem(
            f"A {title} of type `{word}` is not yet supported in this version.", place, hint
        )
    elif word not in kind.variants and word:
        hint = template_hint(chosen) or advice(word, [*_offered(kind), *kind.later])
        yield Problem(f"{names.shown(chosen)} is no type of {title}.", place, hint)


def _offered(kind: Kind) -> list[str]:
    return [word for word in kind.variants if word not in kind.reported]


def _with_type(document: Document) -> Document:
    """Write the type out that `$schema` alone says, and in lower case."""
    data = {name: value for name, value in document.data.items() if name != "$schema"}
    _, said_type = stands_for(document.data.get("$schema"))
    if isinstance(data.get("type"), str):
        data["type"] = data["type"].strip().lower()
    elif said_type and data.get("type") is None:
        data["type"] = said_type
    return document.with_data(data)


def _identity_fields(kind: Kind) -> tuple[str, ...]:
    return tuple(
        name for name in ("name", "version" if kind.versioned else "", kind.parent_field) if name
    )


def _split(kind: Kind, document: Document) -> tuple[dict[str, str], dict[str, Json]]:
    """Part a document into identity and spec, leaving out what only the server says."""
    own = _identity_fields(kind)
    wanted = kind.spec_for(document.data).model_fields
    reported = {*SYSTEM, *kind.status.model_fields} - set(wanted)
    identity = {
        name: _text(document, name, document.data[name])
        for name in own
        if document.data.get(name) is not None
    }
    data = {
        name: value
        for name, value in document.data.items()
        if name not in own and name not in reported
    }
    return identity, data


def _text(document: Document, name: str, value: Json) -> str:
    if isinstance(value, (bool, int, float)):
        return document.written((name,)) or str(value)
    return value if isinstance(value, str) else ""


def _identity_problems(
    kind: Kind, document: Document, identity: dict[str, str]
) -> Iterator[Problem]:
    for name, text in identity.items():
        place = document.value_place((name,))
        value = document.data[name]
        if isinstance(value, (dict, list)):
            yield Problem(f"`{name}` takes text; it is {described_value(value)}.", place)
            continue
        what = (
            f"name of an {kind.parent}".replace("_", " ") if name == kind.parent_field else "name"
        )
        try:
            if name == "version":
                names.version(text)
            elif kind.name == "job":
                names.job(text)
            elif kind.name == "component" and name == "name":
                names.component(text)
            else:
                names.name(text, what)
        except Invalid as error:
            yield Problem(error.message, place, template_hint(text) or error.hint)


def _unnamed(kind: Kind, document: Document, needed: tuple[str, ...]) -> Iterator[Problem]:
    # A job without a name gets one.
    if kind.name == "job":
        return
    for name in needed:
        if name and document.data.get(name) is None:
            hint = f"Add `{name}: ...`, or give it on the command line."
            yield Problem(f"`{name}` is missing.", document.key_place((name,)), hint)
