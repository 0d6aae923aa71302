"""Changes of single fields from outside the file: `--set inputs.alpha=0.5`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.document import Document, Mark, Steps, dotted
from zaffre.kinds.explaining import described_value
from zaffre.kinds.names import shown
from zaffre.kinds.resource import Json
from zaffre.kinds.yaml_text import read, scalar

_STEP = re.compile(r"""\.?(?:\[(\d+)\]|\[?"([^"]+)"\]?|\[?'([^']+)'\]?|([^.\[\]=\s"']+))""")
_HINT = "Write `field.inner=value`, `list[0]=value`, or `field=` to take a field away."


@dataclass(frozen=True)
class Change:
    """One change: the way to a field and its new value. `written` is the value as it was given."""

    steps: Steps
    value: Json
    written: str
    source: str
    removes: bool = False


def apply(document: Document, texts: Iterable[str], *, patch: bool = False) -> Document:
    """Give the document with the changes made, in order; their parts are marked as theirs.

    Nothing after `=` takes the field away; in a `patch` it leaves null, which asks for that.

    Raises:
        Invalid: a change is written wrong, or leads through something that has no fields.
    """
    for text in texts:
        change = parse(text)
        data = {} if document.data is None else document.data
        made = _put(data, change.steps, change, (), patch=patch)
        marks = {
            steps: mark
            for steps, mark in document.marks.items()
            if steps[: len(change.steps)] != change.steps
        }
        marks[change.steps] = Mark(written=change.written, source=change.source)
        for end in range(1, len(change.steps)):
            if not _is_there(data, change.steps[:end]):
                marks[change.steps[:end]] = Mark(source=change.source)
        document = replace(document, data=made, marks=marks)
    return document


def _is_there(data: Json, steps: Steps) -> bool:
    for step in steps:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def parse(text: str) -> Change:
    """Parse one change.

    Raises:
        Invalid: it is not `field=value`.
    """
    source = f"--set {text}"
    steps: list[str | int] = []
    at = 0
    while found := _STEP.match(text, at):
        index, *named = found.groups()
        steps.append(int(index) if index is not None else next(name for name in named if name))
        at = found.end()
    if not steps or text[at : at + 1] != "=" or isinstance(steps[0], int):
        raise _wrong(f"{shown(text)} is no change of a field.", source, _HINT)
    written = text[at + 1 :]
    return Change(
        tuple(steps), _value(written, source), _plain(written), source, removes=not written
    )


def _value(written: str, source: str) -> Json:
    if written[:1] in ("{", "[", '"', "'"):
        try:
            return read(written, source).data
        except Invalid as error:
            # Text may begin with a quoted word; a list or mapping that is not closed is a mistake.
            if written[:1] in ("{", "["):
                raise _wrong(error.message, source, error.hint) from None
            return written
    return scalar(written)


def _plain(written: str) -> str:
    quoted = len(written) > 1 and written[0] == written[-1] and written[0] in "\"'"
    return written[1:-1] if quoted else written


def _put(holder: Json, rest: Steps, change: Change, done: Steps, *, patch: bool) -> Json:
    """Give a copy of a mapping or list in which the change is made."""
    step, *later = rest
    if holder is None:
        holder = {} if isinstance(step, str) else []
    if isinstance(step, str) and isinstance(holder, dict):
        return _put_in_mapping(holder, step, tuple(later), (change, done, patch))
    if isinstance(step, int) and isinstance(holder, list):
        return _put_in_list(holder, step, tuple(later), (change, done, patch))
    what = f"`{dotted(done)}`" if done else "The document"
    wanted = f"field {shown(step)}" if isinstance(step, str) else f"item {step}"
    raise _wrong(f"{what} is {described_value(holder)}: it has no {wanted}.", change.source, _HINT)


def _put_in_mapping(
    holder: dict[str, Json], step: str, later: Steps, how: tuple[Change, Steps, bool]
) -> dict[str, Json]:
    change, done, patch = how
    made = dict(holder)
    if later:
        made[step] = _put(made.get(step), later, change, (*done, step), patch=patch)
    elif change.removes and not patch:
        made.pop(step, None)
    else:
        made[step] = None if change.removes else change.value
    return made


def _put_in_list(
    holder: list[Json], step: int, later: Steps, how: tuple[Change, Steps, bool]
) -> list[Json]:
    change, done, patch = how
    if step > len(holder):
        message = f"`{dotted(done)}` has {len(holder)} items: there is no place {step}."
        raise _wrong(message, change.source, f"The next free place is {len(holder)}.")
    made: list[Any] = [*holder, None] if step == len(holder) else list(holder)
    if later:
        made[step] = _put(made[step], later, change, (*done, step), patch=patch)
    elif change.removes:
        del made[step]
    else:
        made[step] = change.value
    return made


def _wrong(message: str, source: str, hint: str | None) -> Invalid:
    return Invalid(message, hint=hint, problems=(Problem(message, Place(source), hint),))
