"""From a step that may start to the job that it is to become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds import progress
from zaffre.kinds.child import Around, child_document, child_name
from zaffre.kinds.control import DO_WHILE, PARALLEL_FOR, most_iterations
from zaffre.kinds.graph import Level, Node
from zaffre.kinds.job import StepStatus
from zaffre.kinds.job_state import SKIPPED, JobState
from zaffre.kinds.resource import Resource
from zaffre.services.context import Context
from zaffre.services.pipelines.children import Wish
from zaffre.services.pipelines.deciding import Deciding, values_of
from zaffre.services.pipelines.identifying import Identifier
from zaffre.services.pipelines.resuming import Resuming


class Wishing:
    """Makes wishes of the steps of one pipeline, for one look at it; `steps` is how they go."""

    def __init__(
        self,
        ctx: Context,
        job: Resource,
        level: Level,
        identifier: Identifier,
        steps: Mapping[str, StepStatus],
    ) -> None:
        self._ctx = ctx
        self._job = job
        self._level = level
        self._identifier = identifier
        self._steps = steps
        self._resuming = Resuming(ctx, job, identifier)
        self._deciding = Deciding(ctx, job.key.workspace, level, identifier)

    def wish(self, name: str, attempt: int = 1) -> Wish | StepStatus:
        """Give what a step is to become; a status where it becomes nothing."""
        try:
            return self._wish(name, attempt)
        except (Invalid, NotFound) as error:
            return self._ended(JobState.FAILED, error=error.message)

    def judged(self, name: str) -> StepStatus:
        """Give how a condition comes out."""
        try:
            held = self._deciding.came_out(self._level.nodes[name], self._steps)
        except (Invalid, NotFound) as error:
            return self._ended(JobState.FAILED, error=error.message)
        return self._ended(JobState.COMPLETED, values={progress.CAME_OUT: held})

    def done(self, wishes: Mapping[str, Wish]) -> dict[str, Resource]:
        """Give the jobs that did these steps for the pipeline that this one goes on from."""
        return self._resuming.done(wishes)

    def iterations(self) -> list[str]:
        """Name the jobs that the loops may have made."""
        return [
            child_name(self._job.key.name, name, iteration=at)
            for name, node in self._level.nodes.items()
            if node.control_type == DO_WHILE
            for at in range(1, most_iterations(node.control) + 1)
        ]

    def _ended(self, state: str, **facts: Any) -> StepStatus:
        now = self._ctx.clock.now().timestamp()
        return StepStatus(status=state, started_at=now, ended_at=now, **facts)

    def _wish(self, name: str, attempt: int) -> Wish | StepStatus:
        iteration, previous = self._round(name)
        node = self._level.nodes[name].at(iteration or 1)
        items = self._deciding.items(node, self._steps) if node.type == PARALLEL_FOR else {}
        if node.type == PARALLEL_FOR and not items:
            return self._ended(SKIPPED, note="there are no items")
        around = replace(self._around(node, previous), items=items)
        document = self._identifier.pinned(child_document(self._level, node, around))
        document = self._resuming.passed_on(name, document, iteration)
        called = child_name(self._job.key.name, name, attempt, iteration)
        return Wish(name, called, document, attempt, iteration, previous)

    def _round(self, name: str) -> tuple[int | None, str | None]:
        """Give the iteration that a loop is in or comes to, and the job of the one before."""
        if self._level.nodes[name].control_type != DO_WHILE:
            return None, None
        now = self._steps.get(name)
        if now is None:
            return 1, None
        if progress.goes_round(self._level, name, self._steps):
            return (now.iteration or 1) + 1, now.job
        return now.iteration, now.previous

    def _around(self, node: Node, previous: str | None) -> Around:
        before = {
            one: self._steps[one]
            for one in node.after
            if one in self._steps and one != node.name and self._steps[one].job
        }
        jobs = {name: one.job for name, one in before.items()}
        values: dict[str, Mapping[str, Any]] = {name: one.values for name, one in before.items()}
        if previous:
            results = self._identifier.results_of(previous) or {}
            jobs[node.name] = previous
            values[node.name] = values_of(self._ctx, self._level, node, results)
        experiment = getattr(self._job.spec, "experiment_name", None)
        return Around(self._job.key.name, experiment, jobs, values)
