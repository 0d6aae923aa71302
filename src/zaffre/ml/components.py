"""Components that documents refer to by file: read here and put in their places."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from zaffre.errors import Invalid, Problem
from zaffre.kinds import graph, yaml_text
from zaffre.kinds.document import Document, Mark, Steps
from zaffre.kinds.reference import LocalPath, parse
from zaffre.kinds.resource import Kind
from zaffre.kinds.schema_words import stands_for
from zaffre.ml.local_fields import locals_of

DEEPEST = 16
WHOLE = ("job", "component", "schedule", "batch_deployment")
"""Kinds whose documents are sent with the components that they name by file."""


def gathered(kind: Kind, document: Document) -> tuple[Document, list[Problem]]:
    """Give a document with the components in it that it names by file, each with its places.

    Files that are not there or cannot be read keep their names; each is a problem.
    """
    if kind.name not in WHOLE or not isinstance(document.data, dict):
        return document, []
    if not any(isinstance(document.data.get(name), (dict, str)) for name in _HOLDERS):
        return document, []
    gathering = _Gathering(document.folder or Path.cwd())
    data = copy.deepcopy(document.data)
    gathering.put(data, (), document, 0)
    whole = replace(document, data=data, marks={**document.marks, **gathering.marks})
    return whole, gathering.problems


_HOLDERS = ("jobs", "component", "trial", "create_job")


class _Gathering:
    """One walk over a document; each file is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marks: dict[Steps, Mark] = {}
        self.problems: list[Problem] = []
        self._read: dict[Path, Document] = {}

    def put(self, data: dict[str, Any], prefix: Steps, source: Document, depth: int) -> None:
        """Put files in the places of their names, below a part of the whole document."""
        folder = source.folder or self.folder
        for holder, steps in list(graph.holders(data)):
            for word in ("component", "trial"):
                text = holder.get(word)
                if isinstance(text, dict):
                    text.pop("$schema", None)
                if isinstance(text, str) and _is_file(text):
                    place = source.value_place((*steps, word))
                    found = self._component(folder, text, place, depth)
                    if found is not None:
                        inner = copy.deepcopy(found.data)
                        at = (*prefix, *steps, word)
                        self._mark(found, at)
                        holder[word] = inner
                        self.put(inner, at, found, depth + 1)

    def _component(self, folder: Path, text: str, place: Any, depth: int) -> Document | None:
        reference = cast("LocalPath", parse(text))  # `_is_file` has looked
        path = (folder / Path(reference.path).expanduser()).resolve()
        if depth >= DEEPEST:
            self.problems.append(Problem("Components refer to each other without end.", place))
            return None
        try:
            return self._read.get(path) or self._read.setdefault(path, _read(path))
        except Invalid as error:
            if error.problems and error.problems[0].place.line is not None:
                self.problems += error.problems
            else:
                hint = f"Looked for {path}." if not path.exists() else error.hint
                what = "file" if not path.exists() else "component"
                message = f"There is no {what} `{text}`." if not path.exists() else error.message
                self.problems.append(Problem(message, place, hint))
            return None

    def _mark(self, found: Document, prefix: Steps) -> None:
        for steps, mark in found.marks.items():
            self.marks[(*prefix, *steps)] = mark


def _is_file(text: str) -> bool:
    if "${{" in text or not text.strip():
        return False
    try:
        return isinstance(parse(text), LocalPath)
    except Invalid:
        return False


def _read(path: Path) -> Document:
    document = yaml_text.read_file(path)
    if not isinstance(document.data, dict):
        raise Invalid(f"`{path}` is no component: it is no mapping.")
    data = dict(document.data)
    said, said_type = stands_for(data.pop("$schema", None))
    if said not in ("", "component"):
        raise Invalid(f"`{path}` is no component but a {said.replace('_', ' ')}.")
    if data.get("type") is None:
        data["type"] = said_type or graph.type_of(data)
    data = copy.deepcopy(data)
    for local in locals_of("component", data, path.parent):
        local.holder[local.name] = str(local.path)
    for part in (data, *(holder for holder, _ in graph.holders(data))):
        if isinstance(part.get("additional_includes"), list):
            part["additional_includes"] = [
                str((path.parent / Path(str(text)).expanduser()).resolve())
                for text in part["additional_includes"]
            ]
    marks = {
        steps: replace(mark, source=mark.source or str(path))
        for steps, mark in document.marks.items()
    }
    return replace(document, data=data, marks=marks)
