"""What environments must obey beyond types: their conda files and requirements, written inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds import requirement
from zaffre.kinds.document import Document, Steps, steps_of
from zaffre.kinds.resource import Json

_FIELDS = ("environment", "default_environment")


def environment_problems(document: Document) -> Iterator[Problem]:
    """Find what is wrong in the document of an environment."""
    yield from _problems(document, document.data, ())


def inner_environment_problems(document: Document) -> Iterator[Problem]:
    """Find what is wrong in environments written inside a document, however deep."""
    for steps, found in _environments(document.data, ()):
        yield from _problems(document, found, steps)


def _environments(data: Json, steps: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    if not isinstance(data, Mapping):
        return
    for name, inner in data.items():
        if name in _FIELDS and isinstance(inner, Mapping):
            yield (*steps, name), inner
        else:
            yield from _environments(inner, (*steps, name))


def _problems(document: Document, given: Mapping[str, Any], steps: Steps) -> Iterator[Problem]:
    file, lines = given.get("conda_file"), given.get("requirements")
    if isinstance(file, Mapping):
        from zaffre.kinds import conda  # noqa: PLC0415 - it loads YAML, and few documents need it

        yield from _found(document, (*steps, "conda_file"), lambda: conda.parse(file))
    if isinstance(lines, list):
        texts = [line if isinstance(line, str) else "" for line in lines]
        yield from _found(document, steps, lambda: requirement.checked(texts))


def _found(document: Document, steps: Steps, read: Callable[[], object]) -> Iterator[Problem]:
    try:
        read()
    except Invalid as error:
        for problem in error.problems:
            inner = steps_of(problem.place.field or "")
            yield Problem(problem.message, _place(document, (*steps, *inner)), problem.hint)


def _place(document: Document, steps: Steps) -> Place:
    """Say where a field stands: its key, or the item of a list."""
    return document.value_place(steps) if isinstance(steps[-1], int) else document.key_place(steps)
