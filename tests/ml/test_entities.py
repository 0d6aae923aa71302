from __future__ import annotations

import inspect
import io

import pytest

from zaffre.errors import Invalid
from zaffre.kinds import registry
from zaffre.ml import Input, Output, command, load_job, load_online_deployment
from zaffre.ml import entities as named
from zaffre.ml.constants import AssetTypes, InputOutputModes
from zaffre.ml.entities import (
    AmlCompute,
    BuildContext,
    CodeConfiguration,
    Data,
    DefaultScaleSettings,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
    ProbeSettings,
    TargetUtilizationScaleSettings,
)
from zaffre.ml.entity import Entity
from zaffre.ml.fields import Keys

ENTITIES = {
    value.kind.name: value
    for value in (getattr(named, name) for name in named.__all__)
    if isinstance(value, type) and issubclass(value, Entity) and "kind" in vars(value)
}


def test_every_kind_has_an_entity():
    assert set(ENTITIES) - {"entity"} == {kind.name for kind in registry.all_kinds()}


@pytest.mark.parametrize("kind", list(registry.all_kinds()), ids=lambda kind: kind.name)
def test_the_example_of_each_kind_survives_the_way_to_python_and_back(kind):
    from zaffre.kinds import yaml_text

    document = yaml_text.read(kind.example)
    entity = ENTITIES[kind.name].from_document(document)
    assert entity.to_document() == document.data
    assert kind.title in entity._repr_html_()
    assert entity.name == document.data.get("name")


@pytest.mark.parametrize("kind", list(registry.all_kinds()), ids=lambda kind: kind.name)
def test_signatures_are_the_kinds_fields(kind):
    parameters = inspect.signature(ENTITIES[kind.name]).parameters
    assert set(kind.spec.model_fields) <= set(parameters)


def test_a_job_as_azures_notebooks_write_it():
    job = command(
        code="./src",
        command="python main.py --data ${{inputs.data}} --rate ${{inputs.rate}}",
        inputs={
            "data": Input(
                type=AssetTypes.URI_FILE, path="azureml:d:1", mode=InputOutputModes.RO_MOUNT
            ),
            "rate": 0.9,
        },
        outputs={"model": Output(type="mlflow_model")},
        environment="azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        compute="cpu-cluster",
        display_name="lightgbm",
        instance_count=2,
        distribution={"type": "PyTorch", "process_count_per_instance": 1},
        shm_size="2g",
        timeout=600,
    )
    job.experiment_name = "iris"
    document = job.to_document()
    assert document["resources"] == {"instance_count": 2, "shm_size": "2g"}
    assert document["limits"] == {"timeout": 600}
    assert document["inputs"]["data"] == {
        "type": "uri_file",
        "path": "azureml:d:1",
        "mode": "ro_mount",
    }
    assert document["experiment_name"] == "iris"
    assert job.status is None


def test_a_data_collector_as_azures_notebooks_write_it():
    collection = named.DeploymentCollection(enabled="true")
    collector = named.DataCollector(
        collections={"model_inputs": collection},
        rolling_rate="Hour",
        request_logging=named.RequestLogging(capture_headers=["x"]),
    )
    deployment = ManagedOnlineDeployment(name="blue", endpoint_name="e", data_collector=collector)
    assert deployment.to_document()["data_collector"] == {
        "collections": {"model_inputs": {"enabled": "true"}},
        "rolling_rate": "Hour",
        "request_logging": {"capture_headers": ["x"]},
    }


def test_a_deployment_as_azures_notebooks_write_it():
    deployment = ManagedOnlineDeployment(
        name="blue",
        endpoint_name="e",
        model=Model(path="../model"),
        environment=Environment(image="i", conda_file="conda.yml"),
        code_configuration=CodeConfiguration(code="src", scoring_script="score.py"),
        instance_type="Standard_DS3_v2",
        instance_count=1,
        request_settings=OnlineRequestSettings(request_timeout_ms=3000),
        liveness_probe=ProbeSettings(initial_delay=30),
    )
    assert deployment.to_document()["environment"] == {"image": "i", "conda_file": "conda.yml"}
    assert deployment.request_settings.request_timeout_ms == 3000
    assert deployment.request_settings.max_concurrent_requests_per_instance == 1
    deployment.instance_count = 2
    assert deployment.to_document()["instance_count"] == 2
    deployment.scale_settings = TargetUtilizationScaleSettings(min_instances=0, max_instances=2)
    assert deployment.to_document()["scale_settings"] == {
        "type": "target_utilization",
        "min_instances": 0,
        "max_instances": 2,
    }
    assert DefaultScaleSettings().type == "default"


def test_variants_bring_their_type():
    assert (
        AmlCompute(name="c", size="STANDARD_D2", min_instances=0, max_instances=4).type
        == "amlcompute"
    )
    assert Environment(build=BuildContext(path="ctx")).build.dockerfile_path == "Dockerfile"


def test_a_container_that_is_changed_stays_changed():
    model = Model(path="x")
    model.tags["owner"] = "me"
    assert model.to_document()["tags"] == {"owner": "me"}


def test_misspelt_fields_are_suggested():
    with pytest.raises(TypeError, match="`path`"):
        Data(pth="x")
    with pytest.raises(TypeError, match="request_timeout_ms"):
        OnlineRequestSettings(request_timout_ms=1)
    with pytest.raises(AttributeError, match="`traffic`"):
        ManagedOnlineEndpoint(name="e").trafic = {}


def test_what_the_server_reported_is_not_sent_back():
    endpoint = ManagedOnlineEndpoint.from_document(
        {
            "name": "e",
            "auth_mode": "key",
            "provisioning_state": "Succeeded",
            "scoring_uri": "u",
            "revision": 3,
        }
    )
    endpoint.traffic = {"blue": 100}
    assert endpoint.to_document() == {"name": "e", "auth_mode": "key", "traffic": {"blue": 100}}
    assert endpoint.scoring_uri == "u"


def test_documents_are_loaded_with_changes(tmp_path):
    (tmp_path / "job.yml").write_text("command: ls\nenvironment: e@latest\n")
    job = load_job(
        tmp_path / "job.yml",
        params_override=[{"name": "j"}, {"tags.owner": "me"}, {"inputs": {"x": 1.5}}],
    )
    assert (job.name, job.tags, job.inputs.x) == ("j", {"owner": "me"}, 1.5)
    assert job.base_path == tmp_path
    assert (
        load_online_deployment(io.StringIO("name: blue\nendpoint_name: e\n")).endpoint_name == "e"
    )


def test_a_loaded_document_keeps_its_lines_for_messages(tmp_path, client):
    (tmp_path / "job.yml").write_text("command: ls\nenvironment: e@latest\ncomputer: x\n")
    job = load_job(tmp_path / "job.yml")
    with pytest.raises(Invalid) as caught:
        client.jobs.create_or_update(job)
    assert caught.value.problems[0].place.line == 3
    assert not client.jobs.validate(job).passed
    assert "job.yml:3" in repr(client.jobs.validate(job))


def test_keys_do_not_print():
    keys = Keys({"primaryKey": "secret-1", "secondaryKey": "secret-2"})
    assert keys.primary_key == "secret-1"
    assert "secret" not in repr(keys)
    assert "secret" not in str(keys)


def test_html_is_escaped():
    assert (
        "<script>"
        not in Model(name="m", path="x", description="<script>alert(1)</script>")._repr_html_()
    )


def test_what_a_command_takes_of_its_compute_is_said_beside_it():
    job = command(
        command="x", environment="azureml:x:1", cpus=2, memory="2g", gpus=1, priority="high"
    )
    document = job.to_document()
    assert document["resources"] == {"cpus": 2, "memory": "2g", "gpus": 1}
    assert document["queue_settings"] == {"priority": "high"}
