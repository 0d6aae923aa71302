"""Documents: what somebody wrote, as data, and where in the file each part of it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from zaffre.errors import Place
from zaffre.kinds.resource import Json

Steps = tuple[str | int, ...]
"""The way to a part of a document: keys of mappings and indices of lists."""

_STEP = re.compile(r"\[(\d+)\]|([^.\[]+)")


@dataclass(frozen=True)
class Mark:
    """Where a value and its key stand, and the value's text as it was written (scalars only).

    `source` says that the part came from elsewhere than the file, such as `--set a=b`.
    """

    line: int | None = None
    column: int | None = None
    key_line: int | None = None
    key_column: int | None = None
    written: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Document:
    """Data that may have come from a file. Relative paths in it start at `folder`."""

    data: Json
    file: str | None = None
    folder: Path | None = None
    marks: Mapping[Steps, Mark] = field(default_factory=dict)
    text: str = field(default="", repr=False)

    def value_place(self, steps: Steps) -> Place:
        """Say where the value stands, or the nearest thing round it that has a place."""
        mark = self._nearest(steps)
        return Place(mark.source or self.file, mark.line, mark.column, dotted(steps) or None)

    def key_place(self, steps: Steps) -> Place:
        """Say where the key of a value stands, or the nearest thing round it that has a place."""
        mark = self._nearest(steps)
        return Place(
            mark.source or self.file, mark.key_line, mark.key_column, dotted(steps) or None
        )

    def text_place(self, steps: Steps, pattern: str) -> Place:
        """Say where a pattern is met inside a text value, or where the value stands."""
        place = self.value_place(steps)
        if place.line is None or not pattern or place.file != self.file:
            return place
        for number, line in enumerate(self.text.splitlines()[place.line - 1 :], place.line):
            if found := re.search(pattern, line):
                return replace(place, line=number, column=found.start() + 1)
        return place

    def field_place(self, text: str) -> Place:
        """Say where the field stands that is written as `inputs.data.path` or `values[0]`."""
        return self.value_place(steps_of(text))

    def written(self, steps: Steps) -> str | None:
        """Give the text of a scalar as it was written, if that is known."""
        mark = self.marks.get(steps)
        return mark.written if mark else None

    def with_data(self, data: Json) -> Document:
        """Give the same document with other data; parts that stay keep their places."""
        return replace(self, data=data)

    def _nearest(self, steps: Steps) -> Mark:
        while steps and steps not in self.marks:
            steps = steps[:-1]
        return self.marks.get(steps, Mark())


def dotted(steps: Steps) -> str:
    """Give the way as people write it: `inputs.data.path`, `values[0]`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def steps_of(text: str) -> Steps:
    """Give the steps of a way that people wrote."""
    return tuple(int(index) if index else name for index, name in _STEP.findall(text))
