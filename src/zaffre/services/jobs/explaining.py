"""Why jobs wait, as a sentence: for what, how much of it is free, who is before, until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from zaffre.kinds.amounts import Amounts, lacking, left, listed, said, total
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services.computes import name_of
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, state_of, status_of
from zaffre.services.jobs.pools import TYPE
from zaffre.services.jobs.queue import QUEUED, Queue
from zaffre.services.jobs.queueing import Held, Turn

BUILDING = "Its environment is being built."

_STEP = re.compile(r"^\[\d\d:\d\d:\d\d\] ")
_LOG_TAIL = 4096
_LONGEST = 120
_MINUTE = 60
_MOST_ASKED = 16
_PAST = 20


def reasons(ctx: Context, jobs: Sequence[Resource], queue: Queue | None = None) -> dict[Key, str]:
    """Say of those jobs that wait why they do."""
    commands = [job for job in jobs if getattr(job.spec, "type", "") == TYPE]
    found = {
        job.key: _building(ctx, job)
        for job in commands
        if state_of(job) is JobState.PREPARING and status_of(job).environment_hash
    }
    wanted = [job for job in commands if state_of(job) in QUEUED]
    return found | _turns(ctx, wanted, queue or Queue(ctx)) if wanted else found


def _building(ctx: Context, job: Resource) -> str:
    """Say that a job's environment is being built, and how far that is."""
    log = ctx.builder.log(status_of(job).environment_hash or "", _LOG_TAIL)
    said = [line for line in log.splitlines() if _STEP.match(line)]
    if not said:
        return BUILDING
    step = _STEP.sub("", said[-1])
    return f"{BUILDING} {step[:_LONGEST]}{'…' if len(step) > _LONGEST else ''}"


def _turns(ctx: Context, jobs: Sequence[Resource], queue: Queue) -> dict[Key, str]:
    found = {job.key: _stopped(job) for job in jobs if not queue.pools.of(job).open}
    wanted = {job.key for job in jobs}
    now = ctx.clock.now().timestamp()
    for pool in {queue.pools.of(job).name for job in jobs}:
        held = _with_ends(ctx, queue, queue.occupied(pool))
        turns = (turn for turn in queue.turns(pool) if turn.job.key in wanted)
        found |= {turn.job.key: reason(turn, held, now) for turn in turns}
    return found


def _stopped(job: Resource) -> str:
    name = name_of(spec_of(job).compute)
    return f"Compute `{name}` is stopped. Let it go on: `zaffre compute start -n {name}`."


def reason(turn: Turn, held: Sequence[Held], now: float) -> str:
    """Say why a job waits, given what is held of its pool. Pure."""
    wanted, capacity = turn.job.amounts, turn.job.capacity
    if turn.never:
        asked = listed({name: wanted[name] for name in turn.lacks})
        there = listed({name: capacity[name] for name in turn.lacks})
        return f"It asks for {asked}, and its compute has {there}: it cannot start there."
    if turn.starts:
        return "It starts next."
    taken = total(one.amounts for one in held)
    parts = [f"{said(name, wanted[name])}: {left(name, taken, capacity)}" for name in turn.lacks]
    text = f"Waits for {' and '.join(parts)}"
    if turn.ahead:
        text += f"; {turn.ahead} {'job' if turn.ahead == 1 else 'jobs'} before it"
    free_at = _free_at(wanted, capacity, held)
    return f"{text}; next free {_spoken(free_at - now)}." if free_at is not None else f"{text}."


def _free_at(wanted: Amounts, capacity: Amounts, held: Sequence[Held]) -> float | None:
    """Give when enough may be free, if nobody else took it; None where that is not known."""
    ending = sorted((one for one in held if one.until is not None), key=lambda one: one.until or 0)
    for count, one in enumerate(ending, 1):
        over = ending[:count]
        rest = total(other.amounts for other in held if other not in over)
        if not lacking(wanted, rest, capacity):
            return one.until
    return None


def _spoken(seconds: float) -> str:
    minutes = round(seconds / _MINUTE)
    return f"in about {minutes} min" if minutes >= 1 else "in less than a minute"


def _with_ends(ctx: Context, queue: Queue, held: Sequence[Held]) -> list[Held]:
    """Say when jobs under way may be expected to end, by how long others like them took."""
    jobs = {job.key: job for job in queue.holding}
    return [
        replace(one, until=_expected_end(ctx, jobs[one.key]))
        if one.key in jobs and place < _MOST_ASKED
        else one
        for place, one in enumerate(held)
    ]


def _expected_end(ctx: Context, job: Resource) -> float | None:
    begun = status_of(job).started_at
    spec = spec_of(job)
    if begun is None:
        return None
    query = Browse(
        "job",
        job.key.workspace,
        where={
            "experiment_name": spec.experiment_name or "",
            "state": JobState.COMPLETED,
            "type": TYPE,
        },
        limit=_PAST,
    )
    alike = (
        one for one in ctx.metadata.browse(query).items if spec_of(one).command == spec.command
    )
    took = [used.wall_seconds for one in alike if (used := status_of(one).usage) is not None]
    return begun + median(took) if took else None
