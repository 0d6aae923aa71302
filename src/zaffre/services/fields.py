"""Where in a document something is wrong, when only the server can tell that it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from zaffre.errors import Conflict, Invalid, NotFound, Problem


@contextmanager
def at(field: str) -> Iterator[None]:
    """Let what goes wrong inside name a field; fields that it names already are below this one.

    Raises:
        Invalid, NotFound, Conflict: as they were, with the field.
    """
    try:
        yield
    except (Invalid, NotFound, Conflict) as error:
        whole = (Problem(error.message, hint=error.hint),)
        error.problems = tuple(_below(field, one) for one in error.problems or whole)
        raise


def _below(field: str, problem: Problem) -> Problem:
    inner = problem.place.field
    place = replace(problem.place, field=f"{field}.{inner}" if inner else field)
    return replace(problem, place=place)
