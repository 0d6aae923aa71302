"""Following a model: whatever is seen, the moves are those of the table, and bad versions go back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.kinds.following import (
    NEXT,
    Health,
    JobGate,
    MirrorGate,
    Plan,
    Progress,
    Seen,
    Stage,
    Traffic,
    decide,
    job_fault,
    shares,
)

JOB = JobGate("accuracy", at_least=0.8, rival="old_accuracy", tolerance=0.01)
MIRROR = MirrorGate(600, 20, 0.9)
STEPS = Plan(JOB, (10, 50, 100), 60)
NUMBERS = st.integers(0, 40)
VERSIONS = st.sampled_from(["1", "2", "3"])
TRAFFIC = st.builds(Traffic, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
METRICS = st.dictionaries(
    st.sampled_from(["accuracy", "old_accuracy"]), st.floats(0, 1) | st.just(float("nan"))
)
SEEN = st.builds(
    Seen, VERSIONS, VERSIONS, st.sampled_from(Health), st.sampled_from(Health), st.just("x"),
    st.booleans(), st.sampled_from(["", "It failed."]), METRICS, TRAFFIC,
    st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "Somebody meddled."]),
)  # fmt: skip
PLANS = st.builds(
    Plan,
    st.none() | st.just(JOB) | st.just(MIRROR),
    st.sampled_from([(), (100,), (10, 50, 100)]),
    st.just(60.0),
)
PROGRESS = st.builds(
    Progress,
    st.sampled_from(Stage),
    VERSIONS,
    st.sampled_from([0.0, 60.0, 700.0]),
    st.integers(0, 2),
)


@given(PLANS, PROGRESS, SEEN)
def test_every_move_is_in_the_table(plan, progress, seen):
    move = decide(plan, progress, seen)
    assert move is None or move.stage in NEXT[progress.stage]
    assert move is None or (move.why and move.version)


@given(PLANS, PROGRESS, SEEN)
def test_no_version_gets_traffic_without_passing_its_gate(plan, progress, seen):
    move = decide(plan, progress, seen)
    if move is None or move.stage not in (Stage.SHIFTING, Stage.PROMOTING):
        return
    assert plan.gate is None or progress.stage in (Stage.JUDGING, Stage.SHIFTING)
    if progress.stage is Stage.JUDGING and isinstance(plan.gate, JobGate):
        assert seen.job_ended
        assert not seen.job_failed
        assert seen.metrics["accuracy"] >= max(0.8, seen.metrics["old_accuracy"] - 0.011)
    if progress.stage is Stage.JUDGING and isinstance(plan.gate, MirrorGate):
        assert progress.seconds >= 600
        assert seen.traffic.requests >= 20


@given(PLANS, PROGRESS, SEEN)
def test_failing_answers_never_lead_to_more_traffic(plan, progress, seen):
    move = decide(plan, progress, seen)
    failing = seen.traffic.requests >= 20 and seen.traffic.errors > seen.traffic.requests * 0.01
    if move and failing and progress.stage is Stage.SHIFTING:
        assert move.stage is Stage.RETURNING


@given(PLANS, SEEN)
def test_a_refused_version_is_not_tried_again(plan, seen):
    move = decide(plan, Progress(), seen)
    assert move is None or move.version != seen.refused


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50)), st.integers(0, 100))
def test_shares_add_up_to_what_they_were(traffic, percent):
    found = shares(traffic, "a", "b", percent)
    assert sum(found.values()) == sum(traffic.values())
    assert min(found.values()) >= 0
    assert {name: found.get(name) for name in "cd"} == {name: traffic.get(name) for name in "cd"}


def test_a_good_version_goes_all_the_way():
    seen = Seen(
        "2", "1", Health.READY, metrics={"accuracy": 0.9, "old_accuracy": 0.905}, job_ended=True
    )
    told, progress = [], Progress()
    while (move := decide(STEPS, progress, seen)) and len(told) < 9:
        told.append((move.stage, move.step))
        progress = Progress(move.stage, move.version, 60.0, move.step)
        if move.stage is Stage.PROMOTING:
            seen = Seen("2", "2", Health.READY)
    assert told == [
        (Stage.PREPARING, 0),
        (Stage.JUDGING, 0),
        (Stage.SHIFTING, 0),
        (Stage.SHIFTING, 1),
        (Stage.SHIFTING, 2),
        (Stage.PROMOTING, 0),
        (Stage.RESTING, 0),
    ]


@pytest.mark.parametrize(
    ("gate", "metrics", "said"),
    [
        (JOB, {}, "logged no metric `accuracy`"),
        (JOB, {"accuracy": 0.7}, "less than 0.8"),
        (JOB, {"accuracy": float("nan")}, "less than 0.8"),
        (JOB, {"accuracy": 0.9}, "no metric `old_accuracy`"),
        (JOB, {"accuracy": 0.9, "old_accuracy": 0.92}, "worse by more than 0.01"),
        (JOB, {"accuracy": 0.9, "old_accuracy": float("nan")}, "worse"),
        (JobGate("loss", at_most=0.5), {"loss": 0.6}, "more than 0.5"),
        (JobGate("loss", rival="old", minimize=True), {"loss": 0.3, "old": 0.2}, "worse"),
    ],
)
def test_a_gate_says_why_it_is_shut(gate, metrics, said):
    assert said in job_fault(gate, metrics)


def test_a_gate_that_is_passed_says_nothing():
    assert job_fault(JOB, {"accuracy": 0.9, "old_accuracy": 0.905}) == ""
    assert job_fault(JobGate("loss", rival="old", minimize=True), {"loss": 0.1, "old": 0.2}) == ""


@pytest.mark.parametrize(
    ("progress", "seen", "said"),
    [
        (Progress(Stage.PREPARING, "2"), Seen("3", "1", Health.READY), "version 3 now"),
        (Progress(Stage.PREPARING, "2"), Seen("2", "1", Health.FAILED, why="boom"), "boom"),
        (Progress(Stage.JUDGING, "2"), Seen("2", "1", Health.MISSING), "deleted"),
        (
            Progress(Stage.SHIFTING, "2"),
            Seen("2", "1", Health.READY, meddled="Meddled."),
            "Meddled",
        ),
        (
            Progress(Stage.SHIFTING, "2"),
            Seen("2", "1", Health.READY, traffic=Traffic(100, 5)),
            "5 of 100",
        ),
        (Progress(Stage.PROMOTING, "2"), Seen("2", "1", own=Health.FAILED, why="boom"), "boom"),
    ],
)
def test_it_goes_back_and_says_why(progress, seen, said):
    move = decide(STEPS, progress, seen)
    assert move.stage is Stage.RETURNING
    assert said in move.why


def test_copies_that_disagree_shut_the_gate():
    plan = Plan(MIRROR)
    for agreed, stage in ((80, Stage.RETURNING), (95, Stage.PROMOTING)):
        seen = Seen("2", "1", Health.READY, traffic=Traffic(100, 0, 100, agreed))
        assert decide(plan, Progress(Stage.JUDGING, "2", 600), seen).stage is stage
    assert decide(plan, Progress(Stage.JUDGING, "2", 599), seen) is None
