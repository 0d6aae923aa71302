"""Instances: started and stopped by the clock, and stopped when nothing runs on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zaffre.errors import NotFound, Stale
from zaffre.kinds.compute_instance import InstanceSpec, StartStop
from zaffre.kinds.resource import Resource
from zaffre.ports.metadata import Browse
from zaffre.services import computes, resources
from zaffre.services.computes import RUNNING, status_of
from zaffre.services.context import Context
from zaffre.services.schedules.times import due, plan_of

_MOST_DUE = 10_000
_NOTED = timedelta(minutes=1)
"""How old the note of the last activity may get while something runs."""


def tend(ctx: Context) -> None:
    """Start and stop the instances whose time has come, each by one guarded write."""
    for instance in resources.every(ctx, Browse("compute", where={"type": "computeinstance"})):
        try:
            _by_the_clock(ctx, instance)
            _when_idle(ctx, ctx.metadata.get(instance.key))
        except (Stale, NotFound):
            continue  # somebody else changed it: the next look sees how


def _by_the_clock(ctx: Context, instance: Resource) -> None:
    spec = instance.spec
    planned = (
        spec.schedules.compute_start_stop
        if isinstance(spec, InstanceSpec) and spec.schedules
        else []
    )
    now = ctx.clock.now()
    seen = status_of(instance).handled_until or (instance.created_at or now).timestamp()
    after = datetime.fromtimestamp(seen, UTC)
    last = max(
        ((moment, one.action) for one in planned for moment in _due(one, after, now)), default=None
    )
    if last is None:
        return
    moment, action = last
    computes.note(ctx, instance, handled_until=moment.timestamp())
    turn = computes.stop if action == "stop" else computes.start
    turn(ctx, instance.key, why=f"By its schedule, at {moment:%Y-%m-%d %H:%M} UTC.")


def _due(planned: StartStop, after: datetime, now: datetime) -> list[datetime]:
    if planned.state == "disabled":
        return []
    return due(plan_of(planned.trigger, after), after, now, _MOST_DUE)[-1:]


def _when_idle(ctx: Context, instance: Resource) -> None:
    limit = instance.spec.idle_seconds() if isinstance(instance.spec, InstanceSpec) else None
    status = status_of(instance)
    if limit is None or status.state != RUNNING:
        return
    now = ctx.clock.now().timestamp()
    last = status.last_activity_at or now
    if last > now:  # the clock was set back
        computes.note(ctx, instance, last_activity_at=now)
    elif computes.jobs_for(ctx, instance.key):
        if now - last >= _NOTED.total_seconds():
            computes.note(ctx, instance, last_activity_at=now)
    elif now - last >= limit:
        computes.stop(ctx, instance.key, why=f"Nothing ran on it for {limit // 60} min.")
