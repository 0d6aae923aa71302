"""Wrong schedules are refused with the place and what to do; right ones are taken."""

from __future__ import annotations

from datetime import datetime

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds import cron
from zaffre.kinds.loading import load
from zaffre.kinds.registry import kind
from zaffre.kinds.yaml_text import read

WEEKLY = "type: recurrence\n  frequency: week\n  interval: 1"
WEEKLY = "type: recurrence\n  frequency: week\n  interval: 1"
WRONG = [
    ('type: cron\n  expression: "0 0 * *"', 3, "has 4 fields", "In order"),
    ('type: cron\n  expression: "0 0 0 * * *"', 3, "has 6 fields", "seconds"),
    ('type: cron\n  expression: "0 25 * * *"', 3, "`25` is no hour", "0 to 23"),
    ('type: cron\n  expression: "61 1 * * *"', 3, "`61` is no minute", "0 to 59"),
    ('type: cron\n  expression: "0 9-5 * * *"', 3, "`9-5` is no hour", "backwards"),
    ('type: cron\n  expression: "*/0 * * * *"', 3, "`*/0` is no minute", "from 1"),
    ('type: cron\n  expression: "0 0 31 2 *"', 3, "never comes", ""),
    ("type: cron", 1, "`expression` is missing", "Add"),
    ("type: crn\n  expression: 0 0 * * *", 2, "`crn` is not allowed", "`cron`"),
    (
        'type: cron\n  expression: "0 0 * * *"\n  time_zone: Pacific Standard Tme',
        4,
        "no time zone",
        "`Pacific Standard Time`",
    ),
    ('type: cron\n  expression: "0 0 * * *"\n  start_time: noon', 4, "is no time", "2026"),
    ("type: recurrence\n  frequency: day", 1, "`interval` is missing", "Add"),
    ("type: recurrence\n  frequency: fortnight\n  interval: 1", 3, "not allowed", "`week`"),
    (
        "type: recurrence\n  frequency: day\n  interval: 1\n  schedule: {hours: 24, minutes: [0]}",
        5,
        "24 is none of the hours",
        "0 to 23",
    ),
    (
        WEEKLY + "\n  schedule: {hours: 2, minutes: 0, week_days: [mondey]}",
        5,
        "`mondey` is no day",
        "`monday`",
    ),
    (WEEKLY + "\n  schedule: {hours: '99', minutes: 0}", 5, "99 is none of the hours", "0 to 23"),
    (WEEKLY + "\n  schedule: {hours: 1, minutes: []}", 5, "`minutes` is empty", ""),
    (WEEKLY + "\n  schedule: {hours: 1, minutes: 0, week_days: [5]}", 5, "`5` is no day", ""),
    (WEEKLY + "\n  start_time: 0001-01-01T00:00:00", 5, "is no time", "2026"),
    ("type: data", 1, "watches one thing", "azureml:NAME"),
]


def schedule(trigger):
    return f"trigger:\n  {trigger}\nname: x\ncreate_job: azureml:other\n"


@pytest.mark.parametrize(("trigger", "line", "message", "hint"), WRONG, ids=str)
def test_a_wrong_trigger_is_refused_at_its_place(trigger, line, message, hint):
    with pytest.raises(Invalid) as caught:
        load(kind("schedule"), read(schedule(trigger), "s.yml"))
    (problem,) = caught.value.problems
    assert problem.place.line == line
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_a_fault_of_one_field_is_placed_at_it():
    with pytest.raises(Invalid) as caught:
        load(kind("schedule"), read(schedule('type: cron\n  expression: "0 25 * * 9"'), "s.yml"))
    columns = [problem.place.column for problem in caught.value.problems]
    assert columns == [18, 25]


PARTS = ["*", "*/5", "1", "1-5", "7", "0,30", "1-9/2", "3/4", "MON", "JAN", "L", "5L", "2#2"]
PARTS += ["60", "x", "5-1", "*/0", "LW", "31", "13"]


@given(
    st.lists(
        st.sampled_from(PARTS),
        min_size=5,
        max_size=5,
    )
)
def test_what_is_taken_is_what_the_calculator_takes(parts):
    text = " ".join(parts)
    found, _ = cron.parse(text)
    try:
        begin = datetime(2026, 1, 1)  # noqa: DTZ001
        walk = CronSim(text, begin)
    except CronSimError:
        assert found is None
        return
    if found is not None:
        again = CronSim(found.plain, begin)
        for _ in range(3):
            assert next(again, None) == next(walk, None)
