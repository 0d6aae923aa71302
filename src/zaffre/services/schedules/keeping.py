"""Make, change, show and trigger schedules."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import cast

from zaffre.errors import Conflict, Invalid
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.kinds.schedule import ScheduledRun, ScheduleSpec, ScheduleStatus
from zaffre.ports.metadata import Add, Put
from zaffre.services import job_types, resources, workspaces
from zaffre.services.context import Context
from zaffre.services.schedules import watching
from zaffre.services.schedules.deciding import moment_of, text_of
from zaffre.services.schedules.jobs_of import checked, document_for, job_of, name_for, spec_of
from zaffre.services.schedules.times import Plan, next_times, plan_of

SHOWN = 5
"""How many of the next times are shown."""

MOST_RUNS = 100
"""How many of the last jobs are kept in the schedule itself."""

_TRIES = 20


def status_of(schedule: Resource) -> ScheduleStatus:
    """Give the status of a schedule."""
    return cast("ScheduleStatus", schedule.status)


def plan(schedule: Resource, now: datetime) -> Plan:
    """Give the plan of a schedule's times."""
    return plan_of(spec_of(schedule).trigger, schedule.created_at or now)


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a schedule; it is due at times after now only.

    Raises:
        Invalid: it, or its job, is written wrong, or it would never be due.
        Conflict: there is one of that name.
    """
    workspaces.require(ctx, key.workspace)
    wanted = cast("ScheduleSpec", spec)
    checked(document_for(ctx, key.workspace, wanted.create_job))
    watching.require(ctx, key.workspace, wanted.trigger)
    now = ctx.clock.now()
    made = Resource(key, wanted, ScheduleStatus(), created_at=now)
    made = replace(made, status=_begun(ctx, made, now))
    if wanted.trigger.type != "data" and not next_times(plan(made, now), now, 1):
        raise Invalid("This schedule would never be due.", hint="Look at `end_time`.")
    return _shown(ctx, ctx.metadata.apply([Add(made)], ctx.actor)[0])


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Give a schedule a new spec. Another trigger is due from now on; so is one enabled again.

    Raises:
        Stale: `revision` is not the stored one.
        Invalid: it, or its job, is written wrong.
    """
    resources.check_revision(found, revision)
    wanted, before = cast("ScheduleSpec", spec), spec_of(found)
    if wanted == before:
        return _shown(ctx, found)
    if wanted.create_job != before.create_job:
        checked(document_for(ctx, found.key.workspace, wanted.create_job))
    if wanted.trigger != before.trigger:
        watching.require(ctx, found.key.workspace, wanted.trigger)
    changed = replace(found, spec=wanted)
    if wanted.trigger != before.trigger or wanted.is_enabled != before.is_enabled:
        changed = replace(changed, status=_begun(ctx, changed, ctx.clock.now()))
    return _shown(ctx, ctx.metadata.apply([Put(changed)], ctx.actor)[0])


def enable(ctx: Context, key: Key, *, enabled: bool = True) -> Resource:
    """Let a schedule create jobs, or none. Times that pass while it is disabled are no misses."""
    found = ctx.metadata.get(key)
    return update(ctx, found, spec_of(found).model_copy(update={"is_enabled": enabled}), None)


def show(ctx: Context, key: Key) -> Resource:
    """Give a schedule with its next due times."""
    return _shown(ctx, ctx.metadata.get(key))


def trigger(ctx: Context, key: Key) -> Resource:
    """Create a job of a schedule now, whether it is enabled or not, and give the job.

    Raises:
        NotFound: there is no such schedule.
        Invalid: its job can no longer be submitted.
    """
    schedule = ctx.metadata.get(key)
    now = text_of(ctx.clock.now().replace(microsecond=0))
    name = name_for(key, f"{now}_{secrets.token_hex(3)}")
    run = ScheduledRun(due=now, job=name, reason="trigger")
    job = job_types.submit(ctx, Key("job", key.workspace, name), job_of(ctx, schedule, name, run))
    for _ in range(_TRIES):
        try:
            status = status_of(schedule)
            noted = status.model_copy(update=ran(status, run))
            ctx.metadata.apply(
                [Put(replace(schedule, status=noted))], replace(ctx.actor, once=None)
            )
        except Conflict:
            schedule = ctx.metadata.get(key)
            continue
        break
    return job


def ran(status: ScheduleStatus, run: ScheduledRun) -> dict[str, object]:
    """Give what changes in a status when a job was created, or could not be."""
    changes: dict[str, object] = {"runs": (run, *status.runs)[:MOST_RUNS]}
    if run.job and not run.error:
        changes["run_count"] = status.run_count + 1
        changes["active_jobs"] = (*status.active_jobs, run.job)[-MOST_RUNS:]
    return changes


def next_of(schedule: Resource, after: datetime) -> str | None:
    """Give when a schedule is due next after a moment."""
    if spec_of(schedule).trigger.type == "data" or not spec_of(schedule).is_enabled:
        return None
    found = next_times(plan(schedule, after), after, 1)
    return text_of(found[0]) if found else None


def _begun(ctx: Context, schedule: Resource, now: datetime) -> ScheduleStatus:
    """Give the status of a schedule that knows of nothing before now."""
    facts = {
        "handled_until": text_of(now),
        "next_run_time": next_of(schedule, now),
        "seen": watching.present(ctx, schedule),
    }
    return status_of(schedule).model_copy(update=facts)


def _shown(ctx: Context, schedule: Resource) -> Resource:
    status = status_of(schedule)
    if not spec_of(schedule).is_enabled or spec_of(schedule).trigger.type == "data":
        return schedule
    made = plan(schedule, ctx.clock.now())
    found = next_times(made, moment_of(status.handled_until or text_of(ctx.clock.now())), SHOWN)
    times = tuple(one.astimezone(made.zone).isoformat() for one in found)
    return replace(schedule, status=status.model_copy(update={"next_run_times": times}))
