"""Jobs that stand in other documents: written there, or in a file beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zaffre.errors import Invalid, Problem
from zaffre.kinds import yaml_text
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.reference import LocalPath, parse
from zaffre.kinds.resource import Json

OVER = ("settings", "inputs", "outputs", "tags", "properties", "limits")


def job_document(wanted: Json, document: Document, steps: Steps) -> Document | None:
    """Give the document of a job that stands at a place of another, or that is named there.

    None where it refers to a stored job, or there is none.

    Raises:
        Invalid: there is no such file, or it is no YAML.
    """
    if isinstance(wanted, str):
        return _from_file(wanted, document, steps)
    if not isinstance(wanted, dict):
        return None
    if isinstance(wanted.get("job"), str):
        base = _from_file(wanted["job"], document, (*steps, "job"))
        return None if base is None else base.with_data(_merged(base.data, wanted))
    marks = {
        place[len(steps) :]: mark
        for place, mark in document.marks.items()
        if place[: len(steps)] == steps
    }
    return replace(document, data=wanted, marks=marks)


def _merged(base: dict[str, Json], wanted: dict[str, Json]) -> dict[str, Json]:
    over = {name: value for name, value in wanted.items() if name != "job"}
    for name in OVER:
        if isinstance(base.get(name), dict) and isinstance(over.get(name), dict):
            over[name] = {**base[name], **over[name]}
    return {**base, **over}


def _from_file(text: str, document: Document, steps: Steps) -> Document | None:
    """Read the job's file, or give None where the text refers to a stored job."""
    if text.startswith("azureml:"):
        return None
    reference = parse(text)
    if not isinstance(reference, LocalPath):
        return None
    place = (document.folder or Path.cwd()) / Path(reference.path).expanduser()
    if not place.is_file():
        message = f"There is no file `{text}`."
        problem = Problem(message, document.value_place(steps), f"Looked for {place.resolve()}.")
        raise Invalid(message, hint=problem.hint, problems=(problem,))
    return yaml_text.read_file(place)
