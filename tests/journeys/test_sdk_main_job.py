"""The main job in Python, as a person writes it who knows Azure's SDK."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import pandas as pd
import pytest

from zaffre.ml import Input, MLClient, Output, command
from zaffre.ml.constants import AssetTypes
from zaffre.ml.entities import (
    AmlCompute,
    CodeConfiguration,
    Data,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
)
from zaffre.ml.exceptions import JobException, ResourceNotFoundError

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "main-job"


@pytest.fixture
def client(shared_server):
    with MLClient(url=shared_server.url, token=shared_server.token) as made:
        yield made


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.csv", "__pycache__"))
    subprocess.run([sys.executable, "make_data.py"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    return folder


def test_the_main_job_from_data_to_score(client, project, capsys):
    try:
        client.compute.get("cpu-cluster")
    except ResourceNotFoundError:
        client.compute.begin_create_or_update(
            AmlCompute(name="cpu-cluster", max_instances=2)
        ).result()
    data = client.data.create_or_update(
        Data(
            name="diabetes",
            type=AssetTypes.URI_FILE,
            path="diabetes.csv",
            tags={"source": "scikit-learn"},
        )
    )
    assert data.version == "1"
    environment = client.environments.create_or_update(Environment(name="here", python="current"))
    job = command(
        code="./src",
        command="python train.py --data ${{inputs.data}} --alpha ${{inputs.alpha}} --model ${{outputs.model}}",
        inputs={
            "data": Input(type=AssetTypes.URI_FILE, path=f"azureml:{data.name}:{data.version}"),
            "alpha": 0.1,
        },
        outputs={"model": Output(type=AssetTypes.CUSTOM_MODEL)},
        environment=f"{environment.name}@latest",
        compute="cpu-cluster",
        experiment_name="diabetes",
        display_name="ridge",
    )
    returned = client.jobs.create_or_update(job)
    client.jobs.stream(returned.name)
    assert "fold 4" in capsys.readouterr().out

    done = client.jobs.get(returned.name)
    assert done.status == "Completed"
    assert client.jobs.metrics(returned.name)["test_r2"] > 0.3
    assert client.jobs.params(returned.name)["alpha"] == "0.1"
    assert "Completed" in done._repr_html_()
    assert returned.name in [job.name for job in client.jobs.list(experiment_name="diabetes")]
    client.jobs.download(returned.name, download_path="left", output_name="model")
    assert (project / "left" / "named-outputs" / "model" / "model.joblib").is_file()

    model = client.models.create_or_update(
        Model(
            name="diabetes",
            path=f"azureml://jobs/{returned.name}/outputs/model",
            type=AssetTypes.CUSTOM_MODEL,
        )
    )
    endpoint = client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name="diabetes", auth_mode="key")
    ).result()
    assert endpoint.provisioning_state == "Succeeded"
    client.online_deployments.begin_create_or_update(
        ManagedOnlineDeployment(
            name="blue",
            endpoint_name="diabetes",
            model=model,
            environment=environment,
            code_configuration=CodeConfiguration(
                code="./onlinescoring", scoring_script="score.py"
            ),
            instance_type="Standard_DS3_v2",
            instance_count=1,
            request_settings=OnlineRequestSettings(request_timeout_ms=10_000),
        )
    ).result()
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()

    answer = json.loads(
        client.online_endpoints.invoke(endpoint_name="diabetes", request_file="request.json")
    )
    place = client.models.download("diabetes", "1", download_path="fetched")
    asked = json.loads((project / "request.json").read_text())["input_data"]
    own = joblib.load(next(Path(place).rglob("model.joblib")))
    expected = own.predict(pd.DataFrame(asked["data"], columns=asked["columns"])).tolist()
    assert answer == pytest.approx(expected, rel=1e-12)
    assert client.online_endpoints.get_keys("diabetes").primary_key
    assert isinstance(client.online_deployments.get_logs("blue", "diabetes", lines=20), str)

    nodes = client.lineage("online_endpoint", "diabetes", direction="up")["nodes"]
    assert {"job", "data", "model", "online_deployment"} <= {node["kind"] for node in nodes}
    client.online_endpoints.begin_delete("diabetes").result()
    with pytest.raises(ResourceNotFoundError):
        client.online_endpoints.get("diabetes")


def test_a_failed_job_is_an_exception_with_its_reason(client, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    environment = Environment(python="current")
    job = client.create_or_update(command(command="echo before; exit 3", environment=environment))
    with pytest.raises(JobException, match="Failed"):
        client.jobs.stream(job.name)
    assert "before" in capsys.readouterr().out
    assert client.jobs.get(job.name).exit_code == 3


def test_the_example_in_python_runs_as_it_is(shared_server, project, monkeypatch):
    monkeypatch.setenv("ZAFFRE_URL", shared_server.url)
    monkeypatch.setenv("ZAFFRE_TOKEN", shared_server.token)
    monkeypatch.syspath_prepend(str(project))
    for name in ("main_job", "make_data"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert importlib.import_module("main_job").main() == pytest.approx([213.221, 67.029], abs=0.01)
