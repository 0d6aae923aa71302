"""Take schedules a step: decide about the times that have come, then create the jobs decided on.

The decision is written before any job is created, and each job's name follows from its due time:
wherever the server dies, the next call goes on there, and no due time gets two jobs.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.schedule import Missed, ScheduledRun, ScheduleStatus
from zaffre.ports.metadata import Actor, Browse, Put
from zaffre.services import job_types
from zaffre.services.context import Context
from zaffre.services.schedules import watching
from zaffre.services.schedules.deciding import Policy, decide, moment_of, text_of
from zaffre.services.schedules.jobs_of import job_of, name_for, spec_of
from zaffre.services.schedules.keeping import next_of, plan, ran, status_of
from zaffre.services.schedules.times import due

_PAGE = 1000
_MOST_DUE = 10_000
_MOST_MISSED = 1000


def unfinished(ctx: Context) -> list[Key]:
    """Name the schedules that are due or have jobs to create."""
    now = ctx.clock.now()
    return [
        one.key
        for one in _all(ctx)
        if status_of(one).pending or (spec_of(one).is_enabled and _has_come(one, now))
    ]


def watched(ctx: Context) -> list[Key]:
    """Name the schedules that wait for data."""
    return [
        one.key
        for one in _all(ctx)
        if spec_of(one).is_enabled and spec_of(one).trigger.type == "data"
    ]


def _has_come(schedule: Resource, now: Any) -> bool:
    text = status_of(schedule).next_run_time
    return text is not None and moment_of(text) <= now


def _all(ctx: Context) -> list[Resource]:
    found: list[Resource] = []
    query = Browse("schedule", ascending=True, limit=_PAGE)
    while True:
        page = ctx.metadata.browse(query)
        found += page.items
        if not page.next:
            return found
        query = replace(query, after=page.next)


def advance(ctx: Context, key: Key) -> bool:
    """Take a schedule one step; say whether it moved. A step may be repeated."""
    try:
        schedule = ctx.metadata.get(key)
        if status_of(schedule).pending:
            _create(ctx, schedule)
            return True
        return spec_of(schedule).is_enabled and _decide(ctx, schedule)
    except NotFound:
        return False
    except Stale:
        return True


def _decide(ctx: Context, schedule: Resource) -> bool:
    if spec_of(schedule).trigger.type == "data":
        return _look(ctx, schedule)
    now, status = ctx.clock.now(), status_of(schedule)
    after = moment_of(status.handled_until or text_of(now))
    found = due(plan(schedule, now), after, now, _MOST_DUE)
    if not found:
        next_time = next_of(schedule, max(after, now))
        if next_time != status.next_run_time:
            _put(ctx, schedule, next_run_time=next_time)
        return False
    active = _active(ctx, schedule)
    spec = spec_of(schedule)
    policy = Policy(spec.catch_up, spec.overlap, busy=bool(active))
    decision = decide(found, now, policy, more=len(found) == _MOST_DUE)
    _put(
        ctx,
        schedule,
        handled_until=text_of(found[-1]),
        next_run_time=next_of(schedule, found[-1]),
        pending=decision.run,
        active_jobs=active,
        missed=_missed(status, decision.missed),
        missed_count=status.missed_count + sum(one.count for one in decision.missed),
    )
    return True


def _missed(status: ScheduleStatus, new: tuple[Missed, ...]) -> tuple[Missed, ...]:
    return (*reversed(new), *status.missed)[:_MOST_MISSED]


def _look(ctx: Context, schedule: Resource) -> bool:
    """Decide about data: a job for each new version, or for a path that has changed.

    With `overlap: skip`, what is new stays new while a job runs, and jobs come one by one.
    """
    sights = watching.news(ctx, schedule)
    if not sights:
        return False
    active = _active(ctx, schedule)
    wanted = [at for at, one in enumerate(sights) if one.data]
    if wanted and spec_of(schedule).overlap == "skip":
        if active:
            return False
        sights = sights[: wanted[0] + 1]
    moment = text_of(ctx.clock.now().replace(microsecond=0))
    pending = tuple(
        ScheduledRun(due=moment, reason="data", data=one.data) for one in sights if one.data
    )
    _put(ctx, schedule, seen=sights[-1].mark, pending=pending, active_jobs=active)
    return True


def _create(ctx: Context, schedule: Resource) -> None:
    """Create the first of the jobs that were decided on."""
    first, *rest = status_of(schedule).pending
    mark = first.due
    if first.data:
        mark = f"{mark}_{hashlib.sha256(first.data.encode()).hexdigest()[:8]}"
    name = name_for(schedule.key, mark)
    run = first.model_copy(update={"job": name, "error": _submitted(ctx, schedule, name, first)})
    _put(ctx, schedule, pending=tuple(rest), **ran(status_of(schedule), run))


def _submitted(ctx: Context, schedule: Resource, name: str, run: ScheduledRun) -> str | None:
    """Create a job unless an earlier try did; give why it cannot be created, if so."""
    acting = ctx.acting(Actor(schedule.created_by or ctx.actor.name))
    key = Key("job", schedule.key.workspace, name)
    try:
        ctx.metadata.get(key)
    except NotFound:
        pass
    else:
        return None
    try:
        job_types.submit(acting, key, job_of(ctx, schedule, name, run))
    except (Invalid, NotFound, Conflict) as error:
        return f"{error.message} {error.hint or ''}".strip()
    return None


def _active(ctx: Context, schedule: Resource) -> tuple[str, ...]:
    """Give the schedule's jobs that have not ended."""
    return tuple(
        name
        for name in status_of(schedule).active_jobs
        if _runs(ctx, schedule.key.workspace, name)
    )


def _runs(ctx: Context, workspace: str, name: str) -> bool:
    try:
        status = ctx.metadata.get(Key("job", workspace, name)).status
    except NotFound:
        return False
    return getattr(status, "status", "") not in TERMINAL


def _put(ctx: Context, schedule: Resource, **changes: Any) -> None:
    status = status_of(schedule).model_copy(update=changes)
    ctx.metadata.apply([Put(replace(schedule, status=status))], ctx.actor)
