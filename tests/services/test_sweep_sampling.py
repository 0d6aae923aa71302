"""Values of trials: inside their distributions, the same when asked again, spread as they should be."""

from __future__ import annotations

import math
from itertools import islice
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.kinds.sweep_settings import EarlyTermination, SearchParameter
from zaffre.services.sweeps import bayesian
from zaffre.services.sweeps.bayesian import Known, fitting_sampler, suggest
from zaffre.services.sweeps.sampling import combinations, flat, grid, sample
from zaffre.services.sweeps.sobol import MOST, point
from zaffre.services.sweeps.stopping_early import stopped


def space(**parameters):
    return {name: SearchParameter.model_validate(one) for name, one in parameters.items()}


SPACE = space(
    a={"type": "choice", "values": ["x", 1, 2.5, True]},
    b={"type": "uniform", "min_value": -1, "max_value": 2},
    c={"type": "quniform", "min_value": 0, "max_value": 1, "q": 0.1},
    d={"type": "loguniform", "min_value": -6, "max_value": -1},
    e={"type": "qloguniform", "min_value": 0, "max_value": 3, "q": 2},
    f={"type": "normal", "mu": 5, "sigma": 2},
    g={"type": "qnormal", "mu": 5, "sigma": 2, "q": 1},
    h={"type": "lognormal", "mu": 0, "sigma": 1},
    i={"type": "qlognormal", "mu": 2, "sigma": 1, "q": 0.5},
    j={"type": "randint", "upper": 4},
    k={
        "type": "choice",
        "values": [
            {"model": "svm", "c": {"type": "uniform", "min_value": 1, "max_value": 2}},
            {"model": "tree", "depth": {"type": "choice", "values": [1, 2]}},
        ],
    },
)


def fits(values):
    assert values["a"] in ("x", 1, 2.5, True)
    assert -1 <= values["b"] <= 2
    assert values["c"] in [round(at * 0.1, 1) for at in range(11)]
    assert math.exp(-6) <= values["d"] <= math.exp(-1)
    assert values["e"] % 2 == 0
    assert values["g"] == round(values["g"])
    assert values["h"] > 0
    assert values["i"] * 2 == round(values["i"] * 2)
    assert values["j"] in range(4)
    inner = values["k"]
    assert set(inner) == ({"model", "c"} if inner["model"] == "svm" else {"model", "depth"})
    assert inner.get("c", 1.5) >= 1
    assert inner.get("depth", 1) in (1, 2)


@given(st.sampled_from(["random", "sobol"]), st.integers(0, 2**31), st.integers(0, 9999))
def test_values_are_of_their_distributions_and_the_same_when_asked_again(rule, seed, number):
    values = sample(SPACE, rule, seed, number)
    fits(values)
    assert values == sample(SPACE, rule, seed, number)


def test_other_seeds_and_numbers_give_other_values():
    found = {
        str(sample(SPACE, "random", seed, number)) for seed in range(10) for number in range(10)
    }
    assert len(found) == 100


def test_random_values_are_spread_as_their_distribution():
    drawn = [sample(SPACE, "random", 3, number) for number in range(2000)]
    assert abs(mean(one["f"] for one in drawn) - 5) < 0.2
    assert abs(stdev(one["f"] for one in drawn) - 2) < 0.2
    assert abs(mean(math.log(one["h"]) for one in drawn)) < 0.1
    assert abs(mean(one["b"] for one in drawn) - 0.5) < 0.1
    for value in ("x", 2.5):
        assert abs(sum(one["a"] == value for one in drawn) / 2000 - 0.25) < 0.07


@given(st.integers(0, 2**31), st.integers(1, 7))
def test_a_sobol_sequence_fills_each_axis_evenly(seed, power):
    count = 2**power
    points = [point(number, MOST, seed) for number in range(count)]
    for axis in range(MOST):
        cells = sorted(int(one[axis] * count) for one in points)
        assert cells == list(range(count))


def test_a_grid_tries_every_combination_once():
    tried = space(
        a={"type": "choice", "values": [1, 2]},
        b={"type": "quniform", "min_value": 0, "max_value": 1, "q": 0.5},
        c={"type": "randint", "upper": 2},
        k={
            "type": "choice",
            "values": ["none", {"depth": {"type": "choice", "values": [1, 2]}}],
        },
    )
    assert combinations(tried) == 2 * 3 * 2 * 3
    every = list(grid(tried))
    assert len({str(one) for one in every}) == 36
    assert [sample(tried, "grid", 0, at) for at in range(36)] == every
    assert sample(tried, "grid", 0, 36) is None


def test_a_huge_grid_is_not_walked_through():
    huge = space(**{f"p{at}": {"type": "choice", "values": list(range(20))} for at in range(20)})
    assert len(list(islice((sample(huge, "grid", 0, at) for at in range(3)), 3))) == 3
    assert sample(huge, "grid", 0, 20**20 - 1) == {f"p{at}": 19 for at in range(20)}
    assert sample(huge, "grid", 0, 20**20) is None


def test_values_within_values_are_named_by_their_way():
    assert flat({"a": 1, "k": {"model": "svm", "c": {"d": 2}}}) == {
        "a": 1,
        "k.model": "svm",
        "k.c.d": 2,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_bayesian_values_are_of_the_space_and_follow_from_what_is_known(seed):
    pytest.importorskip("optuna")
    known = []
    for _ in range(12):
        values = suggest(SPACE, "minimize", seed, known)
        fits(values)
        assert values == suggest(SPACE, "minimize", seed, known)
        known.append(Known(values, (values["b"] - 1) ** 2 + values["j"]))
    suggest(SPACE, "maximize", seed, [*known, Known(known[0].params, None, running=True)])
    suggest(SPACE, "minimize", seed, [Known({"a": "gone", "z": 1}, 1.0)])


def test_bayesian_values_of_a_normal_distribution_are_normal():
    pytest.importorskip("optuna")
    tried = space(
        n={"type": "normal", "mu": 3, "sigma": 1}, m={"type": "lognormal", "mu": 0, "sigma": 1}
    )
    first = [suggest(tried, "minimize", seed, []) for seed in range(300)]
    for values in ([one["n"] - 3 for one in first], [math.log(one["m"]) for one in first]):
        assert abs(mean(values)) < 0.25
        assert 0.8 < stdev(values) < 1.25
    known = [Known(one, one["n"]) for one in first[:12]]
    assert suggest(tried, "minimize", 1, known) == suggest(tried, "minimize", 1, known)


@pytest.mark.parametrize("kind", ["uniform", "randint", "normal"])
def test_numbers_are_sampled_by_gaussian_processes_where_torch_is(kind, monkeypatch):
    fields = {"uniform": {"min_value": 0, "max_value": 1}, "randint": {"upper": 4}, "normal": {}}
    numbers = space(x={"type": kind, **fields[kind]})
    words = space(x={"type": kind, **fields[kind]}, y={"type": "choice", "values": [1, 2]})
    monkeypatch.setattr(bayesian, "find_spec", lambda name: name)
    assert (fitting_sampler(numbers), fitting_sampler(words)) == ("gp", "tpe")
    monkeypatch.setattr(bayesian, "find_spec", lambda name: name if name != "torch" else None)
    assert fitting_sampler(numbers) == "tpe"


def test_gaussian_processes_find_the_bottom_of_a_bowl():
    pytest.importorskip("optuna")
    pytest.importorskip("torch")
    bowl = space(x={"type": "uniform", "min_value": -5, "max_value": 5})
    known = []
    for _ in range(14):
        values = suggest(bowl, "minimize", 1, known, "gp")
        known.append(Known(values, (values["x"] - 2) ** 2))
    assert min(one.value for one in known) < 0.05


def test_bayesian_sampling_beats_chance_on_a_bowl():
    pytest.importorskip("optuna")
    bowl = space(
        x={"type": "uniform", "min_value": -5, "max_value": 5},
        y={"type": "uniform", "min_value": -5, "max_value": 5},
    )

    def value(one):
        return (one["x"] - 2) ** 2 + (one["y"] + 1) ** 2

    wins = 0
    for seed in range(3):
        known = []
        for _ in range(30):
            values = suggest(bowl, "minimize", seed, known)
            known.append(Known(values, value(values)))
        chance = min(value(sample(bowl, "random", seed, number)) for number in range(30))
        wins += min(one.value for one in known) < chance
    assert wins >= 2


def policy(**fields):
    return EarlyTermination.model_validate(fields)


BETTER_AND_WORSE = {0: [0.5, 0.8], 1: [0.4, 0.6], 2: [0.5, 0.75], 3: [0.9]}


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({"type": "bandit", "slack_factor": 0.2, "evaluation_interval": 2}, [1]),
        ({"type": "bandit", "slack_amount": 0.04, "evaluation_interval": 2}, [1, 2]),
        ({"type": "bandit", "slack_factor": 0.2, "evaluation_interval": 3}, []),
        ({"type": "bandit", "slack_factor": 0.2, "delay_evaluation": 5}, []),
        (
            {
                "type": "truncation_selection",
                "truncation_percentage": 34,
                "evaluation_interval": 2,
            },
            [1],
        ),
        (
            {
                "type": "truncation_selection",
                "truncation_percentage": 10,
                "evaluation_interval": 2,
            },
            [],
        ),
        ({"type": "median_stopping", "evaluation_interval": 2}, [1]),
    ],
)
def test_policies_stop_what_does_badly(fields, gone):
    assert stopped(policy(**fields), "maximize", BETTER_AND_WORSE, {0, 1, 2, 3}) == gone
    turned = {one: [-value for value in values] for one, values in BETTER_AND_WORSE.items()}
    if "slack_factor" not in fields:
        assert stopped(policy(**fields), "minimize", turned, {0, 1, 2, 3}) == gone


def test_the_median_of_averages_stops_the_slow():
    histories = {0: [1, 1, 1], 1: [3, 3, 3], 2: [4, 4, 4]}
    assert stopped(policy(type="median_stopping"), "maximize", histories, {0, 1, 2}) == [0]
    assert stopped(policy(type="median_stopping"), "minimize", histories, {0, 1, 2}) == [2]
    assert stopped(policy(type="median_stopping"), "maximize", histories, {1, 2}) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "bandit", "slack_factor": 0.1},
        {"type": "truncation_selection", "truncation_percentage": 50},
        {"type": "median_stopping"},
    ],
    ids=lambda one: one["type"],
)
def test_a_trial_that_is_ahead_is_judged_where_a_better_one_stands(fields):
    histories = {0: [2.0 * at for at in range(20)], 1: [10.0 * at for at in range(18)]}
    assert stopped(policy(**fields), "maximize", histories, {0, 1}) == [0]
    late_bloomer = {0: [0.0, 0.0, 0.0, 9.0], 1: [5.0, 5.0]}
    assert stopped(policy(**fields), "maximize", late_bloomer, {0, 1}) != [0]


def test_a_factor_of_what_is_minimized_is_counted_from_the_best():
    histories = {0: [10.0], 1: [11.0], 2: [12.5], 3: [float("nan")]}
    judge = policy(type="bandit", slack_factor=0.2)
    assert stopped(judge, "minimize", histories, {0, 1, 2, 3}) == [2]


@given(
    st.sampled_from(
        [
            {"type": "bandit", "slack_factor": 0.1},
            {"type": "bandit", "slack_amount": 0.1},
            {"type": "median_stopping"},
            {"type": "truncation_selection", "truncation_percentage": 99},
        ]
    ),
    st.sampled_from(["maximize", "minimize"]),
    st.dictionaries(st.integers(0, 20), st.lists(st.floats(-1e6, 1e6), max_size=6), max_size=8),
)
def test_the_best_is_never_stopped(fields, goal, histories):
    gone = stopped(policy(**fields), goal, histories, set(histories))
    for trial in gone:
        reached = len(histories[trial])
        others = [one[:reached] for at, one in histories.items() if one and at != trial]
        pick = max if goal == "maximize" else min
        assert others
        best = pick(pick(one) for one in others)
        assert pick(best, pick(histories[trial])) == best
