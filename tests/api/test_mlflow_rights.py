"""Readers only read; a job's token reaches its own run and those below it."""

from collections.abc import Iterator
from typing import Any

import pytest

from served import Answer, Served, serving
from zaffre.api.mlflow.app import ROUTES
from zaffre.kinds.tracking import NewRun
from zaffre.kinds.workspace import WorkspaceSpec
from zaffre.ports.tokens import Role
from zaffre.services import workspaces

RUNS = "/api/2.0/mlflow/runs"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("rights"), ROUTES) as running:
        yield running


@pytest.fixture
def job(served: Served, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A job's run and its token."""
    name = f"job-{request.node.name}"[:200].replace("[", "-").replace("]", "")
    served.context.tracking.create_run("default", NewRun("0", name=name, id=name))
    return name, served.issue(Role.JOB, workspace="default", job=name)


def log(served: Served, run: str, token: str) -> Answer:
    document = {"run_id": run, "key": "a", "value": 1.5, "timestamp": 1}
    return served.call("POST", f"{RUNS}/log-metric", document, token=token)


def created(served: Served, token: str, *tags: tuple[str, str]) -> Any:
    sent = {"experiment_id": "0", "tags": [{"key": key, "value": value} for key, value in tags]}
    return served.call("POST", f"{RUNS}/create", sent, token=token)


def test_a_job_logs_to_its_own_run(served: Served, job: tuple[str, str]):
    assert log(served, *job).status == 200


def test_what_a_job_creates_is_below_it(served: Served, job: tuple[str, str]):
    run, token = job
    child = created(served, token).json["run"]["info"]["run_id"]
    below = created(served, token, ("mlflow.parentRunId", child)).json["run"]["info"]["run_id"]
    assert served.context.tracking.get_info("default", child).parent == run
    assert log(served, child, token).status == log(served, below, token).status == 200
    found = served.call("POST", f"{RUNS}/search", {"experiment_ids": ["0"]}, token=token).json
    assert {one["info"]["run_id"] for one in found["runs"]} == {run, child}


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}),
        ("POST", "runs/log-parameter", {"key": "a", "value": "1"}),
        ("POST", "runs/set-tag", {"key": "a", "value": "1"}),
        ("POST", "runs/log-batch", {"tags": [{"key": "a", "value": "1"}]}),
        ("POST", "runs/update", {"status": "FAILED"}),
        ("POST", "runs/delete", {}),
        ("POST", "runs/restore", {}),
        ("POST", "runs/delete-tag", {"key": "a"}),
        ("POST", "runs/log-inputs", {"datasets": []}),
        ("POST", "runs/outputs", {"models": []}),
        ("POST", "runs/log-model", {"model_json": "{}"}),
        ("GET", "runs/get", None),
        ("GET", "metrics/get-history", None),
        ("GET", "metrics/get-history-bulk", None),
        ("GET", "metrics/get-history-bulk-interval", None),
    ],
)
def test_a_job_does_not_reach_another_run(
    served: Served, job: tuple[str, str], method: str, path: str, document: Any
):
    other = served.context.tracking.create_run("default", NewRun("0", name="other")).info.id
    query = f"?run_id={other}&run_ids={other}&metric_key=a" if method == "GET" else ""
    sent = None if document is None else {"run_id": other, **document}
    answer = served.call(method, f"/api/2.0/mlflow/{path}{query}", sent, token=job[1])
    assert (answer.status, answer.json["error_code"]) == (403, "PERMISSION_DENIED")
    assert (
        served.call("GET", f"{RUNS}/get?run_id={other}").json["run"]["info"]["status"] == "RUNNING"
    )


def test_a_job_cannot_put_a_run_below_another(served: Served, job: tuple[str, str]):
    other = served.context.tracking.create_run("default", NewRun("0", name="other")).info.id
    assert created(served, job[1], ("mlflow.parentRunId", other)).status == 403


@pytest.mark.parametrize("path", ["update", "delete", "restore"])
def test_a_job_does_not_change_experiments(served: Served, job: tuple[str, str], path: str):
    sent = {"experiment_id": "0", "new_name": "x"}
    answer = served.call("POST", f"/api/2.0/mlflow/experiments/{path}", sent, token=job[1])
    assert answer.status == 403


def test_a_reader_reads_only(served: Served, job: tuple[str, str]):
    token = served.issue(Role.READER)
    assert served.call("GET", f"{RUNS}/get?run_id={job[0]}", token=token).status == 200
    assert log(served, job[0], token).status == 403
    assert created(served, token).status == 403
    for path, sent in (
        ("experiments/create", {"name": "reader"}),
        ("experiments/set-experiment-tag", {"experiment_id": "0", "key": "a"}),
        ("runs/log-batch", {"run_id": job[0]}),
        ("runs/delete", {"run_id": job[0]}),
    ):
        assert served.call("POST", f"/api/2.0/mlflow/{path}", sent, token=token).status == 403


def test_workspaces_do_not_see_each_other(served: Served, job: tuple[str, str]):
    elsewhere = workspaces.key_of("elsewhere")
    workspaces.create(served.context, elsewhere, WorkspaceSpec())
    prefix = "/workspaces/elsewhere/api/2.0/mlflow"
    assert served.call("GET", f"{prefix}/runs/get?run_id={job[0]}").status == 404
    assert served.call("GET", f"{prefix}/experiments/get?experiment_id=0").status == 404
    there = served.call("POST", f"{prefix}/runs/create", {"run_name": "r"}).json["run"]["info"]
    assert there["experiment_id"] != "0"
    named = served.call("GET", f"{prefix}/experiments/get-by-name?experiment_name=Default").json
    assert named["experiment"]["experiment_id"] == there["experiment_id"]
    assert served.call("GET", f"{RUNS}/get?run_id={there['run_id']}").status == 404
