"""Lineage leads from an endpoint back to data and code, and on from data to what came of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served import context_at
from zaffre.errors import NotFound
from zaffre.kinds.data import DataSpec
from zaffre.kinds.endpoint import (
    OnlineDeploymentSpec,
    OnlineDeploymentStatus,
    OnlineEndpointSpec,
    OnlineEndpointStatus,
)
from zaffre.kinds.job import CommandJobSpec, JobStatus, OutputResult
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import NewRun
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.files import File
from zaffre.ports.logged_models import LoggedModel
from zaffre.ports.metadata import Add, Link
from zaffre.services import data, lineage, models, trees
from zaffre.services.context import Context

W = "default"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with context_at(tmp_path) as context:
        yield context


def store(ctx: Context, content: bytes) -> str:
    leaf = Leaf("file", ctx.artifacts.put([content]).digest, len(content))
    return trees.store_tree(ctx, tree_of([leaf]))


def job(ctx: Context, name: str, tree: str) -> Resource:
    spec = CommandJobSpec.model_validate({"command": "true", "environment": "azureml:e:1"})
    status = JobStatus(
        status="Completed", results={"model": OutputResult(type="custom_model", tree=tree)}
    )
    links = [
        Link(f"job:{W}/{name}", "output:model", f"tree:{tree}"),
        Link(f"data:{W}/d:1", "input:x", f"job:{W}/{name}"),
    ]
    return ctx.metadata.apply([Add(Resource(Key("job", W, name), spec, status)), *links])[0]


def edges(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(edge["source"], edge["relation"], edge["target"]) for edge in found["edges"]}


@pytest.fixture
def model(ctx: Context) -> Resource:
    """A model from a job on data."""
    data.create(ctx, Key("data", W, "d"), DataSpec(path=f"azureml://trees/{store(ctx, b'data')}"))
    job(ctx, "train", store(ctx, b"model"))
    return models.create(
        ctx, Key("model", W, "m"), ModelSpec(path="azureml://jobs/train/outputs/model")
    )


def test_a_model_leads_back_to_data_and_content(ctx: Context, model: Resource):
    found = lineage.walk(ctx, model.key, "up")
    ids = {node["id"] for node in found["nodes"]}
    data_tree, model_tree = store(ctx, b"data"), store(ctx, b"model")
    assert ids == {
        f"model:{W}/m:1",
        f"job:{W}/train",
        f"data:{W}/d:1",
        f"tree:{data_tree}",
        f"tree:{model_tree}",
    }
    assert edges(found) == {
        (f"job:{W}/train", "registered", f"model:{W}/m:1"),
        (f"tree:{model_tree}", "content", f"model:{W}/m:1"),
        (f"job:{W}/train", "output:model", f"tree:{model_tree}"),
        (f"data:{W}/d:1", "input:x", f"job:{W}/train"),
        (f"tree:{data_tree}", "content", f"data:{W}/d:1"),
    }
    leaf = next(node for node in found["nodes"] if node["kind"] == "tree")
    assert leaf["file_count"] == 1
    assert leaf["files"][0][0] == "file"


def test_data_leads_on_to_the_model(ctx: Context, model: Resource):
    found = lineage.walk(ctx, Key("data", W, "d", "latest"), "down")
    assert f"model:{W}/m:1" in {node["id"] for node in found["nodes"]}
    assert found["start"] == f"data:{W}/d:1"


def test_both_ways_shows_no_siblings(ctx: Context, model: Resource):
    job(ctx, "other", store(ctx, b"other"))
    found = lineage.walk(ctx, model.key)
    assert f"job:{W}/other" not in {node["id"] for node in found["nodes"]}


def test_a_run_that_is_no_job(ctx: Context):
    experiment = ctx.tracking.ensure_experiment(W, "x")
    run = ctx.tracking.create_run(W, NewRun(experiment, name="mine")).info.id
    logged = LoggedModel(
        "m-1",
        experiment,
        "ridge",
        "mlflow-artifacts:/1/models/m-1/artifacts",
        1,
        1,
        source_run_id=run,
    )
    ctx.logged_models.create(W, logged)
    found = lineage.walk(ctx, Key("job", W, run))
    assert edges(found) == {(f"run:{W}/{run}", "logged", f"logged_model:{W}/m-1")}
    assert [node["label"] for node in found["nodes"]] == ["mine", "ridge"]


def test_other_workspaces_stay_hidden(ctx: Context, model: Resource):
    ctx.metadata.apply([Link("job:secret/train", "registered", model.key.reference)])
    found = lineage.walk(ctx, model.key)
    assert not any("secret" in node["id"] for node in found["nodes"])
    assert not any("secret" in edge["source"] for edge in found["edges"])


def test_what_is_gone_is_marked(ctx: Context, model: Resource):
    ctx.metadata.apply([Link(f"job:{W}/gone", "registered", model.key.reference)])
    found = lineage.walk(ctx, model.key)
    assert next(node for node in found["nodes"] if node["name"] == "gone")["gone"]


def test_a_circle_ends(ctx: Context, model: Resource):
    ctx.metadata.apply([Link(model.key.reference, "again", f"job:{W}/train")])
    assert len(lineage.walk(ctx, model.key)["nodes"]) == 5


def test_a_crowd_is_cut(ctx: Context, model: Resource):
    ctx.metadata.apply([Link(model.key.reference, "made", f"thing:{W}/{n}") for n in range(1500)])
    found = lineage.walk(ctx, model.key, "down")
    assert len(found["nodes"]) == lineage.MOST_NODES
    assert not found["complete"]


def test_unknown_things_have_no_lineage(ctx: Context):
    for key in (Key("model", W, "none", "1"), Key("job", W, "none")):
        with pytest.raises(NotFound):
            lineage.walk(ctx, key)


def test_a_model_of_a_plain_run_leads_back_to_the_run(ctx: Context):
    experiment = ctx.tracking.ensure_experiment(W, "x")
    run = ctx.tracking.create_run(W, NewRun(experiment)).info.id
    blob = ctx.artifacts.put([b"x"])
    ctx.files.put(f"run:{W}/{run}", [File("m/file", blob.digest, blob.size)])
    made = models.create(ctx, Key("model", W, "m"), ModelSpec(path=f"runs:/{run}/m"))
    sources = {edge["source"] for edge in lineage.walk(ctx, made.key, "up")["edges"]}
    assert f"run:{W}/{run}" in sources
    assert not any(source.startswith("job:") for source in sources)


def test_an_endpoint_leads_back_through_its_deployments(ctx: Context, model: Resource):
    endpoint = Key("online_endpoint", W, "e")
    deployment = Key("online_deployment", W, "blue", parent="e")
    spec = OnlineDeploymentSpec.model_validate({"model": "azureml:m:1", "instance_type": "x"})
    ctx.metadata.apply(
        [
            Add(Resource(endpoint, OnlineEndpointSpec(), OnlineEndpointStatus())),
            Add(Resource(deployment, spec, OnlineDeploymentStatus())),
            Link(model.key.reference, "model"),
        ]
    )
    up = lineage.walk(ctx, endpoint, "up")
    assert {"data:default/d:1", "job:default/train"} <= {node["id"] for node in up["nodes"]}
    down = lineage.walk(ctx, model.key, "down")
    assert endpoint.reference in {node["id"] for node in down["nodes"]}
