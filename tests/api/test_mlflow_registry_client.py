"""The stock MLflow client logs, registers, loads, searches and moves models on our server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import Served, serving
from zaffre.api.mlflow.app import ROUTES

pytest.importorskip("mlflow")

START = """
import mlflow, numpy as np, os, tempfile, time
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression
X = np.array([[1.0], [2.0], [3.0]]); y = 2 * X[:, 0] + 1
fitted = LinearRegression().fit(X, y)
client = MlflowClient()
def close(model): assert np.allclose(model.predict(X), y)
def fails(call, *words):
    try:
        call()
    except MlflowException as error:
        assert all(word in str(error) for word in words), str(error)
        return error.error_code
    raise AssertionError("it did not fail")
mlflow.set_experiment("models")
"""

LOG = """
with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(fitted, name="model", registered_model_name="line", input_example=X)
    mlflow.log_text("hello", "notes/hello.txt")
assert info.registered_model_version == 1 or info.registered_model_version == "1"
version = client.get_model_version("line", "1")
assert version.run_id == run.info.run_id and version.status == "READY" and version.current_stage == "None"
assert version.source == f"models:/{info.model_id}"
close(mlflow.sklearn.load_model("models:/line/1"))
close(mlflow.pyfunc.load_model("models:/line/1"))
close(mlflow.pyfunc.load_model("models:/line/latest"))
close(mlflow.pyfunc.load_model(f"models:/{info.model_id}"))
close(mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model"))
close(mlflow.pyfunc.load_model(info.model_uri))
client.set_registered_model_alias("line", "champion", "1")
close(mlflow.pyfunc.load_model("models:/line@champion"))
assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"
again = mlflow.register_model(f"runs:/{run.info.run_id}/model", "line", tags={"k": "v"})
assert str(again.version) == "2", again
third = mlflow.register_model(f"models:/{info.model_id}", "line")
fourth = client.copy_model_version("models:/line/1", "copied")
assert str(fourth.version) == "1"
close(mlflow.pyfunc.load_model("models:/copied/1"))
print(client.get_model_version_download_uri("line", "1"))
"""

PINNED = """
with mlflow.start_run() as run:
    folder = tempfile.mkdtemp()
    mlflow.sklearn.save_model(fitted, folder + "/saved")
    mlflow.log_artifacts(folder + "/saved", "saved")
version = mlflow.register_model(f"runs:/{run.info.run_id}/saved", "pinned")
client.log_text(run.info.run_id, "spoilt", "saved/MLmodel")
close(mlflow.pyfunc.load_model(f"models:/pinned/{version.version}"))
mlflow.artifacts.delete_artifacts if hasattr(mlflow.artifacts, "delete_artifacts") else None
from mlflow.artifacts import download_artifacts
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
repository = get_artifact_repository(run.info.artifact_uri)
repository.delete_artifacts("saved")
assert [one.path for one in client.list_artifacts(run.info.run_id)] == []
close(mlflow.pyfunc.load_model(f"models:/pinned/{version.version}"))
"""

REGISTRY = """
client.create_registered_model("r1", tags={"team": "a"}, description="first")
assert fails(lambda: client.create_registered_model("r1"), "already exists") == "RESOURCE_ALREADY_EXISTS"
assert fails(lambda: client.get_registered_model("none"), "not found") == "RESOURCE_DOES_NOT_EXIST"
assert fails(lambda: client.create_registered_model("a/b")) == "INVALID_PARAMETER_VALUE"
client.create_registered_model("r 2 é", tags={"team": "b"})
with mlflow.start_run() as run:
    mlflow.log_text("x", "m/file.txt")
source = run.info.artifact_uri + "/m"
for n in range(3):
    made = client.create_model_version("r1", source, run.info.run_id, tags={"n": str(n)}, description=f"d{n}")
    assert str(made.version) == str(n + 1)
got = client.get_registered_model("r1")
assert (got.description, got.tags) == ("first", {"team": "a"})
assert [str(v.version) for v in got.latest_versions] == ["3"]
client.update_registered_model("r1", "second")
assert client.get_registered_model("r1").description == "second"
client.set_registered_model_tag("r1", "x", "1"); client.delete_registered_model_tag("r1", "team")
assert client.get_registered_model("r1").tags == {"x": "1"}
client.update_model_version("r1", "2", "changed")
client.set_model_version_tag("r1", "2", "z", "9"); client.delete_model_version_tag("r1", "2", "n")
two = client.get_model_version("r1", "2")
assert (two.description, two.tags, two.source, two.run_id) == ("changed", {"z": "9"}, source, run.info.run_id)
# search
def names(**k): return [m.name for m in client.search_registered_models(**k)]
assert set(names()) >= {"r1", "r 2 é"}
assert names(filter_string="name = 'r1'") == ["r1"]
assert names(filter_string="name LIKE 'r%' AND tags.team = 'b'") == ["r 2 é"]
assert names(filter_string="name ILIKE 'R1'") == ["r1"] and names(filter_string="name LIKE 'R1'") == []
assert names(filter_string="name LIKE 'r%'", order_by=["name DESC"]) == ["r1", "r 2 é"]
page = client.search_registered_models(filter_string="name LIKE 'r%'", max_results=1)
assert page.token and [m.name for m in client.search_registered_models(filter_string="name LIKE 'r%'", max_results=1, page_token=page.token)] == ["r1"]
def versions(f, **k): return [str(v.version) for v in client.search_model_versions(f, **k)]
assert versions("name = 'r1'", order_by=["version_number ASC"]) == ["1", "2", "3"]
assert versions("name = 'r1' AND version_number > 1", order_by=["version_number DESC"]) == ["3", "2"]
assert versions(f"run_id = '{run.info.run_id}' AND tags.n = '0'") == ["1"]
assert versions(f"run_id IN ('{run.info.run_id}')", order_by=["name", "version_number ASC"]) == ["1", "2", "3"]
assert versions("source_path LIKE 'mlflow-artifacts:%/m' AND name='r1' AND tags.z='9'") == ["2"]
fails(lambda: versions("bogus = 'x'")); fails(lambda: versions("name ="))
# aliases
client.set_registered_model_alias("r1", "best", "2"); client.set_registered_model_alias("r1", "old", "1")
assert str(client.get_model_version_by_alias("r1", "best").version) == "2"
assert client.get_model_version("r1", "2").aliases == ["best"]
assert client.get_registered_model("r1").aliases == {"best": "2", "old": "1"}
client.delete_registered_model_alias("r1", "old"); fails(lambda: client.get_model_version_by_alias("r1", "old"))
fails(lambda: client.set_registered_model_alias("r1", "latest", "1")); fails(lambda: client.set_registered_model_alias("r1", "x", "77"))
# stages
import warnings; warnings.simplefilter("ignore")
client.transition_model_version_stage("r1", "1", "Staging")
client.transition_model_version_stage("r1", "2", "staging", archive_existing_versions=True)
assert client.get_model_version("r1", "1").current_stage == "Archived"
assert {v.current_stage: str(v.version) for v in client.get_latest_versions("r1")} == {"Archived": "1", "Staging": "2", "None": "3"}
assert [str(v.version) for v in client.get_latest_versions("r1", ["Staging"])] == ["2"]
fails(lambda: client.transition_model_version_stage("r1", "1", "Nowhere"))
# rename, delete; numbers never come back
client.rename_registered_model("r1", "r1b"); fails(lambda: client.get_registered_model("r1"))
assert client.get_registered_model("r1b").aliases == {"best": "2"} and str(client.get_model_version_by_alias("r1b", "best").version) == "2"
fails(lambda: client.rename_registered_model("r1b", "r 2 é"))
client.delete_model_version("r1b", "3"); fails(lambda: client.get_model_version("r1b", "3"))
assert str(client.create_model_version("r1b", source, run.info.run_id).version) == "4"
client.delete_model_version("r1b", "2"); assert client.get_registered_model("r1b").aliases == {}
client.delete_registered_model("r1b"); fails(lambda: client.get_registered_model("r1b")); fails(lambda: client.get_model_version("r1b", "1"))
for bad in ("/etc/passwd", "file:///etc/passwd", "s3://bucket/x", "https://example.com/x", "mlflow-artifacts:/../../etc", "runs:/none/m", "models:/none/1", "mlflow-artifacts:/%2e%2e/x", run.info.artifact_uri + "/../../x"):
    fails(lambda: client.create_model_version("r 2 é", bad))
"""

LOGGED = """
from mlflow.entities import LoggedModelStatus, Metric
with mlflow.start_run() as run:
    model = mlflow.create_external_model(name="ext", model_type="agent", params={"p": "1"}, tags={"t": "a"}) if hasattr(mlflow, "create_external_model") else mlflow.initialize_logged_model(name="ext")
    data = mlflow.data.from_numpy(X, name="train")
    mlflow.log_metric("acc", 0.5, step=1, model_id=model.model_id)
    mlflow.log_metric("acc", 0.9, step=2, model_id=model.model_id, dataset=data)
    other = mlflow.initialize_logged_model(name="other", params={"p": "2"})
    mlflow.log_metrics({"acc": 0.7, "loss": float("nan")}, model_id=other.model_id)
got = mlflow.get_logged_model(other.model_id)
assert str(got.status) == "PENDING" and got.source_run_id == run.info.run_id and got.params == {"p": "2"}
mlflow.finalize_logged_model(other.model_id, LoggedModelStatus.READY)
assert str(mlflow.get_logged_model(other.model_id).status) == "READY"
mlflow.set_logged_model_tags(other.model_id, {"t": "b", "u": "c"}); mlflow.delete_logged_model_tag(other.model_id, "u")
mlflow.log_model_params({"q": "3"}, model_id=other.model_id)
got = mlflow.get_logged_model(other.model_id)
assert got.tags["t"] == "b" and "u" not in got.tags and got.params == {"p": "2", "q": "3"}, got
assert {m.key for m in got.metrics} == {"acc", "loss"}
experiment = run.info.experiment_id
def found(f=None, **k):
    return [m.name for m in mlflow.search_logged_models([experiment], filter_string=f, output_format="list", **k)]
assert found("name IN ('ext', 'other')", order_by=[{"field_name": "metrics.acc", "ascending": False}]) == ["ext", "other"]
assert found("metrics.acc > 0.8") == ["ext"] and found("params.p = '2'") == ["other"] and found("tags.t LIKE 'b%'") == ["other"]
assert found(f"source_run_id = '{run.info.run_id}' AND status = 'READY'")[0] in ("ext", "other")
assert found("metrics.acc > 0.1", datasets=[{"dataset_name": "train"}]) == ["ext"]
page = client.search_logged_models([experiment], max_results=1); assert page.token
assert client.search_logged_models([experiment], max_results=1, page_token=page.token)[0].model_id != page[0].model_id
client.log_model_artifacts if hasattr(client, "log_model_artifacts") else None
info = mlflow.sklearn.log_model(fitted, name="full")
files = sorted(one.path for one in client.list_logged_model_artifacts(info.model_id))
assert "MLmodel" in files, files
outputs = [one.model_id for one in client.get_run(run.info.run_id).outputs.model_outputs]
client.delete_logged_model(other.model_id); fails(lambda: mlflow.get_logged_model(other.model_id))
fails(lambda: client.create_logged_model(experiment, name="a/b"))
"""

LARGE = """
path = os.path.join(tempfile.mkdtemp(), "big.bin")
content = os.urandom(30_000_000)
open(path, "wb").write(content)
with mlflow.start_run() as run:
    mlflow.log_artifact(path, "deep/er")
got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="deep/er/big.bin")
assert open(got, "rb").read() == content
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home"), ROUTES) as running:
        yield running


def run(served: Served, tmp_path: Path, text: str, **variables: str) -> str:
    """Run a program with the stock client."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MLFLOW_TRACKING_URI": served.url,
        "MLFLOW_TRACKING_TOKEN": served.token,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", START + text],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout


def test_a_model_is_logged_registered_and_loaded(served: Served, tmp_path: Path):
    assert "mlflow-artifacts:/trees/" in run(served, tmp_path, LOG)


def test_a_registered_version_never_changes(served: Served, tmp_path: Path):
    run(served, tmp_path, PINNED)


def test_the_registry_as_the_client_knows_it(served: Served, tmp_path: Path):
    run(served, tmp_path, REGISTRY)


def test_logged_models_as_the_client_knows_them(served: Served, tmp_path: Path):
    run(served, tmp_path, LOGGED)


def test_a_large_artifact(served: Served, tmp_path: Path):
    run(served, tmp_path, LARGE)


def test_a_large_artifact_in_parts(served: Served, tmp_path: Path):
    parts = {
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * 2**20),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
    }
    run(served, tmp_path, LARGE, **parts)
