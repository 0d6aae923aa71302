"""Schedules: their jobs may be written in files of their own, beside the schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid, Problem
from zaffre.kinds import registry, yaml_text
from zaffre.kinds.document import Document, Steps
from zaffre.kinds.reference import LocalPath, parse
from zaffre.kinds.resource import Json
from zaffre.kinds.schedule import is_invocation
from zaffre.ml.checking import Checked, check
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job, Schedule
from zaffre.ml.polling import SUCCEEDED, Poller
from zaffre.ml.preparing import prepare

FIELD = "create_job"
OVER = ("settings", "inputs", "outputs", "tags", "properties", "limits")


class Schedules(Collection[Schedule]):
    """The schedules of the workspace."""

    def checked(self, document: Document, here: Iterable[str] = ()) -> Checked:
        """Give a schedule as it will be sent, its job in it.

        Raises:
            Invalid: it, or its job, is wrong.
        """
        found = super().checked(document, here)
        job = _job(found.data, document)
        if job is None:
            return found
        if is_invocation(job.data):
            ready = prepare(self._connection, "invocation", Checked(job.data, job))
            return replace(found, data={**found.data, FIELD: ready})
        inner = check(registry.kind("job"), job)
        ready = prepare(self._connection, "job", inner)
        data = {**found.data, FIELD: ready}
        return replace(found, data=data, warnings=(*found.warnings, *inner.warnings))

    def begin_create_or_update(
        self, entity: Schedule | None = None, *, schedule: Schedule | None = None, **_: Any
    ) -> Poller[Schedule]:
        """Store a schedule; `schedule` is the argument's name in Azure's SDK.

        Raises:
            Invalid: none is given, or it is wrong.
        """
        given = entity or schedule
        if given is None:
            raise Invalid("There is no schedule to store.")
        return super().begin_create_or_update(given)

    def begin_enable(self, name: str, **_: Any) -> Poller[Schedule]:
        """Let a schedule create jobs."""
        return self._done(self.act("enable", name))

    def begin_disable(self, name: str, **_: Any) -> Poller[Schedule]:
        """Let a schedule create no jobs."""
        return self._done(self.act("disable", name))

    def trigger(self, name: str, **_: Any) -> Job:
        """Create a job of a schedule now and give the job."""
        return Job.from_document(self.act("trigger", name))

    def _done(self, answer: dict[str, Any]) -> Poller[Schedule]:
        entity = self.entity(answer)
        return Poller(lambda: (SUCCEEDED, entity, None), sleep=self._connection.sleep)


def _job(data: dict[str, Any], document: Document) -> Document | None:
    """Give the document of a schedule's job, where it is written here or in a file.

    Raises:
        Invalid: there is no such file, or it is no YAML.
    """
    wanted = data.get(FIELD)
    if isinstance(wanted, str):
        return _from_file(wanted, document, (FIELD,))
    if not isinstance(wanted, dict):
        return None
    if isinstance(wanted.get("job"), str):
        base = _from_file(wanted["job"], document, (FIELD, "job"))
        return None if base is None else base.with_data(_merged(base.data, wanted))
    marks = {steps[1:]: mark for steps, mark in document.marks.items() if steps[:1] == (FIELD,)}
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
