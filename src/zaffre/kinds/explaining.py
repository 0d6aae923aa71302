"""What is wrong with a document, in words: the checker's findings become problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError

from zaffre.errors import Problem
from zaffre.kinds.annotations import (
    annotation_at,
    branches,
    choices,
    described,
    items_of,
    model_among,
    model_at,
)
from zaffre.kinds.document import Document, Steps, dotted
from zaffre.kinds.names import shown
from zaffre.kinds.near import advice, listed, nearest
from zaffre.kinds.part import BRANCHES
from zaffre.kinds.resource import Json

MOST = 50
"""How many problems of a document are told."""

TEMPLATE = re.compile(r"(?<!\$)\{\{[\w.\s-]+\}\}")
PLACEHOLDER = re.compile(r"<[\w -]+>\Z")
_PAIRS = re.compile(r"\b([A-Za-z_]\w*)\s{0,9}=\s{0,9}(\S+)")
_NAMED = re.compile(r"`(\w+)`")
_UNSAID = "credentials"
"""A field of which no value is repeated in a message."""

_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
    "multiple_of": ("multiple_of", "a multiple of"),
}


@dataclass(frozen=True)
class _Finding:
    """One finding of the checker: its type, the way to what it is about, and what it knows."""

    type: str
    steps: Steps
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """A document read against a model. `identity`: fields of the top that are not the model's."""

    model: type[BaseModel]
    document: Document
    identity: tuple[str, ...] = ()

    def explain(self, error: ValidationError) -> list[Problem]:
        """Give the problems that the checker's error stands for, one for each place."""
        findings: dict[Steps, _Finding] = {}
        for entry in error.errors(include_url=False, include_input=False):
            steps = self._steps(entry["type"], entry["loc"])
            known = findings.get(steps)
            # Each alternative of a field has its finding: one about types speaks for all.
            if known is None or (_is_about_type(entry["type"]) and not _is_about_type(known.type)):
                findings[steps] = _Finding(entry["type"], steps, entry.get("ctx", {}))
        problems = (self._problem(finding) for finding in findings.values())
        return list(islice((one for one in problems if one is not None), MOST))

    def _steps(self, kind: str, location: tuple[str | int, ...]) -> Steps:
        if kind not in ("extra_forbidden", "missing"):
            return settled(self.document.data, location)
        *above, name = location
        return (*settled(self.document.data, above), name)

    def _problem(self, finding: _Finding) -> Problem | None:
        if finding.type == "extra_forbidden":
            return self.unknown(finding.steps)
        if finding.type == "missing":
            return self._missing(finding.steps)
        if finding.type == "literal_error":
            return self._not_allowed(finding.steps)
        if finding.type in _BOUNDS:
            return self._out_of_bounds(finding)
        if finding.type == "value_error":
            return self._broken_rule(finding)
        if finding.type == "string_too_short":
            return Problem(
                f"`{dotted(finding.steps)}` is empty.", self.document.value_place(finding.steps)
            )
        if finding.type == "string_pattern_mismatch":
            return self._of_no_form(finding.steps)
        return self._wrong_type(finding.steps)

    def unknown(self, steps: Steps) -> Problem:
        """Explain a field that does not exist."""
        parent, name = steps[:-1], str(steps[-1])
        place = self.document.key_place(steps)
        inside = f" in `{dotted(parent)}`" if parent else ""
        model = model_at(self.model, parent)
        known = [*(model.model_fields if model else ()), *(self.identity if not parent else ())]
        home = self._home_of(name) if nearest(name, known) is None else None
        hint = f"It belongs under `{home}`." if home else advice(name, known)
        return Problem(f"Unknown field {shown(name)}{inside}.", place, hint)

    def _home_of(self, name: str) -> str | None:
        """Give the field of the top under which a field of that name exists."""
        for outer, field in self.model.model_fields.items():
            model = model_among(branches(field.annotation))
            if model is not None and name in model.model_fields:
                return outer
        return None

    def _missing(self, steps: Steps) -> Problem | None:
        parent, name = steps[:-1], str(steps[-1])
        model = model_at(self.model, parent)
        fields = model.model_fields if model else {}
        written = value_at(self.document.data, parent)
        keys = islice(written, MOST) if isinstance(written, dict) else ()
        unknown = [key for key in keys if key not in fields]
        # A misspelt field is reported as unknown: that it is missing too would say it twice.
        if any(nearest(key, fields) == name for key in unknown):
            return None
        inside = f" in `{dotted(parent)}`" if parent else ""
        place = self.document.key_place(parent)
        about = fields[name].description if name in fields else None
        hint = f"Add `{name}: ...`." + (f" {about}" if about else "")
        return Problem(
            f"`{name}` is missing{inside}.",
            place.__class__(place.file, place.line, place.column, dotted(steps)),
            hint,
        )

    def _not_allowed(self, steps: Steps) -> Problem:
        value = value_at(self.document.data, steps)
        allowed = choices(annotation_at(self.model, steps))
        if not isinstance(value, str):
            return self._wrong_type(steps)
        hint = template_hint(value) or _choice_hint(value, allowed)
        return Problem(
            f"{shown(value)} is not allowed for `{dotted(steps)}`.",
            self.document.value_place(steps),
            hint,
        )

    def _of_no_form(self, steps: Steps) -> Problem:
        value = shown(str(value_at(self.document.data, steps)))
        text = f"{value} is not allowed for `{dotted(steps)}`."
        return Problem(text, self.document.value_place(steps), self._about(steps))

    def _out_of_bounds(self, finding: _Finding) -> Problem:
        fact, words = _BOUNDS[finding.type]
        value = value_at(self.document.data, finding.steps)
        message = (
            f"`{dotted(finding.steps)}` must be {words} {finding.facts.get(fact)}; it is {value}."
        )
        return Problem(
            message, self.document.value_place(finding.steps), self._about(finding.steps)
        )

    def _broken_rule(self, finding: _Finding) -> Problem:
        text = str(finding.facts.get("error", "it breaks a rule"))
        written = value_at(self.document.data, finding.steps)
        named = [
            name for name in _NAMED.findall(text) if isinstance(written, dict) and name in written
        ]
        steps = (*finding.steps, named[-1]) if named else finding.steps
        what = f"`{dotted(finding.steps)}`: " if finding.steps else ""
        message, _, hint = text.partition(": ")
        return Problem(
            f"{what}{message}.", self.document.key_place(steps), _sentence(hint) or None
        )

    def _wrong_type(self, steps: Steps) -> Problem:
        value = value_at(self.document.data, steps)
        annotation = annotation_at(self.model, steps)
        written = "something else" if _UNSAID in steps else described_value(value)
        message = f"`{dotted(steps)}` takes {described(annotation)}; it is {written}."
        place = (
            self.document.key_place(steps) if value is None else self.document.value_place(steps)
        )
        return Problem(message, place, self._type_hint(steps, value, annotation))

    def _type_hint(self, steps: Steps, value: Json, annotation: Any) -> str | None:
        if value is None:
            return "Write a value, or leave the line out."
        if isinstance(value, str):
            pairs = [] if _UNSAID in steps else _PAIRS.findall(value)
            takes_mapping = model_among(branches(annotation)) or items_of(annotation, dict)
            if pairs and takes_mapping:
                lines = listed(f"{name}: {text}" for name, text in pairs)
                return f"Write {lines}, each on its own line and indented under `{steps[-1]}`."
            return template_hint(value) or self._about(steps)
        return self._about(steps)

    def _about(self, steps: Steps) -> str | None:
        if not steps or not isinstance(steps[-1], str):
            return None
        model = model_at(self.model, steps[:-1])
        field = model.model_fields.get(steps[-1]) if model else None
        return field.description if field else None


def settled(data: Json, location: Iterable[str | int]) -> Steps:
    """Give the way in the document that a location means: names of alternatives fall out."""
    steps: list[str | int] = []
    present = True
    for step in location:
        if present and _holds(data, step):
            data = data[step]
        elif step in BRANCHES:
            continue
        elif present and isinstance(data, dict) and isinstance(step, str) and "[" not in step:
            present = False
        else:
            continue
        steps.append(step)
    return tuple(steps)


def value_at(data: Json, steps: Steps) -> Json:
    """Give the value at the end of a way, or None."""
    for step in steps:
        if not _holds(data, step):
            return None
        data = data[step]
    return data


def _holds(data: Json, step: str | int) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def described_value(value: Json) -> str:
    """Say in words what a value is: "a list", "the text `x`"."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return f"the number {shown(str(value))}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list) else "a mapping"


def template_hint(text: str) -> str | None:
    """Explain a template or placeholder that was left in a text."""
    found = TEMPLATE.search(text)
    if found:
        return (
            f"`{found.group()}` is a template that was not filled in: put the value in its place."
        )
    if PLACEHOLDER.match(text):
        return f"{shown(text)} is a placeholder: put the value in its place, or use the flag."
    return None


def _choice_hint(value: str, allowed: list[str]) -> str:
    meant = nearest(value, allowed)
    return (f"Did you mean `{meant}`? " if meant else "") + f"Allowed: {listed(allowed)}."


def _is_about_type(kind: str) -> bool:
    return kind.endswith(("_type", "_parsing", "_from_float"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." if text else ""
