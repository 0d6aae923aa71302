"""The number of instances follows the load: up at once, down after a while, to none when idle."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from zaffre.runtime.gateway.configuration import Deployment
from zaffre.runtime.gateway.scaling import Course, Scale, needed, step, woken
from zaffre.runtime.gateway.sizing import Sizing

DEMAND = st.floats(0, 500, allow_nan=False)
LOOKS = st.lists(st.tuples(st.floats(0.1, 100), DEMAND), max_size=60)
SCALE = Scale(least=1, most=10, target=0.5, cool_down=60, idle=300)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    least = draw(st.integers(0, 5))
    most = draw(st.integers(max(1, least), 20))
    cool_down, idle = draw(st.floats(0, 200)), draw(st.floats(0, 500))
    return Scale(least, most, draw(st.floats(0.01, 1)), 1.0, cool_down, idle)


def course_of(scale: Scale, looks: list[tuple[float, float]], concurrency: int = 1):
    """Take looks one after the other; give the moment, the demand and the course after each."""
    now, course = 0.0, Course(max(1, scale.least), 0.0)
    for after, demand in looks:
        now += after
        course = step(scale, course, now, demand, concurrency)
        yield now, demand, course


@given(scales(), LOOKS, st.integers(1, 8))
def test_the_number_stays_within_its_bounds(scale, looks, concurrency):
    for _, _, course in course_of(scale, looks, concurrency):
        assert scale.least <= course.wanted <= scale.most


@given(scales(), LOOKS, DEMAND.filter(bool), st.integers(1, 8))
def test_what_is_needed_is_there_at_once(scale, looks, demand, concurrency):
    *_, (_, _, course) = course_of(scale, [*looks, (1.0, demand)], concurrency)
    assert course.wanted >= needed(scale, demand, concurrency)


@given(scales(), LOOKS)
def test_the_number_falls_only_after_the_cool_down_or_idleness(scale, looks):
    before, risen, busy = max(1, scale.least), 0.0, 0.0
    for now, demand, course in course_of(scale, looks):
        busy = now if demand else busy
        if course.wanted < before:
            idle = course.wanted == 0 and now - busy >= scale.idle
            assert idle or now - risen >= scale.cool_down
        if course.wanted > before:
            risen = now
        before = course.wanted


@given(scales(), LOOKS, DEMAND.filter(bool))
def test_a_steady_load_leads_to_the_number_it_needs_and_stays(scale, looks, demand):
    scale = replace(scale, idle=max(scale.idle, 1.0))
    steady = [(scale.cool_down + 1, demand)] * 4
    *_, (_, _, before), (_, _, last) = course_of(scale, [*looks, *steady])
    assert last.wanted == before.wanted == needed(scale, demand, 1)


@given(LOOKS, st.integers(0, 3))
def test_only_one_that_may_sleep_has_none(looks, least):
    scale = replace(SCALE, least=least)
    for _, demand, course in course_of(scale, looks):
        assert course.wanted > 0 or (least == 0 and not demand)


def test_instances_are_used_to_the_target():
    assert needed(SCALE, 4.0, 1) == 8
    assert needed(SCALE, 4.0, 4) == 2
    assert needed(SCALE, 0.0, 1) == 1
    assert needed(SCALE, 99.0, 1) == 10
    assert needed(Scale(most=10, target=0.7), 0.7 * 3, 1) == 3


def test_a_load_that_comes_and_goes_within_the_cool_down_changes_nothing():
    looks = [(10.0, 4.0), (10.0, 0.5)] * 20
    assert {course.wanted for _, _, course in course_of(SCALE, looks)} == {8}


def test_it_falls_to_the_most_that_was_needed_meanwhile():
    looks = [(1.0, 5.0), (30.0, 0.1), (30.0, 2.0), (31.0, 0.1)]
    assert [course.wanted for _, _, course in course_of(SCALE, looks)] == [10, 10, 10, 4]


def test_it_sleeps_after_idleness_and_wakes_when_asked():
    scale = replace(SCALE, least=0)
    looks = [(1.0, 1.0), (299.0, 0.0), (1.0, 0.0), (500.0, 0.0)]
    *early, (now, _, course) = course_of(scale, looks)
    assert [one.wanted > 0 for _, _, one in early] == [True, True, False]
    assert course.wanted == 0
    awake = woken(course, now)
    assert awake.wanted == step(scale, awake, now + 299, 0.0, 1).wanted == 1


def test_tighter_bounds_count_at_once():
    assert step(replace(SCALE, most=2), Course(8, 0.0), 1.0, 9.0, 1).wanted == 2
    assert step(replace(SCALE, least=5), Course(1, 0.0), 1.0, 0.0, 1).wanted == 5


def deployment(scale: Scale | None, instances: int = 1) -> Deployment:
    nothing = dict.fromkeys(("model_dir", "code_dir", "script", "mlflow_model", "log"))
    return Deployment(
        id="r", key="k", python="p", env={"WORKER_COUNT": "2"}, **nothing,
        instances=instances, scale=scale,
    )  # fmt: skip


def test_a_number_that_is_set_does_not_follow_the_load():
    sizing = Sizing(deployment(None, 3), 0.0)
    assert not sizing.look(5.0, 100)
    assert (sizing.instances, sizing.workers, sizing.may_sleep) == (3, 6, False)
    sizing.follow(deployment(None, 2))
    assert sizing.instances == 2


def test_the_load_is_averaged_between_looks():
    sizing = Sizing(deployment(replace(SCALE, interval=1.0, target=1.0)), 0.0)
    assert not sizing.look(0.0, 1)
    for at, load in ((0.2, 8), (0.4, 0), (0.6, 0), (0.8, 0)):
        assert not sizing.look(at, load)
    assert sizing.look(1.0, 2)
    assert sizing.instances == 2


def test_requests_too_quick_to_be_seen_keep_it_awake():
    sizing = Sizing(deployment(replace(SCALE, least=0, idle=10.0)), 0.0)
    for at in range(60):
        sizing.was_asked = True
        sizing.look(float(at), 0)
    assert sizing.instances == 1
    assert sizing.look(70.0, 0)
    assert sizing.instances == 0


def test_a_number_that_was_set_is_where_following_begins():
    sizing = Sizing(deployment(None, 4), 0.0)
    sizing.follow(deployment(SCALE))
    assert sizing.instances == 4
    sizing.follow(deployment(replace(SCALE, most=2)))
    assert sizing.instances == 2
    sizing.follow(deployment(None, 5))
    assert sizing.instances == 5


def test_it_begins_within_its_bounds():
    assert Sizing(deployment(replace(SCALE, least=3)), 0.0).instances == 3
    assert Sizing(deployment(SCALE, 99), 0.0).instances == 10
    assert Sizing(deployment(replace(SCALE, least=0)), 0.0).may_sleep
