"""The times at which schedules are due: pure arithmetic on zones, no clock.

Times that the clock on a wall shows follow the wall: one that a shift leaves out comes once, at
the shift; one that a shift repeats comes once, the first time. What counts elapsed minutes or
hours (every hour of a cron expression, recurrences of minutes and hours) ignores shifts.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, takewhile

from cronsim import CronSim

from zaffre.errors import Invalid
from zaffre.kinds import cron, time_zones
from zaffre.kinds.schedule import Numbers, RecurrencePattern, Trigger
from zaffre.kinds.schedule_rules import WEEK_DAYS, time_of

_ELAPSED = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_SECOND = timedelta(seconds=1)
_MOST_PERIODS = 100_000
_LAST_YEAR = 7000
_MONTHS = 12
_WEEK = 7


@dataclass(frozen=True)
class Plan:
    """A trigger of time taken apart; `anchor` is its start, or when the schedule was made."""

    trigger: Trigger
    zone: tzinfo
    anchor: datetime
    end: datetime | None


def plan_of(trigger: Trigger, made: datetime) -> Plan:
    """Take a trigger apart.

    Raises:
        Invalid: its zone or a time of it means nothing.
    """
    zone = time_zones.zone(trigger.time_zone)
    start = _moment(trigger.start_time, zone)
    end = _moment(trigger.end_time, zone)
    return Plan(trigger, zone, (start or made).astimezone(UTC).replace(microsecond=0), end)


def next_times(plan: Plan, after: datetime, count: int) -> list[datetime]:
    """Give the next due times after a moment, in UTC."""
    return list(islice(times(plan, after), count))


def due(plan: Plan, after: datetime, now: datetime, most: int) -> list[datetime]:
    """Give the first `most` due times after a moment and up to now, in UTC."""
    return list(islice(takewhile(lambda one: one <= now, times(plan, after)), most))


def times(plan: Plan, after: datetime) -> Iterator[datetime]:
    """Give all due times after a moment, in UTC, each later than the one before."""
    last = after.astimezone(UTC)
    if plan.trigger.start_time and last < plan.anchor:
        last = plan.anchor - _SECOND
    for moment in _moments(plan, last):
        if plan.end is not None and moment > plan.end:
            return
        if moment > last:
            yield moment
            last = moment


def _moments(plan: Plan, after: datetime) -> Iterator[datetime]:
    if plan.trigger.type == "cron":
        return _cron(plan, after)
    if plan.trigger.frequency in _ELAPSED:
        return _elapsed(plan, after)
    return _recurring(plan, after)


def _cron(plan: Plan, after: datetime) -> Iterator[datetime]:
    found, faults = cron.parse(plan.trigger.expression or "")
    if found is None:
        raise Invalid(faults[0].message, hint=faults[0].hint)
    # In a repeated hour the wall is behind what has passed: from a day before, nothing is lost.
    begin = after if found.hourly else after - timedelta(days=1)
    walk = CronSim(found.plain, begin.astimezone(plan.zone))
    return (moment.astimezone(UTC) for moment in walk)


def _elapsed(plan: Plan, after: datetime) -> Iterator[datetime]:
    length = _ELAPSED[str(plan.trigger.frequency)] * (plan.trigger.interval or 1)
    count = max(0, (after - plan.anchor) // length)
    while True:
        yield plan.anchor + count * length
        count += 1


def _recurring(plan: Plan, after: datetime) -> Iterator[datetime]:
    start = plan.anchor.astimezone(plan.zone)
    pattern = plan.trigger.schedule
    hours = _numbers(pattern.hours) if pattern else [start.hour]
    minutes = _numbers(pattern.minutes) if pattern else [start.minute]
    second = 0 if pattern else start.second
    clock = [time(hour, minute, second) for hour in hours for minute in minutes]
    for day in _days(plan, start.date(), after.astimezone(plan.zone).date()):
        if day < start.date():
            continue
        for at in clock:
            moment = moment_of(datetime.combine(day, at), plan.zone)
            if moment >= plan.anchor:
                yield moment


def _days(plan: Plan, start: date, after: date) -> Iterator[date]:
    """Give the days of a recurrence, from a little before a date."""
    interval = plan.trigger.interval or 1
    if plan.trigger.frequency == "day":
        return _daily(start, after, interval)
    if plan.trigger.frequency == "week":
        return _weekly(start, after, interval, plan.trigger.schedule)
    return _monthly(start, after, interval, plan.trigger.schedule)


def _daily(start: date, after: date, interval: int) -> Iterator[date]:
    count = max(0, (after - start).days // interval - 1)
    day = start + timedelta(days=count * interval)
    while day.year < _LAST_YEAR:
        yield day
        day += timedelta(days=interval)


def _weekly(
    start: date, after: date, interval: int, pattern: RecurrencePattern | None
) -> Iterator[date]:
    wanted = pattern.week_days if pattern else None
    words = [wanted] if isinstance(wanted, str) else wanted or [WEEK_DAYS[start.weekday()]]
    chosen = sorted({WEEK_DAYS.index(word.strip().lower()) for word in words})
    monday = start - timedelta(days=start.weekday())
    count = max(0, (after - monday).days // (_WEEK * interval) - 1)
    monday += timedelta(days=count * _WEEK * interval)
    while monday.year < _LAST_YEAR:
        yield from (monday + timedelta(days=day) for day in chosen)
        monday += timedelta(days=_WEEK * interval)


def _monthly(
    start: date, after: date, interval: int, pattern: RecurrencePattern | None
) -> Iterator[date]:
    wanted = pattern.month_days if pattern else None
    chosen = [start.day] if wanted is None else _numbers(wanted)
    passed = (after.year - start.year) * _MONTHS + after.month - start.month
    first = max(0, passed // interval - 1)
    for count in range(first, first + _MOST_PERIODS):
        month = start.year * _MONTHS + start.month - 1 + count * interval
        year, month = month // _MONTHS, month % _MONTHS + 1
        if year >= _LAST_YEAR:
            return
        length = calendar.monthrange(year, month)[1]
        yield from (date(year, month, day) for day in chosen if day <= length)


def _numbers(value: Numbers) -> list[int]:
    return sorted(set(value)) if isinstance(value, list) else [value]


def _moment(text: str | None, zone: tzinfo) -> datetime | None:
    if text is None:
        return None
    try:
        found = time_of(text)
    except ValueError:
        raise Invalid(f"`{text}` is no time.", hint="As `2026-03-01T10:00:00`.") from None
    return found.astimezone(UTC) if found.tzinfo else moment_of(found, zone)


def moment_of(wall: datetime, zone: tzinfo) -> datetime:
    """Give when a wall shows a time: the first of two; the shift itself where it shows none."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late:  # the same, or shown twice: then the first has the offset before the shift
        return late
    return _shift(early, late, zone)


def _shift(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """Find the moment between two at which the zone's offset changes."""
    before = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late
