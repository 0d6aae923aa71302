"""Pools: which compute a job waits for, and how many of its jobs may run at a time."""

from __future__ import annotations

import os
import threading
from collections import Counter

from zaffre.errors import NotFound
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_state import HOLDING, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services.computes import LOCAL, name_of
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of

TYPE = "command"
"""The type of jobs that take slots; jobs of other types are made of these."""

claiming = threading.Lock()
"""Held by who counts slots and takes one."""

_PAGE = 1000
_LOOK_AHEAD = 16


def pool_of(ctx: Context, workspace: str, spec: CommandJobSpec) -> str:
    """Give the pool of a job: its compute where that is a local one, else `local`."""
    name = name_of(spec.compute)
    return name if name != LOCAL and _local(ctx, workspace, name) else LOCAL


def slots(ctx: Context, workspace: str, pool: str) -> int:
    """Say how many jobs of a pool may run at a time."""
    spec = _local(ctx, workspace, pool)
    return spec.slots if spec and spec.slots else os.cpu_count() or 1


def has_room(ctx: Context, job: Resource) -> bool:
    """Say whether a job may start now. To be asked while `claiming` is held."""
    pool = pool_of(ctx, job.key.workspace, spec_of(job))
    return _busy(ctx)[pool] < slots(ctx, job.key.workspace, pool)


def unfinished(ctx: Context) -> list[Key]:
    """Name the jobs that somebody must look at: those that hold a slot, and the next to start."""
    holding = _all(ctx, HOLDING)
    busy = Counter(_pool(ctx, job) for job in holding)
    room: dict[tuple[str, str], int] = {}
    found = [job.key for job in holding]
    after = ""
    while True:
        waiting = Browse(
            "job",
            where={"state": (JobState.QUEUED, JobState.NOT_STARTED), "type": TYPE},
            archived=None,
            ascending=True,
            limit=_LOOK_AHEAD,
            after=after,
        )
        page = ctx.metadata.browse(waiting)
        taken = 0
        for job in page.items:
            pool = _pool(ctx, job)
            place = (job.key.workspace, pool)
            if place not in room:
                room[place] = slots(ctx, *place)
            if busy[pool] < room[place]:
                busy[pool] += 1
                taken += 1
                found.append(job.key)
        after = page.next
        if not after or not taken:
            return found


def _busy(ctx: Context) -> Counter[str]:
    return Counter(_pool(ctx, job) for job in _all(ctx, HOLDING))


def _pool(ctx: Context, job: Resource) -> str:
    spec = job.spec
    return pool_of(ctx, job.key.workspace, spec) if isinstance(spec, CommandJobSpec) else LOCAL


def _all(ctx: Context, states: tuple[JobState, ...]) -> list[Resource]:
    found: list[Resource] = []
    after = ""
    while True:
        page = ctx.metadata.browse(
            Browse(
                "job",
                where={"state": states, "type": TYPE},
                archived=None,
                ascending=True,
                limit=_PAGE,
                after=after,
            )
        )
        found += page.items
        after = page.next
        if not after:
            return found


def _local(ctx: Context, workspace: str, name: str) -> LocalComputeSpec | None:
    try:
        spec = ctx.metadata.get(Key("compute", workspace, name)).spec
    except NotFound:
        return None
    return spec if isinstance(spec, LocalComputeSpec) else None
