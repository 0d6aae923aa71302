"""Schedules: their jobs may be written in files of their own, beside the schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds import registry
from zaffre.kinds.document import Document
from zaffre.kinds.schedule import is_invocation
from zaffre.ml.checking import Checked, check
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job, Schedule
from zaffre.ml.job_documents import job_document
from zaffre.ml.polling import SUCCEEDED, Poller
from zaffre.ml.preparing import prepare

FIELD = "create_job"


class Schedules(Collection[Schedule]):
    """The schedules of the workspace."""

    def checked(self, document: Document, here: Iterable[str] = ()) -> Checked:
        """Give a schedule as it will be sent, its job in it.

        Raises:
            Invalid: it, or its job, is wrong.
        """
        found = super().checked(document, here)
        job = job_document(found.data.get(FIELD), document, (FIELD,))
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
