"""Whose turn it is: decided purely, so that any queue can be tried."""

from __future__ import annotations

from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from zaffre.kinds.amounts import lacking, total
from zaffre.kinds.resource import Key
from zaffre.services.jobs.explaining import reason
from zaffre.services.jobs.queueing import Held, Waiting, decide, in_turn

FOUR = {"cpus": 4.0, "gpus": 1.0}


def waiting(name, group="e", urgency=50, capacity=FOUR, **amounts):
    return Waiting(
        Key("job", "w", name), group, amounts or {"cpus": 1.0}, capacity, urgency=urgency
    )


def held(name, group="e", until=None, **amounts):
    return Held(Key("job", "w", name), group, amounts or {"cpus": 1.0}, until)


def names(turns):
    return [turn.job.key.name for turn in turns]


def starting(now, queue):
    return [turn.job.key.name for turn in decide(now, queue) if turn.starts]


def test_the_first_come_goes_first_within_an_experiment():
    assert starting([], [waiting(name) for name in "abcde"]) == ["a", "b", "c", "d"]


def test_experiments_take_turns():
    queue = [waiting(f"a{n}", "a") for n in range(3)] + [waiting("b0", "b"), waiting("c0", "c")]
    assert [job.key.name for job in in_turn([], queue)] == ["a0", "b0", "c0", "a1", "a2"]


def test_the_experiment_with_the_fewest_jobs_under_way_goes_first():
    queue = [waiting("a", "a"), waiting("b", "b")]
    assert starting([held("x", "a"), held("y", "a"), held("z", "c")], queue) == ["b"]


def test_the_more_urgent_go_first_whatever_their_experiment_has():
    queue = [waiting("a", "a"), waiting("b", "b", urgency=75)]
    assert [job.key.name for job in in_turn([held("x", "b")], queue)] == ["b", "a"]


def test_a_big_job_keeps_its_place_before_small_ones():
    big, small = waiting("big", cpus=3.0), waiting("small")
    assert starting([held("x"), held("y")], [big, small]) == []
    assert starting([held("x")], [big, small]) == ["big"]


def test_small_jobs_pass_where_they_take_nothing_that_is_waited_for():
    gpu = waiting("gpu", cpus=1.0, gpus=1.0)
    queue = [gpu, *(waiting(name) for name in "abc")]
    assert starting([held("x", cpus=1.0, gpus=1.0)], queue) == ["a", "b"]


def test_only_the_first_of_those_that_wait_for_a_gpu_keeps_a_cpu_free():
    queue = [waiting(f"g{n}", cpus=2.0, gpus=1.0) for n in range(5)] + [waiting("a")]
    assert starting([held("x", cpus=1.0, gpus=1.0)], queue) == ["a"]


def test_who_asks_for_more_than_there_is_holds_up_nobody():
    turns = decide([], [waiting("much", cpus=5.0), waiting("a")])
    assert [(turn.never, turn.starts) for turn in turns] == [(True, False), (False, True)]


def test_the_reason_says_for_what_behind_whom_and_until_when():
    now = [held(name, until=300.0 + place) for place, name in enumerate("wxyz")]
    first, second = decide(now, [waiting("a", cpus=2.0), waiting("b")])
    assert reason(first, now, 60.0) == ("Waits for 2 CPUs: 0 of 4 free; next free in about 4 min.")
    assert reason(second, now, 290.0) == (
        "Waits for 1 CPU: 0 of 4 free; 1 job before it; next free in less than a minute."
    )
    (never,) = decide([], [waiting("a", cpus=8.0)])
    assert "asks for 8 CPUs, and its compute has 4 CPUs" in reason(never, [], 0.0)
    (next_,) = decide([], [waiting("a")])
    assert reason(next_, [], 0.0) == "It starts next."
    (unknown,) = decide([held("x", cpus=4.0)], [waiting("a", capacity={"cpus": 4, "memory": 1})])
    assert reason(unknown, [held("x", cpus=4.0)], 0.0) == "Waits for 1 CPU: 0 of 4 free."
    memory = waiting("m", capacity={"memory": 2.0**31}, memory=2.0**30)
    (turn,) = decide([held("x", memory=1.5 * 2**30)], [memory])
    assert "1 GiB of memory: 512 MiB of 2 GiB free" in reason(
        turn, [held("x", memory=1.5 * 2**30)], 0.0
    )


SIZES = st.fixed_dictionaries(
    {"cpus": st.sampled_from([0.5, 1.0, 2.0, 3.0, 4.0, 5.0]), "gpus": st.sampled_from([0.0, 1.0])}
)
JOBS = st.lists(
    st.tuples(SIZES, st.sampled_from("abc"), st.sampled_from([25, 50, 75])), max_size=12
)


def queue_of(drawn):
    return [
        Waiting(Key("job", "w", str(place)), group, size, FOUR, urgency)
        for place, (size, group, urgency) in enumerate(drawn)
    ]


@given(JOBS, st.lists(st.tuples(SIZES, st.sampled_from("abc")), max_size=4))
def test_nothing_is_given_twice(drawn, running):
    now: list[Held] = []
    for place, (size, group) in enumerate(running):
        if not lacking(size, total(one.amounts for one in now), FOUR):
            now.append(Held(Key("job", "w", f"r{place}"), group, size))
    turns = decide(now, queue_of(drawn))
    assert len({turn.job.key for turn in turns}) == len(drawn)
    taken = total([*(one.amounts for one in now), *(t.job.amounts for t in turns if t.starts)])
    assert not lacking({}, taken, FOUR)
    assert all(taken.get(name, 0) <= FOUR[name] for name in FOUR)


@given(JOBS)
def test_no_less_urgent_job_takes_what_a_more_urgent_one_waits_for(drawn):
    turns = decide([], queue_of(drawn))
    for place, turn in enumerate(turns):
        if turn.never or turn.starts:
            continue
        with_it = total(
            [turn.job.amounts, *(other.job.amounts for other in turns[:place] if other.starts)]
        )
        after = [other for other in turns[place + 1 :] if other.starts]
        first = all(before.never or before.starts for before in turns[:place])
        for other in after:
            assert other.job.urgency <= turn.job.urgency
            if first:  # it keeps its place whole
                assert not lacking(other.job.amounts, with_it, FOUR)


@settings(max_examples=60)
@given(
    st.sampled_from([2.0, 3.0, 4.0]),
    st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_no_stream_of_small_jobs_starves_a_big_one(cpus, sizes, length):
    """Small jobs of new experiments come faster than they end; the big one still has its turn."""
    running: deque[tuple[int, Held]] = deque()
    line = [waiting("early", "old"), waiting("big", "old", cpus=cpus)]
    for turn in range(60):
        line += [
            waiting(f"s{turn}.{place}", f"new{turn}", cpus=size)
            for place, size in enumerate(sizes)
        ]
        while running and running[0][0] <= turn:
            running.popleft()
        started = starting([one for _, one in running], line)
        if "big" in started:
            return
        for job in [job for job in line if job.key.name in started]:
            running.append((turn + length, Held(job.key, job.group, job.amounts)))
            line.remove(job)
    raise AssertionError("the big job never had its turn")
