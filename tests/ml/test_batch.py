"""Batch endpoints as Azure's notebooks write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.ml import Input, load_batch_deployment, load_component
from zaffre.ml.batch import data_at, nested
from zaffre.ml.constants import BatchDeploymentOutputAction
from zaffre.ml.dsl import pipeline
from zaffre.ml.entities import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Component,
    Job,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    PipelineComponentBatchDeployment,
)
from zaffre.ml.entities.ports import value_of
from zaffre.ml.fields import plain


def test_a_model_deployment_has_settings():
    deployment = ModelBatchDeployment(
        name="ridge",
        endpoint_name="diabetes",
        model="azureml:diabetes:1",
        compute="batch-cluster",
        settings=ModelBatchDeploymentSettings(
            instance_count=2,
            max_concurrency_per_instance=2,
            mini_batch_size=10,
            output_action=BatchDeploymentOutputAction.APPEND_ROW,
            output_file_name="predictions.csv",
            retry_settings=BatchRetrySettings(max_retries=3, timeout=300),
            logging_level="info",
        ),
    )
    document = deployment.to_document()
    assert document["settings"]["retry_settings"] == {"max_retries": 3, "timeout": 300}
    assert document["settings"]["output_action"] == "append_row"


def test_an_older_deployment_has_them_at_its_top():
    deployment = BatchDeployment(
        name="ridge",
        endpoint_name="diabetes",
        model="azureml:diabetes:1",
        code_path="./src",
        scoring_script="score.py",
        instance_count=2,
        mini_batch_size=10,
        retry_settings=BatchRetrySettings(max_retries=3, timeout=30),
    )
    assert deployment.code_configuration == CodeConfiguration("./src", "score.py")
    assert deployment.to_document()["mini_batch_size"] == 10


def test_a_pipeline_deployment_takes_a_component_with_its_paths(tmp_path: Path):
    folder = tmp_path / "parts"
    (folder / "src").mkdir(parents=True)
    (folder / "hello.yml").write_text(
        "name: hello\ntype: pipeline\njobs:\n  one:\n    type: command\n"
        "    command: ls\n    code: ./src\n    environment: {python: current}\n"
    )
    component = load_component(folder / "hello.yml")
    deployment = PipelineComponentBatchDeployment(
        name="hello", endpoint_name="e", component=component, settings={"default_compute": "c"}
    )
    document = deployment.to_document()
    assert document["type"] == "pipeline"
    assert document["component"]["jobs"]["one"]["code"] == str(folder / "src")


def test_the_default_deployment_is_set_on_the_endpoint():
    endpoint = BatchEndpoint(name="diabetes", description="Scores.")
    endpoint.defaults.deployment_name = "ridge"
    assert endpoint.to_document()["defaults"] == {"deployment_name": "ridge"}


def test_a_deployment_is_read_from_a_file(tmp_path: Path):
    place = tmp_path / "ridge.yml"
    place.write_text("name: ridge\nendpoint_name: diabetes\nmodel: azureml:diabetes:1\n")
    changed = load_batch_deployment(place, params_override=[{"endpoint_name": "other"}])
    assert changed.endpoint_name == "other"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"retry_settings.timeout": 5}, {"retry_settings": {"timeout": 5}}),
        ({"compute.instance_count": 5}, {"instance_count": 5}),
        ({"mini_batch_size": "20"}, {"mini_batch_size": "20"}),
    ],
)
def test_overrides_may_be_ways_into_the_document(said, meant):
    assert nested(said) == meant


def test_the_type_of_an_input_is_what_is_there(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("x")
    assert data_at(str(file)) == {"type": "uri_file", "path": str(file)}
    assert data_at(str(tmp_path))["type"] == "uri_folder"
    assert data_at("azureml:rows@latest", "mltable")["type"] == "mltable"


def test_an_input_of_a_literals_type_is_its_default():
    assert value_of(Input(type="string", default="append")) == "append"
    data = Input(type="uri_folder", path=Path("rows") / "new")
    assert plain(data) == {"type": "uri_folder", "path": "rows/new"}


def test_the_first_releases_way_to_say_the_place_is_understood():
    said = {
        "output_dataset.datastore_id": "azureml:workspaceblobstore",
        "output_dataset.path": "/here/",
    }
    place = "azureml://datastores/workspaceblobstore/paths/here"
    assert nested(said) == {"outputs": {"score": {"path": place}}}


def test_a_pipeline_function_gives_a_component_without_its_inputs():
    body = {"inputs": {"rows": {"type": "uri_folder"}, "mode": {"type": "string"}}, "outputs": {}}
    score = Component.from_document({"name": "score", "type": "command", "command": "ls", **body})

    @pipeline()
    def scorer(rows: Input(type="uri_folder"), mode: str = "append", most: int = 3):
        del most
        score(rows=rows, mode=mode)

    component = scorer().component
    assert component.name == "scorer"
    document = component.to_document()
    assert document["inputs"] == {
        "rows": {"type": "uri_folder"},
        "mode": {"type": "string", "default": "append"},
        "most": {"type": "integer", "default": 3},
    }
    assert document["jobs"]["score"]["inputs"]["rows"] == "${{parent.inputs.rows}}"


def test_times_are_times():
    made = {
        "created_at": "2026-11-25T10:00:00+00:00",
        "last_modified_at": "2026-11-25T10:01:00+00:00",
    }
    job = Job.from_document({"name": "j", "creation_context": {**made, "created_by": "ada"}})
    context = job.creation_context
    assert (context.last_modified_at - context.created_at).total_seconds() == 60
    assert job.to_dict()["creation_context"]["created_at"] == made["created_at"]
