"""Verbs of tracking: what is checked before it is kept, and the journals of jobs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served import context_at
from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.tracking import (
    Batch,
    Dataset,
    DatasetInput,
    Metric,
    ModelLink,
    NewRun,
    Pair,
)
from zaffre.ports.tracking import Search
from zaffre.services import tracking, tracking_log
from zaffre.services.context import Context

W = "default"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with context_at(tmp_path) as context:
        yield context


@pytest.fixture
def run(ctx: Context) -> str:
    return tracking.create_run(ctx, W, NewRun("0")).info.id


def lines(*entries: Any) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def test_experiments(ctx: Context):
    made = tracking.create_experiment(ctx, W, "one", "s3://x", [Pair("a", "b")])
    assert tracking.find_experiment(ctx, W, "one").id == made
    with pytest.raises(NotFound):
        tracking.find_experiment(ctx, W, "two")
    assert tracking.find_experiment(ctx, "other", "Default").workspace == "other"
    tracking.rename_experiment(ctx, W, made, "two")
    tracking.tag_experiment(ctx, W, made, Pair("c", "d"))
    found = tracking.search_experiments(ctx, W, Search(limit=1)).items[0]
    assert (found.name, len(found.tags)) == ("two", 2)
    with pytest.raises(Conflict):
        tracking.create_experiment(ctx, W, "two")


@pytest.mark.parametrize(
    ("name", "location", "tags"),
    [
        ("", "", []),
        ("x" * 501, "", []),
        ("a\x00", "", []),
        ("a", "runs:/x", []),
        ("a", "s3://x#y", []),
        ("a", "s3://x?a=../b", []),
        ("a", "s3://" + "x" * 3000, []),
        ("a", "", [Pair("", "x")]),
        ("a", "", [Pair("a" * 251, "x")]),
        ("a", "", [Pair("a", "x" * 20_001)]),
    ],
)
def test_experiments_that_are_refused(ctx: Context, name: str, location: str, tags: list[Pair]):
    with pytest.raises(Invalid):
        tracking.create_experiment(ctx, W, name, location, tags)


def test_a_run_without_experiment_or_name(ctx: Context):
    run = tracking.create_run(ctx, "other", NewRun(""), below="job-1")
    assert run.info.parent == "job-1"
    assert run.info.name.count("-") == 2
    assert tracking.find_experiment(ctx, "other", "Default").id == run.info.experiment_id


def test_the_name_of_a_run(ctx: Context):
    tagged = NewRun("0", tags=[Pair("mlflow.runName", "n")])
    assert tracking.create_run(ctx, W, tagged).info.name == "n"
    both = NewRun("0", name="m", tags=[Pair("mlflow.runName", "n")])
    with pytest.raises(Invalid, match="different values"):
        tracking.create_run(ctx, W, both)


def test_a_run_changes(ctx: Context, run: str):
    info = tracking.update_run(ctx, W, run, status="FAILED", end_time=5, name="x")
    assert (info.status, info.end_time, info.name) == ("FAILED", 5, "x")
    for change in ({"status": "BROKEN"}, {"end_time": 2**63}, {"name": "\x00"}):
        with pytest.raises(Invalid):
            tracking.update_run(ctx, W, run, **change)
    tracking.delete_run(ctx, W, run)
    assert not tracking.search_runs(ctx, W, ["0"], Search()).items
    tracking.restore_run(ctx, W, run)
    assert len(tracking.search_runs(ctx, W, ["0"], Search(), below=run).items) == 1
    for limit in (0, 50_001):
        with pytest.raises(Invalid):
            tracking.search_runs(ctx, W, ["0"], Search(limit=limit))


def test_inputs_are_checked(ctx: Context, run: str):
    good = DatasetInput(Dataset("d", "1", "local", "/x"), [Pair("a", "b")])
    tracking.log_inputs(ctx, W, run, [good], [ModelLink("m")])
    tracking.log_outputs(ctx, W, run, [ModelLink("m", 2)])
    assert tracking.search_datasets(ctx, W, ["0"])[0].name == "d"
    for wrong in (
        good._replace(dataset=good.dataset._replace(name="x" * 501)),
        good._replace(dataset=good.dataset._replace(digest="x" * 37)),
        good._replace(tags=[Pair("x" * 256, "")]),
    ):
        with pytest.raises(Invalid):
            tracking.log_inputs(ctx, W, run, [wrong])
    with pytest.raises(Invalid):
        tracking.log_inputs(ctx, W, "../x", [good])
    with pytest.raises(Invalid):
        tracking.log_outputs(ctx, W, run, [ModelLink("m", 2**63)])
    for ids in ([], ["0"] * 21):
        with pytest.raises(Invalid):
            tracking.search_datasets(ctx, W, ids)


def test_logging(ctx: Context, run: str):
    tracking_log.log_metric(ctx, W, run, Metric("m", 1.0, 1, 1)).result()
    tracking_log.log_param(ctx, W, run, Pair("p", "x")).result()
    tracking_log.set_tag(ctx, W, run, Pair("t", "y")).result()
    tracking_log.log_batch(ctx, W, run, Batch([Metric("m", 2.0, 1, 2)])).result()
    found = ctx.tracking.get_run(W, run)
    assert [(one.key, one.value) for one in found.metrics] == [("m", 2.0)]
    assert list(found.params) == [Pair("p", "x")]


def test_models_are_listed(ctx: Context, run: str):
    model = {"artifact_path": "m", "flavors": {}, "utc_time_created": "now", "run_id": run}
    for _ in range(2):
        tracking_log.record_model(ctx, W, run, json.dumps(model))
    tags = dict(ctx.tracking.get_run(W, run).tags)
    assert json.loads(tags["mlflow.log-model.history"]) == [model, model]
    long = json.dumps({**model, "note": "x" * 100_000})
    for wrong in ("x", "[" * 100_000, "[]", "5", "{}", long):
        with pytest.raises(Invalid):
            tracking_log.record_model(ctx, W, run, wrong)
    ctx.tracking.record(W, run, Batch(tags=[Pair("mlflow.log-model.history", "{}x")])).result()
    with pytest.raises(Invalid):
        tracking_log.record_model(ctx, W, run, json.dumps(model))


@pytest.mark.parametrize(
    "batch",
    [
        Batch([Metric("a", 1.0, -1, 1)]),
        Batch([Metric("a", 1.0, 1, 1), Metric("a", 1.0, 1, 2**63)]),
        Batch([Metric("a", 1.0, 1, 1, "m", "d")]),
        Batch([Metric("a", 1.0, 1, 1, "m\x00")]),
        Batch([Metric("a\n", 1.0, 1, 1)]),
        Batch([Metric("..", 1.0, 1, 1)]),
        Batch([Metric("/a", 1.0, 1, 1)]),
        Batch([Metric("a", 1.0, 1, 1)] * 1001),
        Batch(params=[Pair("a", "1")] * 2),
        Batch(tags=[Pair("a", "\ud800")]),
        Batch(
            [Metric("a", 1.0, 1, i) for i in range(950)], [Pair(f"p{i}", "") for i in range(51)]
        ),
    ],
)
def test_batches_that_are_refused(ctx: Context, run: str, batch: Batch):
    with pytest.raises(Invalid):
        tracking_log.log_batch(ctx, W, run, batch)
