"""Idioms of Azure's notebooks: `azure.ai.ml` replaced by `zaffre.ml`, and nothing else."""

from __future__ import annotations

from importlib import import_module

import pytest

from zaffre.errors import Invalid
from zaffre.ml import (
    Input,
    MLClient,
    MpiDistribution,
    Output,
    PyTorchDistribution,
    TensorFlowDistribution,
    UserIdentityConfiguration,
    command,
    dsl,
)
from zaffre.ml.constants import AssetTypes, InputOutputModes
from zaffre.ml.entities import (
    Command,
    CommandComponent,
    ParallelComponent,
    PipelineComponent,
    RetrySettings,
    VsCodeJobService,
)
from zaffre.ml.entities._deployment.resource_requirements_settings import (
    ResourceRequirementsSettings,
)
from zaffre.ml.parallel import RunFunction, parallel_run_function


def train(**fields):
    return command(
        name="train",
        command="python t.py --rate ${{inputs.rate}} --data ${{inputs.data}} $[[--n ${{inputs.n}}]]",
        environment="azureml:e:1",
        inputs={
            "rate": Input(type="number", default=0.1, min=0, max=1),
            "n": Input(type="integer", optional=True),
            "data": Input(type=AssetTypes.URI_FOLDER, path="azureml:d:1"),
        },
        outputs={"model": Output(type="mlflow_model")},
        **fields,
    )


def test_declared_inputs_are_values_in_a_job_and_ports_in_its_component():
    job = train(
        distribution=PyTorchDistribution(process_count_per_instance=2),
        identity=UserIdentityConfiguration(),
        services={"code": VsCodeJobService()},
    )
    assert isinstance(job, Command)
    document = job.to_document()
    assert document["inputs"] == {
        "rate": 0.1,
        "data": {"type": "uri_folder", "path": "azureml:d:1"},
    }
    assert document["distribution"] == {"type": "pytorch", "process_count_per_instance": 2}
    assert document["services"] == {"code": {"type": "vs_code"}}
    component = job.component
    assert isinstance(component, CommandComponent)
    assert component.name == "train"
    assert component.inputs["rate"] == {"type": "number", "default": 0.1, "min": 0, "max": 1}
    assert component.inputs["n"] == {"type": "integer", "optional": True}


def test_distributions_are_of_their_type():
    assert MpiDistribution(process_count_per_instance=1)["type"] == "mpi"
    assert TensorFlowDistribution(worker_count=2) == {"type": "tensorflow", "worker_count": 2}
    assert ResourceRequirementsSettings(requests={"cpu": "1"}).requests.cpu == "1"


@pytest.mark.parametrize("name", ["Sweep", "Parallel", "Asset", "EndpointAuthKeys"])
def test_names_of_azures_entities_are_there(name):
    assert isinstance(getattr(import_module("zaffre.ml.entities"), name), type)


def test_a_wrong_word_is_refused_where_it_is_written():
    with pytest.raises(Invalid, match="ro_mont") as refused:
        Input(path="azureml:d:1", mode="ro_mont")
    assert "ro_mount" in (refused.value.hint or "")
    assert Input(path="azureml:d:1", mode=InputOutputModes.RO_MOUNT).mode == "ro_mount"


def test_a_parallel_function_becomes_a_step():
    score = parallel_run_function(
        name="score",
        inputs={"rows": Input(type="mltable")},
        outputs={"scores": Output(type="uri_file")},
        input_data="${{inputs.rows}}",
        instance_count=2,
        mini_batch_size="10",
        retry_settings=RetrySettings(max_retries=1),
        task=RunFunction(
            code="./src",
            entry_script="s.py",
            append_row_to="${{outputs.scores}}",
            environment="azureml:e:1",
        ),
    )
    assert isinstance(score, ParallelComponent)

    @dsl.pipeline
    def scoring(rows):
        done = score(rows=rows)
        return {"scores": done.outputs.scores}

    (step,) = scoring(Input(type="mltable", path="azureml:t:1")).to_document()["jobs"].values()
    assert step["type"] == "parallel"
    assert step["resources"] == {"instance_count": 2}
    assert step["component"]["task"]["type"] == "run_function"
    assert step["component"]["retry_settings"] == {"max_retries": 1}


def test_a_pipeline_job_gives_its_component():
    @dsl.pipeline(continue_on_step_failure=True)
    def inner(rate=0.5):
        step = train().component(rate=rate, data=Input(path="azureml:d:1"))
        return {"model": step.outputs.model}

    found = inner().component
    assert isinstance(found, PipelineComponent)
    assert found.name == "inner"
    assert found.inputs == {"rate": {"type": "number", "default": 0.5}}
    assert found.settings == {"continue_on_step_failure": True}
    assert list(found.jobs) == ["step"]


@pytest.fixture
def client(fake, tmp_path):
    with MLClient(url=fake.url, token="owner-token", home=str(tmp_path)) as made:
        yield made


def test_components_are_made_of_jobs_and_of_versions(client, fake):
    made = client.components.create_or_update(train(), version="7")
    assert (made.name, made.version, made.type) == ("train", "7", "command")
    assert made.latest_version == "7"
    assert client.components.validate(train().component).passed


def test_what_the_workspace_tells_of_itself(client, fake):
    fake.resources["workspaces/default"] = {"name": "default"}
    fake.resources["datastores/other"] = {"name": "other", "is_default": False}
    fake.resources["datastores/store"] = {"name": "store", "is_default": True}
    assert client.workspaces.get("default").mlflow_tracking_uri == fake.url
    assert client.datastores.get_default().name == "store"


def test_a_submitted_job_says_where_it_and_its_outputs_are(client, fake):
    fake.resources["jobs/j"] = {
        "name": "j", "type": "command", "status": "Completed", "revision": 1, "id": "azureml:j",
        "outputs": {"r": {"type": "uri_folder"}},
    }  # fmt: skip
    job = client.jobs.get("j")
    assert job.studio_url == f"{fake.url}/api/v1/workspaces/default/jobs/j"
    assert job.services["Studio"].endpoint == job.studio_url
    assert job.outputs.r.path == "azureml://jobs/j/outputs/r"
    assert job.to_document()["outputs"] == {"r": {"type": "uri_folder"}}
