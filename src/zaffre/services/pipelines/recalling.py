"""What is remembered of steps, asked for in few queries however many steps there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.job import JobStatus
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Resource
from zaffre.ports.step_memory import Claim
from zaffre.services import trees
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of
from zaffre.services.pipelines.children import jobs_named


class Recollection:
    """Claims and their jobs. What unchanged steps need comes in one query for all of them."""

    def __init__(self, ctx: Context, workspace: str) -> None:
        self._ctx = ctx
        self._workspace = workspace
        self._claims: dict[str, Claim] = {}
        self._jobs: dict[str, Resource] = {}
        self.latest: dict[str, Claim] = {}

    def prefetch(self, labels: Iterable[str]) -> None:
        """Read the last claims of steps, and the jobs that did them."""
        if self._ctx.steps is None:
            return
        self.latest = self._ctx.steps.latest(self._workspace, list(labels))
        self._claims |= {one.identity: one for one in self.latest.values()}
        self.jobs([one.job for one in self.latest.values()])

    def claims(self, identities: Iterable[str]) -> dict[str, Claim]:
        """Give the claims on identities, as they were when first asked for."""
        wanted = list(identities)
        unknown = [one for one in wanted if one not in self._claims]
        if unknown and self._ctx.steps is not None:
            self._claims |= self._ctx.steps.recall(self._workspace, unknown)
        return {one: self._claims[one] for one in wanted if one in self._claims}

    def jobs(self, names: Iterable[str]) -> Mapping[str, Resource]:
        """Give jobs by their names; those that have ended are read once."""
        unknown = [
            one
            for one in dict.fromkeys(names)
            if one not in self._jobs or state_of(self._jobs[one]) not in TERMINAL
        ]
        if unknown:
            self._jobs |= jobs_named(self._ctx, self._workspace, unknown)
        return self._jobs


def usable(ctx: Context, job: Resource, *, hold: bool) -> bool:
    """Say whether the results of a job can be had by another: completed, and all of it there.

    To `hold` is to keep the content from being collected for a while.
    """
    status = job.status
    if not isinstance(status, JobStatus) or status.status != JobState.COMPLETED:
        return False
    kept = [result.tree for result in status.results.values()]
    if None in kept:
        return False
    digests = [one for one in kept if one]
    if not hold:
        return not ctx.artifacts.missing(digests)
    try:
        for digest in digests:
            trees.hold(ctx, digest)
    except (NotFound, Conflict, Invalid):
        return False
    return True
