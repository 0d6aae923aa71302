"""Prediction views on real stores: whose history they take, and what they answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.endpoint_context import stage
from zaffre.adapters.local.parquet import ProgramParquet
from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import entity, registry
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec
from zaffre.kinds.batch_endpoint import BATCH_ENDPOINT, BatchEndpointSpec
from zaffre.kinds.job import CommandJobSpec, JobStatus, OutputResult
from zaffre.kinds.loading import check
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.prediction import MadeBy, Prediction
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.metadata import Add, Browse, Put
from zaffre.services import files, lineage, predictions, resources
from zaffre.services.batch import deployments as batch_deployments
from zaffre.services.predictions.parts import room_of

VIEW = Key("prediction_view", "default", "churn-now")
NIGHTLY = Key("batch_endpoint", "default", "nightly")
TABLE = (
    "customer,event_time,prediction\nc1,2026-01-01T00:00:00Z,0.25\nc2,2026-01-01T01:00:00Z,0.5\n"
)


@pytest.fixture
def world(tmp_path):
    with stage(tmp_path) as made:
        made.endpoint()
        yield made


@pytest.fixture
def ctx(world):
    return world.ctx


def make(ctx, key=VIEW, **fields):
    document = {"name": key.name, "entity_key": "customer", **fields}
    spec = check(registry.kind("prediction_view"), document).spec
    return predictions.create(ctx, key, spec)


def tree(ctx, **contents):
    """Store files (`a__csv` is `a.csv`)."""
    leaves = []
    for name, text in contents.items():
        blob = ctx.artifacts.put([text.encode()])
        leaves.append(Leaf(name.replace("__", "."), blob.digest, blob.size))
    return files.store_tree(ctx, tree_of(leaves))


def job(ctx, name, state="Completed", source=None, **contents):
    """Store a job of now, with files as its output `score`; with a source, of a batch endpoint."""
    spec = CommandJobSpec.model_validate({"command": "true", "environment": "azureml:e:1"})
    if source is not None:
        document = {
            "type": "pipeline",
            "inputs": {"input": {"path": f"azureml://trees/{source}"}},
            "tags": {"batch_endpoint": "nightly", "batch_deployment": "blue"},
            "jobs": {"one": {"type": "command", "command": "true", "environment": "azureml:e:1"}},
        }
        spec = PipelineJobSpec.model_validate(document)
    results = {"score": OutputResult(type="uri_folder", tree=tree(ctx, **contents))}
    status = JobStatus(status=state, results=results if contents else {})
    made = Resource(Key("job", "default", name), spec, status, created_at=ctx.clock.now())
    ctx.clock.pass_by(timedelta(seconds=1))
    return ctx.metadata.apply([Add(made)])[0]


def load(ctx, name, **contents):
    job(ctx, name, **contents)
    predictions.load(ctx, VIEW, name)
    predictions.advance(ctx, VIEW)
    return predictions.show(ctx, VIEW).status


def appeared(ctx, key, event, value=0.9):
    """Let a hot prediction of now come in."""
    made = entity.moment_of(ctx.clock.now().isoformat())
    view = room_of(ctx.metadata.get(VIEW))
    one = Prediction(key, entity.moment_of(event), value, MadeBy.HOT, made, f"{key}{made}")
    ctx.predictions.append(view, [one])
    ctx.clock.pass_by(timedelta(seconds=1))


def answer(ctx, key, at=None):
    found = predictions.look(ctx, VIEW, key, at)
    return found["path"], found["prediction"]


def test_a_jobs_output_becomes_the_history(ctx):
    make(ctx)
    status = load(ctx, "j1", part__csv=TABLE)
    assert (status.batch_job, status.batch_rows) == ("j1", 2)
    assert (status.watermark, status.provisioning_state) == ("2026-01-01T01:00:00Z", "Succeeded")
    found = predictions.look(ctx, VIEW, "c1")
    assert found == {
        "key": "c1",
        "prediction": 0.25,
        "event_time": "2026-01-01T00:00:00Z",
        "path": "cold",
        "made_at": "2026-01-01T00:00:00Z",
        "model": None,
        "request_id": None,
        "job": "j1",
    }
    assert [one["key"] for one in predictions.page(ctx, VIEW, "", 9)["items"]] == ["c1", "c2"]
    links = lineage.walk(ctx, VIEW, "up")["edges"]
    assert [(one["source"], one["relation"]) for one in links] == [("job:default/j1", "history")]


def test_a_load_waits_for_its_job(ctx):
    make(ctx)
    running = job(ctx, "j1", "Running", part__csv=TABLE)
    asked = predictions.load(ctx, VIEW, "j1")
    assert asked.status.provisioning_state == "Updating"
    assert predictions.unfinished(ctx) == [VIEW]
    with pytest.raises(Conflict, match="on its way"):
        predictions.load(ctx, VIEW, "j1")
    assert not predictions.advance(ctx, VIEW)
    done = running.status.model_copy(update={"status": "Completed"})
    ctx.metadata.apply([Put(Resource(running.key, running.spec, done, running.revision))])
    assert predictions.advance(ctx, VIEW)
    assert predictions.unfinished(ctx) == []
    assert answer(ctx, "c1") == ("cold", 0.25)


def test_a_late_batch_overwrites_no_newer_hot_prediction(ctx):
    make(ctx)
    job(ctx, "late", part__csv=TABLE)
    appeared(ctx, "c1", "2026-01-01T00:00:00Z")
    appeared(ctx, "c2", "2026-01-01T00:59:00Z")
    predictions.load(ctx, VIEW, "late")
    predictions.advance(ctx, VIEW)
    assert answer(ctx, "c1") == ("hot", 0.9)
    assert answer(ctx, "c2") == ("cold", 0.5)
    load(ctx, "newer", part__csv=TABLE)
    assert answer(ctx, "c1") == ("cold", 0.25)


def test_a_batch_that_began_earlier_does_not_replace_a_later_one(ctx):
    make(ctx)
    job(ctx, "slow", part__csv=TABLE.replace("0.25", "0.1"))
    load(ctx, "quick", part__csv=TABLE)
    predictions.load(ctx, VIEW, "slow")
    predictions.advance(ctx, VIEW)
    status = predictions.show(ctx, VIEW).status
    assert [one.state for one in status.loads] == ["Superseded", "Loaded"]
    assert answer(ctx, "c1") == ("cold", 0.25)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"a__csv": "customer,event_time,prediction\nc1,yesterday,1\n"}, "row 1: `yesterday`"),
        ({"a__csv": "customer,when,prediction\nc1,1,1\n"}, "batch_columns"),
        ({"a__csv": "customer,event_time,prediction\n,1,1\n"}, "no key of an entity"),
        ({"a__csv": "customer,event_time,prediction\n"}, "has no rows"),
        ({"a__jsonl": '{"customer": 1, "event_time": 1}\n'}, "no `prediction`"),
        ({"a__jsonl": "[1]\n"}, "line 1 is no JSON object"),
        ({"a__pickle": "x"}, "no table that a view reads"),
        ({}, "no output `score`"),
    ],
)
def test_a_batch_that_cannot_be_read_changes_nothing(ctx, contents, said):
    make(ctx)
    load(ctx, "good", part__csv=TABLE)
    status = load(ctx, "bad", **contents)
    assert said in status.loads[0].error
    assert status.loads[0].state == "Failed"
    assert status.batch_job == "good"
    assert answer(ctx, "c1") == ("cold", 0.25)


def test_a_job_that_failed_is_not_loaded(ctx):
    make(ctx)
    job(ctx, "broken", "Failed")
    with pytest.raises(Conflict, match="Failed"):
        predictions.load(ctx, VIEW, "broken")
    with pytest.raises(NotFound):
        predictions.load(ctx, VIEW, "nothing")


@pytest.mark.parametrize(
    ("name", "text", "fields"),
    [
        ("a__csv", 'c1 1767225600 "a b"\n', {"batch_columns": ["customer", "event_time", "p"]}),
        ("a__csv", '"c1",1767225600.0,a b\n', {"batch_columns": ["customer", "event_time", "p"]}),
        ("a__tsv", "p\tcustomer\tevent_time\na b\tc1\t1767225600000\n", {}),
        ("a__jsonl", '{"customer": "c1", "event_time": 1767225600, "p": "a b"}\n', {}),
    ],
)
def test_tables_come_in_several_forms(ctx, name, text, fields):
    make(ctx, prediction_column="p", **fields)
    load(ctx, "j1", **{name: text, "_SUCCESS": "", ".hidden": ""})
    assert predictions.look(ctx, VIEW, "c1")["event_time"] == "2026-01-01T00:00:00Z"
    assert answer(ctx, "c1") == ("cold", "a b")


SOURCE = {
    "a__csv": "customer,x,event_time\nc1,5,2026-01-01\nc2,6,2026-01-02\n",
    "b__jsonl": '{"customer": 3, "event_time": "2026-01-03"}\n',
}


@pytest.fixture
def nightly(world):
    """A batch endpoint with a deployment."""
    resources.create(world.ctx, BATCH_ENDPOINT, NIGHTLY, BatchEndpointSpec())
    document = {
        "model": {"path": world.tree(model__pkl="weights")},
        "code_configuration": {"code": world.tree(score__py="run"), "scoring_script": "score.py"},
        "environment": {"python": "current"},
    }
    key = Key("batch_deployment", "default", "blue", parent=NIGHTLY.name)
    batch_deployments.create(world.ctx, key, ModelBatchDeploymentSpec.model_validate(document))


def test_numbered_rows_are_those_of_the_input(ctx):
    make(ctx)
    source = tree(ctx, **SOURCE)
    job(ctx, "j1", source=source, predictions__csv="1,0.2,a.csv\n0,0.3,b.jsonl\n0,yes,a.csv\n")
    predictions.load(ctx, VIEW, "j1")
    predictions.advance(ctx, VIEW)
    assert [answer(ctx, key)[1] for key in ("c1", "c2", "3")] == ["yes", 0.2, 0.3]
    job(ctx, "j2", source=source, predictions__csv="2,0.2,a.csv\n")
    predictions.load(ctx, VIEW, "j2")
    predictions.advance(ctx, VIEW)
    assert "`a.csv` has no row 2" in predictions.show(ctx, VIEW).status.loads[0].error


def test_what_the_batch_endpoint_scored_last_becomes_the_history(ctx, nightly):
    make(ctx, batch_endpoint="nightly")
    assert predictions.followed(ctx) == [VIEW]
    assert not predictions.follow(ctx, VIEW)
    source = tree(ctx, **SOURCE)
    job(ctx, "j0", source=source, part__csv=TABLE)
    job(ctx, "j1", source=source, part__csv=TABLE)
    job(ctx, "j2", "Running", source=source)
    assert predictions.follow(ctx, VIEW)
    assert not predictions.follow(ctx, VIEW)
    predictions.advance(ctx, VIEW)
    status = predictions.show(ctx, VIEW).status
    assert (status.batch_job, len(status.loads)) == ("j1", 1)
    assert not predictions.follow(ctx, VIEW)


def test_a_refresh_scores_the_input_that_the_view_names(ctx, nightly):
    source = f"azureml://trees/{tree(ctx, **SOURCE)}"
    make(ctx, batch_endpoint="nightly", batch_input=source)
    made = predictions.refresh(ctx, VIEW)
    assert made.spec.inputs["input"].path == source
    assert made.spec.tags["batch_endpoint"] == "nightly"
    assert predictions.show(ctx, VIEW).status.loads[0].job == made.key.name


def test_what_is_scored_lies_where_the_server_reaches_it(ctx, nightly):
    with pytest.raises(Invalid) as raised:
        make(ctx, batch_endpoint="nightly", batch_input="./history.csv")
    assert raised.value.problems[0].place.field == "batch_input"


def test_a_view_without_a_batch_endpoint_is_not_refreshed(ctx):
    make(ctx)
    with pytest.raises(Invalid, match="no batch endpoint"):
        predictions.refresh(ctx, VIEW)


def test_parquet_is_read_beside_the_server(world):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    ctx = replace(world.ctx, parquet=ProgramParquet())
    make(ctx)
    rows = [{"customer": 7, "event_time": datetime(2026, 1, 1, tzinfo=UTC), "prediction": 0.5}]
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.Table.from_pylist(rows), sink)
    blob = ctx.artifacts.put([sink.getvalue().to_pybytes()])
    whole = tree_of([Leaf("part-0.parquet", blob.digest, blob.size)])
    made = job(ctx, "j1", part__csv=TABLE)
    result = OutputResult(type="uri_folder", tree=files.store_tree(ctx, whole))
    status = made.status.model_copy(update={"results": {"score": result}})
    ctx.metadata.apply([Put(replace(made, status=status))])
    predictions.load(ctx, VIEW, "j1")
    predictions.advance(ctx, VIEW)
    assert answer(ctx, "7") == ("cold", 0.5)
    status = predictions.show(ctx, VIEW).status
    assert status.watermark == "2026-01-01T00:00:00Z"
    make(ctx, Key("prediction_view", "default", "other"), entity_key="client")
    key = Key("prediction_view", "default", "other")
    predictions.load(ctx, key, "j1")
    predictions.advance(ctx, key)
    error = predictions.show(ctx, key).status.loads[0].error
    assert error.startswith("`part-0.parquet`: there is no column `client`.")


def test_numbers_are_entities_whoever_wrote_them(ctx):
    make(ctx)
    head = "customer,event_time,prediction"
    load(ctx, "j1", a__csv=f'{head}\n7.0,1,"[0.1,0.9]"\n007,1,NaN\n')
    assert answer(ctx, "7") == ("cold", [0.1, 0.9])
    assert answer(ctx, "007") == ("cold", None)


def test_it_answers_as_of_a_moment(ctx):
    make(ctx, valid_hours=1)
    load(ctx, "j1", part__csv=TABLE)
    appeared(ctx, "c1", "2026-01-01T00:30:00Z")
    assert answer(ctx, "c1", "2026-01-01T00:29:00Z") == ("cold", 0.25)
    assert answer(ctx, "c1", "2026-01-01T00:31:00Z") == ("hot", 0.9)
    with pytest.raises(NotFound, match="older than 1 hours"):
        predictions.look(ctx, VIEW, "c1", "2026-01-01T02:00:00Z")
    with pytest.raises(NotFound, match="no prediction"):
        predictions.look(ctx, VIEW, "c3")
    with pytest.raises(Invalid, match="no moment"):
        predictions.look(ctx, VIEW, "c1", "soon")
    assert [one["key"] for one in predictions.page(ctx, VIEW, "", 1)["items"]] == ["c1"]
    late = predictions.page(ctx, VIEW, "", 9, "2026-01-01T01:31:00Z")
    assert [one["key"] for one in late["items"]] == ["c2"]


def test_it_names_endpoints_that_are_there(ctx):
    with pytest.raises(Invalid, match="nowhere"):
        make(ctx, online_endpoint="nowhere")
    with pytest.raises(Invalid, match="batch_endpoint"):
        make(ctx, batch_deployment="blue")
    with pytest.raises(Invalid, match="batch_columns"):
        make(ctx, batch_columns=["customer"])
    assert ctx.metadata.browse(Browse("prediction_view")).items == []


def test_a_new_view_of_an_old_name_is_empty(ctx):
    make(ctx)
    load(ctx, "j1", part__csv=TABLE)
    predictions.delete(ctx, VIEW)
    make(ctx)
    with pytest.raises(NotFound):
        predictions.look(ctx, VIEW, "c1")
    again = predictions.update(
        ctx,
        ctx.metadata.get(VIEW),
        ctx.metadata.get(VIEW).spec.model_copy(update={"keep_hot_days": 3}),
        None,
    )
    assert again.spec.keep_hot_days == 3
