"""What the loop works on: unfinished jobs and deployments, builds, and the store's leftovers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial

from zaffre.kinds.resource import Key
from zaffre.server.answers import GatewayJournal
from zaffre.server.loop import Step
from zaffre.services import (
    captures,
    clusters,
    deployments,
    environments,
    following,
    gateway,
    instances,
    job_types,
    jobs,
    predictions,
    schedules,
)
from zaffre.services.context import Context

SWEEP_SECONDS = 30.0
LOOK_SECONDS = 5.0
TIDY_SECONDS = 600.0
Advance = Callable[[Context, Key], object]
AREAS: tuple[tuple[Callable[[Context], Iterable[Key]], Advance], ...] = (
    (deployments.unfinished, deployments.advance),
    (schedules.unfinished, schedules.advance),
    (predictions.unfinished, predictions.advance),
)


class Work:
    """Finds what is unfinished and gives a step for each."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._answers = GatewayJournal(context.home.view_journal)
        self._swept = float("-inf")
        self._looked = float("-inf")
        self._collected = float("-inf")
        self._followers: list[Key] = []
        self._tidied = float("-inf")
        self._retained: date | None = None

    def jobs(self) -> Iterable[Step]:
        """Give the steps of jobs; the end of one is a turn for others."""
        for kind, key in job_types.unfinished(self._context):
            yield Step(key.reference, partial(kind.advance, self._context, key), inward=True)

    def held(self) -> Iterable[Step]:
        """Give the steps of jobs that nobody but this server can follow."""
        for key in jobs.held(self._context):
            yield Step(key.reference, partial(job_types.advance, self._context, key))

    def retiring(self) -> Iterable[Step]:
        """Give what a server does that does not lead."""
        yield Step("gateway settings", partial(gateway.retire, self._context))

    def here(self) -> Iterable[Step]:
        """Give the steps of what lies in this home: no other server sees it."""
        yield Step("answers", partial(predictions.take_in, self._context, self._answers))
        now = self._context.clock.monotonic()
        if now - self._collected >= LOOK_SECONDS:
            self._collected = now
            for journal in captures.journals(self._context):
                yield Step(str(journal), partial(captures.collect, self._context, journal))
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            yield Step("sweep", self._sweep)

    def others(self) -> Iterable[Step]:
        """Give all other steps that can be taken now."""
        for unfinished, advance in AREAS:
            for key in unfinished(self._context):
                yield Step(key.reference, partial(advance, self._context, key))
        yield Step("environments", partial(environments.tend, self._context))
        for key in self._followers:
            yield Step(key.reference, partial(following.advance, self._context, key))
        yield Step("clusters", partial(clusters.tend, self._context))
        if self._context.servers is not None:  # another server may have changed an endpoint
            yield Step("gateway settings", partial(gateway.publish, self._context))
        now = self._context.clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            yield Step("instances", partial(instances.tend, self._context))
            for key in schedules.watched(self._context):
                yield Step(key.reference, partial(schedules.advance, self._context, key))
            self._followers = following.followers(self._context)
            for key in predictions.followed(self._context):
                yield Step(key.reference, partial(predictions.follow, self._context, key))
        if now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            yield Step("predictions", partial(predictions.sweep, self._context))

    def _sweep(self) -> None:
        self._context.artifacts.sweep()
        jobs.tidy(self._context)
        deployments.sweep(self._context)
        today = self._context.clock.now().date()
        if today != self._retained:
            captures.retain(self._context)
            self._retained = today
