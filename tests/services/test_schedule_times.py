"""Due times against a brute-force oracle that walks the clock minute by minute."""

from __future__ import annotations

import calendar
import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds import time_zones
from zaffre.kinds.schedule import Trigger
from zaffre.services.schedules.times import due, moment_of, next_times, plan_of

MINUTE = timedelta(minutes=1)
# Each with a shift in the window: an hour, half an hour, at midnight, a whole day, none.
WINDOWS = [
    ("America/New_York", "2026-03-08T07:00+00:00"),
    ("America/New_York", "2026-11-01T06:00+00:00"),
    ("Europe/Berlin", "2026-03-29T01:00+00:00"),
    ("Europe/Berlin", "2026-10-25T01:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30+00:00"),
    ("America/Havana", "2026-03-08T05:00+00:00"),
    ("America/Havana", "2026-11-01T05:00+00:00"),
    ("America/Sao_Paulo", "2018-11-04T03:00+00:00"),
    ("America/Sao_Paulo", "2018-02-18T02:00+00:00"),
    ("Pacific/Apia", "2011-12-30T10:00+00:00"),
    ("America/St_Johns", "2026-03-08T05:30+00:00"),
    ("Africa/Casablanca", "2026-02-15T02:00+00:00"),
    ("Asia/Tehran", "2021-09-21T19:30+00:00"),
    ("Pacific/Chatham", "2026-04-04T14:00+00:00"),
    ("Asia/Kolkata", "2026-05-01T00:00+00:00"),
    ("UTC", "2026-05-01T00:00+00:00"),
]


def subset(low, high):
    return st.lists(st.integers(low, high), min_size=1, max_size=4, unique=True).map(sorted)


def written(values):
    return "*" if values is None else ",".join(map(str, values))


def matches(wall, minutes, hours, days, weekdays):
    fits = [
        minutes is None or wall.minute in minutes,
        hours is None or wall.hour in hours,
    ]
    day, weekday = days is None or wall.day in days, True
    if weekdays is not None:
        weekday = (wall.weekday() + 1) % 7 in weekdays
    both = days is None or weekdays is None
    return all(fits) and ((day and weekday) if both else (day or weekday))


def oracle(zone, begin, end, fits, hourly):
    """Walk every minute; without `hourly`, the wall's minutes count: skipped ones at once, repeated ones not."""
    found = []
    moment = begin - timedelta(days=2)
    furthest = moment.astimezone(zone).replace(tzinfo=None) - MINUTE
    while moment <= end:
        wall = moment.astimezone(zone).replace(tzinfo=None)
        if hourly:
            fires = fits(wall)
        else:
            fires = False
            while furthest < wall:
                furthest += MINUTE
                fires = fires or fits(furthest)
        if fires and moment > begin:
            found.append(moment)
        moment += MINUTE
    return found


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(WINDOWS),
    st.none() | subset(0, 59),
    st.none() | subset(0, 23) | subset(0, 3),
    st.none() | subset(1, 31),
    st.none() | subset(0, 6),
    st.integers(0, 60 * 30),
)
def test_cron_is_what_a_walk_over_all_minutes_finds(
    window, minutes, hours, days, weekdays, before
):
    zone, shift = ZoneInfo(window[0]), datetime.fromisoformat(window[1])
    begin, end = shift - before * MINUTE, shift + timedelta(hours=30)
    text = f"{written(minutes)} {written(hours)} {written(days)} * {written(weekdays)}"
    plan = plan_of(Trigger(type="cron", expression=text, time_zone=window[0]), begin)
    wanted = oracle(
        zone, begin, end, lambda wall: matches(wall, minutes, hours, days, weekdays), hours is None
    )
    assert due(plan, begin, end, 100_000) == wanted


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(WINDOWS),
    st.sampled_from(["day", "week", "month"]),
    st.integers(1, 3),
    subset(0, 23) | subset(0, 3),
    subset(0, 59),
    st.integers(0, 60 * 24 * 100),
)
def test_a_recurrence_is_what_a_walk_finds(window, frequency, interval, hours, minutes, age):
    zone, shift = ZoneInfo(window[0]), datetime.fromisoformat(window[1])
    begin, end = shift - timedelta(hours=30), shift + timedelta(hours=30)
    anchor = shift - timedelta(hours=31) - age * MINUTE
    start = anchor.astimezone(zone).date()
    pattern = {"hours": hours, "minutes": minutes}
    trigger = Trigger.model_validate(
        {
            "type": "recurrence",
            "frequency": frequency,
            "interval": interval,
            "schedule": pattern,
            "time_zone": window[0],
        }
    )

    def fits(wall):
        if wall.hour not in hours or wall.minute not in minutes or wall.date() < start:
            return False
        days = (wall.date() - start).days
        if frequency == "day":
            return days % interval == 0
        if frequency == "week":
            monday = start - timedelta(days=start.weekday())
            weeks = (wall.date() - monday).days // 7
            return wall.weekday() == start.weekday() and weeks % interval == 0
        months = (wall.year - start.year) * 12 + wall.month - start.month
        return wall.day == start.day and months % interval == 0

    plan = plan_of(trigger, anchor)
    assert due(plan, begin, end, 100_000) == oracle(zone, begin, end, fits, hourly=False)


def test_thousands_of_daily_times_over_zones_come_once_a_day_each():
    chance = random.Random(7)
    checked = 0
    for name in sorted({window[0] for window in WINDOWS} - {"Pacific/Apia"}):
        hour, minute = chance.randrange(4), chance.randrange(60)
        trigger = Trigger(type="cron", expression=f"{minute} {hour} * * *", time_zone=name)
        begin = datetime(2024, 1, 1, 12, tzinfo=UTC)
        found = next_times(plan_of(trigger, begin), begin, 1000)
        zone = ZoneInfo(name)
        days = [one.astimezone(zone).date() for one in found]
        assert days == [days[0] + timedelta(days=at) for at in range(len(days))]
        for one, day in zip(found, days, strict=True):
            wall = one.astimezone(zone)
            assert (wall.hour, wall.minute) == (hour, minute) or one == moment_of(
                datetime.combine(day, time(hour, minute)), zone
            )
            assert wall.fold == 0
            checked += 1
    assert checked >= 10_000


def test_elapsed_recurrences_count_from_their_start_through_shifts():
    trigger = Trigger(
        type="recurrence",
        frequency="hour",
        interval=5,
        start_time="2026-03-07T00:30:00",
        time_zone="America/New_York",
    )
    start = datetime(2026, 3, 7, 5, 30, tzinfo=UTC)
    plan = plan_of(trigger, start)
    found = next_times(plan, start - timedelta(days=3), 12)
    assert found == [start + timedelta(hours=5 * count) for count in range(12)]
    assert next_times(plan, start + timedelta(hours=5), 1) == [start + timedelta(hours=10)]


def test_a_month_without_the_day_is_left_out():
    trigger = Trigger.model_validate(
        {
            "type": "recurrence",
            "frequency": "month",
            "interval": 1,
            "schedule": {"hours": 1, "minutes": 0, "month_days": 31},
        }
    )
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = next_times(plan_of(trigger, begin), begin, 7)
    assert [one.month for one in found] == [1, 3, 5, 7, 8, 10, 12]
    assert all(one.day == 31 for one in found)


def test_start_and_end_are_kept_to():
    trigger = Trigger(
        type="cron",
        expression="0 * * * *",
        start_time="2026-01-01T10:00:00",
        end_time="2026-01-01T12:00:00",
        time_zone="W. Europe Standard Time",
    )
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    found = next_times(plan_of(trigger, begin), begin, 10)
    assert [one.hour for one in found] == [9, 10, 11]


def test_every_name_of_windows_is_a_zone():
    for name in time_zones.WINDOWS:
        assert time_zones.zone(name).utcoffset(datetime(2026, 1, 1)) is not None  # noqa: DTZ001
    assert time_zones.zone("pacific standard time").key == "America/Los_Angeles"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Pacific Standart Time", "Pacific Standard Time"),
        ("Europe/Berln", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
    ],
)
def test_a_misspelt_zone_is_told_what_was_meant(text, meant):
    with pytest.raises(Invalid) as caught:
        time_zones.zone(text)
    assert meant in caught.value.hint


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "/etc/localtime", "x" * 300, "Europe"])
def test_odd_zones_are_refused(text):
    with pytest.raises(Invalid):
        time_zones.zone(text)


def test_leap_days_and_long_waits():
    trigger = Trigger(type="cron", expression="0 0 29 2 *")
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    found = next_times(plan_of(trigger, begin), begin, 3)
    assert [one.date() for one in found] == [date(year, 2, 29) for year in (2028, 2032, 2036)]
    assert all(calendar.isleap(one.year) for one in found)
