"""Documents checked against their kind, here, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from zaffre.errors import Invalid, Problem
from zaffre.kinds.document import Document
from zaffre.kinds.loading import invalid, load
from zaffre.kinds.resource import Kind
from zaffre.ml.components import gathered


@dataclass(frozen=True)
class Checked:
    """A document found right: what is sent, where it came from, and what to know about it."""

    data: dict[str, Any]
    source: Document
    warnings: tuple[Problem, ...] = ()


def check(kind: Kind, document: Document) -> Checked:
    """Give a document as it will be sent.

    Raises:
        Invalid: it is wrong; all that is wrong is listed with its place.
    """
    document, missing = gathered(kind, document)
    try:
        loaded = load(kind, document)
    except Invalid as error:
        if missing:
            raise invalid(kind, document, [*missing, *error.problems]) from None
        raise
    if missing:
        raise invalid(kind, document, missing)
    data = loaded.spec.model_dump(mode="json", exclude_unset=True)
    identity = {"name": loaded.name, "version": loaded.version, kind.parent_field: loaded.parent}
    return Checked(
        {**{name: value for name, value in identity.items() if name and value}, **data},
        document,
        loaded.warnings,
    )


def placed(problem: Problem, document: Document) -> Problem:
    """Give a problem that names a field with the place of that field in its document."""
    if problem.place.line is not None or not problem.place.field:
        return problem
    return replace(problem, place=document.field_place(problem.place.field))


def said(problem: Problem) -> str:
    """Write a warning on one line."""
    where = ": ".join(part for part in (str(problem.place), problem.place.field or "") if part)
    return f"{where}: {problem.message}" if where else problem.message
