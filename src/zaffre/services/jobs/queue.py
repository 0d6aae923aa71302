"""The queue: what holds a part of which pool, what waits for it, and what starts next."""

from __future__ import annotations

from zaffre.kinds.amounts import GPUS, total
from zaffre.kinds.job_settings import MEDIUM
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import DEFAULT_EXPERIMENT
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, status_of
from zaffre.services.jobs.pools import Pools, devices_of, holding, in_states
from zaffre.services.jobs.queueing import Held, Turn, Waiting, decide

QUEUED = (JobState.QUEUED, JobState.NOT_STARTED)
"""States in which a job waits for its turn."""


class Queue:
    """The queue at one moment. Jobs for a compute that is stopped wait, and have no turn."""

    def __init__(self, ctx: Context) -> None:
        self.pools = Pools(ctx)
        self.holding = holding(ctx)
        self.waiting = {job.key: job for job in in_states(ctx, QUEUED)}
        self._held: dict[str, list[Held]] = {}
        self._lines: dict[str, list[Waiting]] = {}
        self._devices: dict[str, set[str]] = {}
        for job in self.holding:
            pool = self.pools.of(job)
            one = Held(job.key, _group(job), pool.wanted(spec_of(job)))
            self._held.setdefault(pool.name, []).append(one)
        for job in self.waiting.values():
            self._line_up(job)

    def _line_up(self, job: Resource) -> None:
        pool, spec = self.pools.of(job), spec_of(job)
        if not pool.open:
            return
        urgency = spec.queue_settings.urgency() if spec.queue_settings else MEDIUM
        one = Waiting(job.key, _group(job), pool.wanted(spec), pool.capacity, urgency)
        self._lines.setdefault(pool.name, []).append(one)
        self._devices.setdefault(pool.name, set()).update(map(str, pool.devices))

    def turns(self, pool: str) -> list[Turn]:
        """Decide about what waits for a pool."""
        return decide(self.occupied(pool), self._lines.get(pool, []))

    def occupied(self, pool: str) -> list[Held]:
        """Give what is held of a pool, and the GPUs that other pools have of its own."""
        own = self._held.get(pool, [])
        taken = len(self._devices.get(pool, set()) & devices_of(self.holding))
        lent = taken - total(one.amounts for one in own).get(GPUS, 0)
        return [*own, Held(_OTHERS, "", {GPUS: lent})] if lent > 0 else own

    def starting(self) -> list[Key]:
        """Name the jobs that start now."""
        turns = (turn for pool in self._lines for turn in self.turns(pool))
        return [turn.job.key for turn in turns if turn.starts]


def held(ctx: Context) -> list[Key]:
    """Name the jobs on this server's own machine: no other server can see how they are."""
    return [job.key for job in holding(ctx) if status_of(job).server == ctx.server]


_OTHERS = Key("", "", "")


def unfinished(ctx: Context) -> list[Key]:
    """Name the jobs that somebody must look at: those that hold a part, and the next to start."""
    queue = Queue(ctx)
    return [*(job.key for job in queue.holding), *queue.starting()]


def _group(job: Resource) -> str:
    return f"{job.key.workspace}/{spec_of(job).experiment_name or DEFAULT_EXPERIMENT}"
