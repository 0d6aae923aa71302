"""Sweeps on real stores and a compute in hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.job_context import HeldCompute, job_context
from zaffre.errors import Conflict, Invalid, Unavailable
from zaffre.kinds.job import JOB
from zaffre.kinds.loading import check
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import Batch, Metric, Pair
from zaffre.ports.compute import Report
from zaffre.ports.metadata import Browse
from zaffre.services import job_types, sweeps

SWEEP = {
    "type": "sweep",
    "trial": {
        "command": "python t.py --a ${{inputs.a}} --b ${{search_space.b}}",
        "environment": {"python": "current"},
        "outputs": {"model": {"type": "uri_folder"}},
    },
    "inputs": {"a": 0.5},
    "search_space": {"b": {"type": "uniform", "min_value": 0, "max_value": 1}},
    "objective": {"goal": "minimize", "primary_metric": "loss"},
    "limits": {"max_total_trials": 4, "max_concurrent_trials": 2},
    "sampling_algorithm": {"type": "random", "seed": 5},
}


@pytest.fixture
def compute(tmp_path):
    return HeldCompute(tmp_path / "home" / "jobs")


@pytest.fixture
def ctx(tmp_path, compute):
    with job_context(tmp_path / "home", compute) as made:
        yield replace(made, job_types=job_types.OWN)


def submit(ctx, name="one", **fields):
    spec = check(JOB, {**SWEEP, **fields}).spec
    return job_types.submit(ctx, Key("job", "default", name), spec).key


def turn(ctx):
    for _ in range(200):
        moved = [job_types.advance(ctx, key) for _, key in job_types.unfinished(ctx)]
        if not any(moved):
            return
    raise AssertionError("it never rests")


def log(ctx, job, *values, metric="loss"):
    points = [Metric(metric, value, at, at) for at, value in enumerate(values)]
    ctx.tracking.record("default", job, Batch(metrics=points)).result()


def run(ctx, compute, job, value=None, outcome="completed", **facts):
    if value is not None:
        log(ctx, job, value)
    compute.end(job, outcome, outputs={"model": {"m.txt": job.encode()}}, **facts)
    turn(ctx)


def status(ctx, key):
    return ctx.metadata.get(key).status


def children(ctx):
    page = ctx.metadata.browse(Browse("job", ascending=True, archived=None))
    return [job for job in page.items if job.spec.type == "command"]


def test_trials_run_side_by_side_and_the_best_gives_the_outputs(ctx, compute):
    key = submit(ctx)
    turn(ctx)
    assert [job.key.name for job in children(ctx)] == ["one_0", "one_1"]
    values = [0.4, 0.2, 0.3, 0.9]
    for number, value in enumerate(values):
        assert status(ctx, key).status == "Running"
        run(ctx, compute, f"one_{number}", value)
    done = status(ctx, key)
    assert done.status == "Completed"
    assert done.best_child == "one_1"
    assert [one.value for one in done.trials] == values
    best = status(ctx, Key("job", "default", "one_1"))
    assert done.results == best.results != {}
    drawn = sweeps.trials(ctx, key)
    assert drawn["best"] == "one_1"
    assert drawn["parameters"] == ["b"]
    for job in children(ctx):
        assert job.spec.parent_job_name == "one"
        logged = {
            one.key: one.value for one in ctx.tracking.get_run("default", job.key.name).params
        }
        assert logged == {"b": str(job.spec.inputs["b"])}
    metrics = ctx.tracking.get_run("default", "one").metrics
    assert [(one.key, one.value) for one in metrics] == [("loss", 0.2)]


def test_the_same_seed_tries_the_same(ctx, compute):
    submit(ctx, "one")
    submit(ctx, "two")
    turn(ctx)
    tried = [
        [one.params for one in status(ctx, Key("job", "default", name)).trials]
        for name in ("one", "two")
    ]
    assert tried[0] == tried[1]


def test_a_trial_that_logged_the_parameter_itself_is_left_alone(ctx, compute):
    submit(ctx, limits={"max_total_trials": 1})
    turn(ctx)
    ctx.tracking.record("default", "one_0", Batch(params=[Pair("b", "own")])).result()
    run(ctx, compute, "one_0", 1.0)
    assert [one.value for one in ctx.tracking.get_run("default", "one_0").params] == ["own"]


def test_without_the_metric_or_failed_a_trial_is_not_the_best(ctx, compute):
    key = submit(ctx, objective={"goal": "maximize", "primary_metric": "loss"})
    turn(ctx)
    run(ctx, compute, "one_0")
    run(ctx, compute, "one_1", 99.0, "failed")
    run(ctx, compute, "one_2", float("nan"))
    run(ctx, compute, "one_3", 1.0)
    assert status(ctx, key).best_child == "one_3"


@pytest.mark.parametrize(
    ("outcome", "code"), [("failed", "trials_failed"), ("completed", "no_metric")]
)
def test_without_any_good_trial_the_sweep_fails(ctx, compute, outcome, code):
    key = submit(ctx)
    turn(ctx)
    for number in range(4):
        run(ctx, compute, f"one_{number}", None, outcome)
    done = status(ctx, key)
    assert (done.status, done.error.code) == ("Failed", code)


def test_canceled_it_stops_its_trials(ctx, compute):
    key = submit(ctx)
    turn(ctx)
    job_types.cancel(ctx, key)
    turn(ctx)
    for name in ("one_0", "one_1"):
        if status(ctx, Key("job", "default", name)).status != "Canceled":
            compute.end(name, "canceled")
    turn(ctx)
    done = status(ctx, key)
    assert done.status == "Canceled"
    assert len(children(ctx)) == 2
    with pytest.raises(Conflict):
        job_types.cancel(ctx, submit_done(ctx, compute))


def submit_done(ctx, compute):
    key = submit(ctx, "done", limits={"max_total_trials": 1})
    turn(ctx)
    run(ctx, compute, "done_0", 1.0)
    return key


def test_bad_trials_are_stopped_while_they_run(ctx, compute):
    key = submit(ctx, early_termination={"type": "bandit", "slack_amount": 0.1})
    turn(ctx)
    for name in ("one_0", "one_1"):
        compute.reports[name] = Report("running", {"started_at": 1.0})
    turn(ctx)
    log(ctx, "one_0", 0.1)
    log(ctx, "one_1", 0.9)
    turn(ctx)
    assert set(compute.canceled) == {"one_1"}
    assert status(ctx, key).trials[1].stopped == "bandit"
    run(ctx, compute, "one_1", None, "canceled")
    assert len(children(ctx)) == 3


def test_its_time_is_over(ctx, compute):
    key = submit(ctx, limits={"max_total_trials": 9, "max_concurrent_trials": 1, "timeout": 60})
    turn(ctx)
    run(ctx, compute, "one_0", 1.0)
    ctx.clock.pass_by(timedelta(seconds=61))
    turn(ctx)
    compute.end("one_1", "canceled")
    turn(ctx)
    done = status(ctx, key)
    assert (done.status, done.best_child, len(done.trials)) == ("Completed", "one_0", 2)


def test_a_grid_ends_with_its_combinations(ctx, compute):
    key = submit(
        ctx,
        sampling_algorithm="grid",
        search_space={"b": {"type": "choice", "values": [1, 2]}},
    )
    assert "only 2 combinations" in status(ctx, key).warnings[0]
    turn(ctx)
    run(ctx, compute, "one_0", 1.0)
    run(ctx, compute, "one_1", 2.0)
    assert status(ctx, key).status == "Completed"


def test_it_learns_from_an_earlier_sweep(ctx, compute):
    pytest.importorskip("optuna")
    first = submit_done(ctx, compute)
    key = submit(
        ctx,
        "second",
        sampling_algorithm={"type": "bayesian", "seed": 1},
        warm_start=[first.name],
        limits={"max_total_trials": 3, "max_concurrent_trials": 1},
    )
    turn(ctx)
    for number in range(3):
        run(ctx, compute, f"second_{number}", 1.0 / (number + 1))
    assert status(ctx, key).best_child == "second_2"
    with pytest.raises(Invalid):
        submit(ctx, "third", warm_start="none")


def test_wherever_it_dies_no_trial_is_doubled(ctx, compute, monkeypatch):
    """Fail at each write in turn, before or after it happened, then go on."""
    real = ctx.metadata.apply
    for at in range(16):
        name = f"s{at}"
        count = 0

        def apply(writes, *rest, at=at):
            nonlocal count
            count += 1
            if count == at // 2 + 1:
                if at % 2:
                    real(writes, *rest)
                raise Unavailable("killed")
            return real(writes, *rest)

        key = submit(ctx, name, limits={"max_total_trials": 2})
        with monkeypatch.context() as patched:
            patched.setattr(ctx.metadata, "apply", apply)
            try:
                turn(ctx)
                for number in range(2):
                    run(ctx, compute, f"{name}_{number}", float(number))
            except Unavailable:
                pass
        turn(ctx)
        for number in range(2):
            if (
                compute.reports.get(f"{name}_{number}")
                and compute.reports[f"{name}_{number}"].phase != "ended"
            ):
                run(ctx, compute, f"{name}_{number}", float(number))
        turn(ctx)
        done = status(ctx, key)
        assert (done.status, done.best_child) == ("Completed", f"{name}_0"), at
        mine = [job.key.name for job in children(ctx) if job.key.name.startswith(f"{name}_")]
        assert sorted(mine) == [f"{name}_0", f"{name}_1"]
    assert len(compute.starts) == len(set(compute.starts)) == 32
