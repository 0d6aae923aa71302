"""A project that logs with MLflow and knows nothing of Zaffre: set two variables, run it, find everything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROJECT = """
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

mlflow.set_experiment("iris")
mlflow.sklearn.autolog()
x, y = load_iris(return_X_y=True, as_frame=True)

with mlflow.start_run(run_name="parent") as parent:
    mlflow.log_text("hello", "notes/hello.txt")
    mlflow.set_tag("team", "flowers")
    for c in (0.1, 1.0):
        with mlflow.start_run(run_name=f"c={c}", nested=True):
            LogisticRegression(C=c, max_iter=500).fit(x, y)
    model = LogisticRegression(max_iter=500).fit(x, y)
    logged = mlflow.sklearn.log_model(
        model, name="final", registered_model_name="iris", pip_requirements=["scikit-learn"], input_example=x[:2]
    )

client = MlflowClient()
client.set_registered_model_alias("iris", "champion", 1)
loaded = mlflow.sklearn.load_model("models:/iris@champion")
assert (loaded.predict(x) == model.predict(x)).all()
assert (mlflow.pyfunc.load_model(logged.model_uri).predict(x) == model.predict(x)).all()

children = mlflow.search_runs(
    experiment_names=["iris"],
    filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}' and metrics.training_accuracy_score > 0.5",
    order_by=["metrics.training_accuracy_score DESC"],
    output_format="list",
)
assert len(children) == 2, children
assert all(run.data.params["C"] in ("0.1", "1.0") for run in children)
assert mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/notes/hello.txt") == "hello"
print(parent.info.run_id)
"""


@pytest.mark.slow
def test_a_project_that_logs_with_mlflow_is_found_here(server, tmp_path):
    project = tmp_path / "project.py"
    project.write_text(PROJECT)
    done = subprocess.run(
        [sys.executable, str(project)],
        cwd=tmp_path,
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = done.stdout.strip().splitlines()[-1]

    jobs = zaffre(server, "job", "list")
    mine = next(job for job in jobs if job["name"] == run)
    assert mine["experiment_name"] == "iris"
    assert mine["status"] == "Completed"
    assert len(jobs) == 3

    (model,) = zaffre(server, "model", "list")
    assert (model["name"], model["version"]) == ("iris", "1")
    copied = tmp_path / "copy"
    zaffre(server, "model", "download", "-n", "iris", "-v", "1", "--download-path", str(copied))
    assert any(path.name == "MLmodel" for path in copied.rglob("*"))

    lineage = server.call("GET", "/api/v1/workspaces/default/lineage/model/iris/1?direction=up")
    assert {"kind": "run", "name": run}.items() <= next(
        (node for node in lineage["nodes"] if node["name"] == run), {}
    ).items()


def zaffre(server, *words):
    done = subprocess.run(
        ["zaffre", *words, "-o", "json"],
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None
