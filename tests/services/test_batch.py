"""Batch endpoints on real stores: what deployments are pinned to, and what invocations become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.endpoint_context import Stage
from services.job_context import job_context
from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import registry
from zaffre.kinds.batch_deployment import BATCH_DEPLOYMENT
from zaffre.kinds.batch_endpoint import BatchEndpointSpec
from zaffre.kinds.component import COMPONENT
from zaffre.kinds.invocation import read
from zaffre.kinds.loading import check
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services import (
    components,
    job_types,
    lineage,
    models,
    pipelines,
    schedules,
    trees,
)
from zaffre.services.batch import deployments as batch_deployments
from zaffre.services.batch import endpoints as batch_endpoints
from zaffre.services.batch import jobs as batch_jobs

ENDPOINT = Key("batch_endpoint", "default", "diabetes")
HERE = {"python": "current"}
MLMODEL = """
flavors: {python_function: {loader_module: mlflow.sklearn}, sklearn: {pickled_model: model.pkl}}
signature: {inputs: '[{"name": "age", "type": "double"}]'}
"""


class World(Stage):
    """A context with a model, an endpoint, and words for what the tests do."""

    def key(self, name: str = "ridge") -> Key:
        return Key("batch_deployment", "default", name, parent="diabetes")

    def endpoint(self, **document: Any) -> Resource:
        return batch_endpoints.create(
            self.ctx, ENDPOINT, BatchEndpointSpec.model_validate(document)
        )

    def default(self, name: str) -> Resource:
        spec = BatchEndpointSpec.model_validate({"defaults": {"deployment_name": name}})
        return batch_endpoints.update(self.ctx, self.ctx.metadata.get(ENDPOINT), spec, None)

    def deploy(self, name: str = "ridge", **document: Any) -> Resource:
        given = document if document.get("type") == "pipeline" else {**self.scripted(), **document}
        spec = BATCH_DEPLOYMENT.spec_for(given).model_validate(given)
        return batch_deployments.create(self.ctx, self.key(name), spec)

    def scripted(self) -> dict[str, Any]:
        code = {"code": self.tree(score__py="run"), "scoring_script": "score.py"}
        model = {"path": self.tree(net___model__pkl="weights") + "/net"}
        return {"model": model, "code_configuration": code, "environment": HERE}

    def mlflow(self) -> str:
        tree = self.tree(net___MLmodel=MLMODEL, net___model__pkl="weights")
        spec = ModelSpec.model_validate({"path": f"{tree}/net", "type": "mlflow_model"})
        return models.create(self.ctx, Key("model", "default", "diabetes"), spec).key.reference

    def component(self) -> None:
        document = {
            "type": "pipeline",
            "inputs": {"word": {"type": "string"}},
            "outputs": {"out": {"type": "uri_folder"}},
            "jobs": {
                "one": {
                    "type": "command",
                    "command": "echo ${{inputs.word}} > ${{outputs.out}}/f",
                    "environment": HERE,
                    "inputs": {"word": "${{parent.inputs.word}}"},
                    "outputs": {"out": "${{parent.outputs.out}}"},
                }
            },
        }
        spec = COMPONENT.spec_for(document).model_validate(document)
        components.create(self.ctx, Key("component", "default", "hello"), spec)

    def invoke(self, **asked: Any) -> Resource:
        return batch_jobs.invoke(self.ctx, ENDPOINT, read(asked))

    def score(self, **asked: Any) -> Resource:
        return self.invoke(input={"path": self.tree(a__csv="age\n1\n")}, **asked)


@pytest.fixture
def world(tmp_path: Path):
    with job_context(tmp_path / "home") as ctx:
        found = World(ctx)
        found.endpoint()
        yield found


def test_an_invocation_becomes_a_pipeline_job(world):
    world.deploy()
    job = world.score()
    assert isinstance(job.spec, PipelineJobSpec)
    assert job.status.status == "Running"
    assert list(job.spec.jobs) == ["batchscoring"]


def test_the_model_keeps_its_folder_below_the_variable(world):
    status = world.deploy().status
    paths = [leaf.path for leaf in trees.load_tree(world.ctx, status.task.model_tree).leaves]
    assert paths == ["net/model.pkl"]


def test_an_mlflow_model_needs_no_script(world):
    world.mlflow()
    status = world.deploy(code_configuration=None, model="azureml:diabetes@latest").status
    paths = [leaf.path for leaf in trees.load_tree(world.ctx, status.task.model_tree).leaves]
    assert paths == ["net/MLmodel", "net/model.pkl", "zaffre_model.json"]
    assert status.task.script is None


def test_nor_does_a_file_whose_flavor_is_evident(world):
    model = {"path": world.tree(net___model__onnx="weights") + "/net"}
    status = world.deploy(code_configuration=None, model=model).status
    paths = [leaf.path for leaf in trees.load_tree(world.ctx, status.task.model_tree).leaves]
    assert paths == ["net/model.onnx", "zaffre_model.json"]


def test_files_that_nobody_can_load_do(world):
    model = {"path": world.tree(net___weights__bin="?") + "/net"}
    with pytest.raises(Invalid):
        world.deploy(code_configuration=None, model=model)


def test_a_deployment_stays_with_the_version_that_was_the_latest(world):
    world.mlflow()
    deployment = world.deploy(code_configuration=None, model="azureml:diabetes@latest")
    world.mlflow()
    shown = world.ctx.metadata.get(deployment.key)
    assert shown.status.model_version == "diabetes:1"
    links = world.ctx.metadata.links(deployment.key.reference, up=True)
    assert "model:default/diabetes:1" in [link.source for link in links]
    job = world.score()
    edges = lineage.walk(world.ctx, job.key, "up")["edges"]
    assert {(edge["source"], edge["relation"]) for edge in edges} >= {
        (deployment.key.reference, "scored"),
        ("model:default/diabetes:1", "model"),
    }
    down = lineage.walk(world.ctx, deployment.key, "down")["edges"]
    assert job.key.reference in {edge["target"] for edge in down}


def test_a_model_that_is_deployed_stays(world):
    world.mlflow()
    world.deploy(code_configuration=None, model="azureml:diabetes@latest")
    model = Key("model", "default", "diabetes", "1")
    with pytest.raises(Conflict, match="batch deployment `diabetes/ridge`"):
        models.delete(world.ctx, model)
    batch_deployments.delete(world.ctx, world.key())
    models.delete(world.ctx, model)


def test_a_pipeline_component_is_deployed_as_it_is_now(world):
    world.component()
    world.deploy("hello", type="pipeline", component="azureml:hello@latest")
    job = world.invoke(inputs={"word": "hi"})
    assert list(job.spec.component.jobs) == ["one"]
    assert job.spec.inputs == {"word": "hi"}


def test_what_a_pipeline_misses_is_told_before_anything_runs(world):
    world.component()
    world.deploy("hello", type="pipeline", component="azureml:hello@latest")
    with pytest.raises(Invalid, match="word"):
        world.invoke()
    assert not world.ctx.metadata.browse(Browse("job", "default")).items


def test_a_place_that_is_not_there_is_told_before_anything_runs(world):
    world.deploy()
    with pytest.raises(Invalid) as caught:
        world.score(outputs={"score": {"path": "azureml://datastores/nobody/paths/here"}})
    assert caught.value.problems[0].place.field == "outputs.score.path"
    place = "azureml://datastores/workspaceblobstore/paths/here"
    assert world.score(outputs={"score": {"path": place}}).spec.outputs["score"].path == place


def test_a_job_can_be_deployed(world):
    document = {
        "type": "pipeline",
        "inputs": {"word": "ho"},
        "jobs": {"one": {"command": "echo", "environment": HERE}},
    }
    spec = PipelineJobSpec.model_validate(document)
    pipelines.submit(world.ctx, Key("job", "default", "first"), spec)
    world.deploy("again", type="pipeline", job_definition="azureml:first")
    job = world.invoke()
    assert job.key.name != "first"
    assert job.spec.inputs == {"word": "ho"}
    assert job.spec.tags["batch_deployment"] == "again"


def test_the_default_deployment_is_invoked(world):
    world.deploy("ridge")
    world.deploy("lasso")
    with pytest.raises(Invalid, match="no default deployment"):
        world.score()
    world.default("lasso")
    assert world.score().spec.tags["batch_deployment"] == "lasso"
    assert world.score(deployment_name="ridge").spec.tags["batch_deployment"] == "ridge"


def test_the_only_deployment_is_the_one_that_is_meant(world):
    world.deploy("ridge")
    assert world.score().spec.tags["batch_deployment"] == "ridge"


def test_an_endpoint_without_deployments_cannot_be_invoked(world):
    with pytest.raises(Invalid, match="has no deployment"):
        world.score()


def test_a_deployment_that_is_not_there_is_met_with_a_near_one(world):
    world.deploy("ridge")
    with pytest.raises(NotFound) as caught:
        world.score(deployment_name="rigde")
    assert "ridge" in str(caught.value.hint)


def test_the_default_must_be_there(world):
    with pytest.raises(Invalid, match="no deployment"):
        world.default("nobody")


def test_the_default_goes_last(world):
    world.deploy("ridge")
    world.deploy("lasso")
    world.default("ridge")
    with pytest.raises(Conflict, match="default"):
        batch_deployments.delete(world.ctx, world.key("ridge"))
    batch_deployments.delete(world.ctx, world.key("lasso"))
    batch_deployments.delete(world.ctx, world.key("ridge"))
    assert world.ctx.metadata.get(ENDPOINT).spec.defaults.deployment_name is None


def test_an_endpoint_goes_with_its_deployments_and_its_jobs_stay(world):
    world.deploy()
    job = world.score()
    batch_endpoints.delete(world.ctx, ENDPOINT)
    assert not world.ctx.metadata.browse(Browse("batch_deployment", "default")).items
    assert world.ctx.metadata.get(job.key).key == job.key


def test_jobs_are_listed_by_endpoint_and_by_deployment(world):
    world.deploy("ridge")
    world.deploy("lasso")
    first = world.score(deployment_name="ridge")
    second = world.score(deployment_name="lasso")
    query = Browse("job")
    listed = batch_jobs.browse(world.ctx, "default", "diabetes", query).items
    assert {job.key for job in listed} == {first.key, second.key}
    (one,) = batch_jobs.browse(world.ctx, "default", "diabetes", query, "ridge").items
    assert one.key == first.key


def test_a_schedule_invokes(world):
    world.deploy()
    data = {"path": "azureml://datastores/default/paths/${{creation_context.trigger_time}}"}
    document = {
        "trigger": {"type": "cron", "expression": "0 * * * *"},
        "create_job": {
            "type": "batch_endpoint",
            "endpoint_name": "diabetes",
            "input": data,
            "mini_batch_size": 3,
        },
    }
    spec = check(registry.kind("schedule"), {"name": "hourly", **document}).spec
    ctx = replace(world.ctx, job_types=job_types.OWN)
    key = Key("schedule", "default", "hourly")
    schedules.create(ctx, key, spec)
    job = schedules.trigger(ctx, key)
    assert job.spec.tags["batch_deployment"] == "ridge"
    assert "${{" not in job.spec.inputs["input"].path
    assert job.spec.jobs["batchscoring"].mini_batch_size == "3"


def test_what_a_schedule_invokes_is_checked_when_it_is_made(world):
    job = {"type": "batch_endpoint", "endpoint_name": "nobody"}
    document = {"trigger": {"type": "cron", "expression": "0 * * * *"}, "create_job": job}
    spec = check(registry.kind("schedule"), {"name": "hourly", **document}).spec
    with pytest.raises(NotFound):
        schedules.create(world.ctx, Key("schedule", "default", "hourly"), spec)


def test_the_latest_version_does_not_move_with_a_description(world):
    world.mlflow()
    before = world.deploy(code_configuration=None, model="azureml:diabetes@latest")
    world.mlflow()
    said = before.spec.model_copy(update={"description": "Scores.", "mini_batch_size": 3})
    after = batch_deployments.update(world.ctx, before, said, None)
    assert after.status.task == before.status.task
    assert world.score().spec.jobs["batchscoring"].mini_batch_size == "3"


def test_an_update_pins_anew(world):
    before = world.deploy()
    code = {"code": world.tree(score__py="run better"), "scoring_script": "score.py"}
    spec = before.spec.model_validate(
        {**before.spec.model_dump(exclude_unset=True), "code_configuration": code}
    )
    after = batch_deployments.update(world.ctx, before, spec, None)
    assert after.status.task.code_tree != before.status.task.code_tree
