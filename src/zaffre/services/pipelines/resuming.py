"""A pipeline that was submitted again goes on where the one before it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds.child import RESUMES, child_name
from zaffre.kinds.job import JOB, StepStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Json, Key, Resource, Spec
from zaffre.kinds.step_identity import REUSED
from zaffre.services.context import Context
from zaffre.services.jobs.facts import status_of
from zaffre.services.pipelines.children import Wish, jobs_named
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.recalling import usable

_AROUND = (
    "inputs",
    "outputs",
    "parent_job_name",
    "experiment_name",
    "display_name",
    "tags",
    "properties",
    "compute",
)


class Resuming:
    """What one pipeline takes over from an earlier one, also of steps that are never reused."""

    def __init__(self, ctx: Context, job: Resource, identifier: Identifier) -> None:
        self._ctx = ctx
        self._workspace = job.key.workspace
        self._identifier = identifier
        self._earlier = job.spec.properties.get(RESUMES, "")
        self._steps: Mapping[str, StepStatus] | None = None

    def done(self, wishes: Mapping[str, Wish]) -> dict[str, Resource]:
        """Give the jobs that did these steps for the earlier pipeline, with the same inputs."""
        names = {
            step: self._job_of(step, before, wish.iteration)
            for step, wish in wishes.items()
            if (before := self._before(step))
            and (wish.iteration or before.status == JobState.COMPLETED)
            and wish.document.get("type") in REUSED
        }
        jobs = jobs_named(self._ctx, self._workspace, list(names.values()))
        return {
            step: jobs[name]
            for step, name in names.items()
            if name in jobs
            and self._same(wishes[step].document, jobs[name].spec)
            and usable(self._ctx, jobs[name], hold=True)
        }

    def _job_of(self, step: str, before: StepStatus, iteration: int | None) -> str:
        """Name the job that did a step, or one iteration of it."""
        if not iteration or iteration == before.iteration:
            return before.job
        return child_name(self._earlier, step, iteration=iteration)

    def passed_on(
        self, step: str, document: dict[str, Any], iteration: int | None = None
    ) -> dict[str, Any]:
        """Let a pipeline that is a step go on, too, where it was in the earlier one."""
        before = self._before(step)
        if before is None or not before.job or document.get("type") != "pipeline":
            return document
        properties = {
            **document.get("properties", {}),
            RESUMES: self._job_of(step, before, iteration),
        }
        return {**document, "properties": properties}

    def _before(self, step: str) -> StepStatus | None:
        if self._steps is None:
            self._steps = self._steps_before()
        return self._steps.get(step)

    def _steps_before(self) -> Mapping[str, StepStatus]:
        if not self._earlier:
            return {}
        try:
            earlier = self._ctx.metadata.get(Key("job", self._workspace, self._earlier))
        except NotFound:
            return {}
        return status_of(earlier).steps

    def _same(self, document: Mapping[str, Any], spec: Spec) -> bool:
        """Say whether a step would do what the earlier job did: nobody need trust the property."""
        now = JOB.spec_for(dict(document)).model_validate(document).model_dump(mode="json")
        same: bool = self._told(now) == self._told(spec.model_dump(mode="json"))
        return same

    def _told(self, document: Mapping[str, Json]) -> Json:
        known = self._identifier.inputs(document)
        return {
            **{name: value for name, value in document.items() if name not in _AROUND},
            "inputs": {
                name: {**given, "path": known.get(name, given["path"])}
                if isinstance(given, dict)
                else given
                for name, given in document["inputs"].items()
            },
            "outputs": {
                name: {**wanted, "path": None} for name, wanted in document["outputs"].items()
            },
        }
