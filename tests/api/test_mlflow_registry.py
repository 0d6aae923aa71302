"""The registry over bare HTTP: forms, refusals, and what a job may do."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from served import Answer, Served, serving
from zaffre.api.mlflow.app import ROUTES
from zaffre.kinds.tracking import NewRun
from zaffre.ports.tokens import Role

BASE = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("home"), ROUTES) as running:
        yield running


def new_run(served: Served) -> tuple[str, str]:
    """Make a run with a file in `m` and give its id and the address of `m`."""
    experiment = served.context.tracking.ensure_experiment("default", "registry")
    info = served.context.tracking.create_run("default", NewRun(experiment)).info
    path = info.artifact_uri.removeprefix("mlflow-artifacts:/")
    answer = served.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/m/file", body=b"x")
    assert answer.status == 200
    return info.id, f"{info.artifact_uri}/m"


def post(served: Served, path: str, document: Any, token: str = "") -> Answer:
    return served.call("POST", f"{BASE}/{path}", document, token=token)


def get(served: Served, path: str, **query: str) -> Answer:
    return served.call("GET", f"{BASE}/{path}?{urlencode(query)}")


def test_a_job_registers_what_it_made(served: Served):
    run, source = new_run(served)
    other, other_source = new_run(served)
    token = served.issue(Role.JOB, workspace="default", job=run)
    assert post(served, "registered-models/create", {"name": "of-job"}, token).status == 200
    mine = {"name": "of-job", "source": source, "run_id": run}
    assert post(served, "model-versions/create", mine, token).status == 200
    for document in (
        {**mine, "source": other_source},
        {**mine, "source": f"runs:/{other}/m"},
        {**mine, "run_id": other},
        {**mine, "source": f"azureml://jobs/{other}/outputs/artifacts"},
        {**mine, "source": "azureml://datastores/workspaceblobstore/paths/x"},
        {**mine, "source": "mlflow-artifacts:/shared"},
    ):
        assert post(served, "model-versions/create", document, token).status == 403, document
    post(served, "model-versions/create", {**mine, "source": other_source, "run_id": other})
    alias = {"name": "of-job", "alias": "champion", "version": "1"}
    assert post(served, "registered-models/alias", alias, token).status == 200
    assert post(served, "registered-models/alias", {**alias, "version": "2"}, token).status == 403
    for path, document in (
        ("registered-models/rename", {"name": "of-job", "new_name": "stolen"}),
        ("registered-models/set-tag", {"name": "of-job", "key": "k", "value": "v"}),
        (
            "model-versions/transition-stage",
            {"name": "of-job", "version": "1", "stage": "Staging"},
        ),
    ):
        assert post(served, path, document, token).status == 403, path
    answer = served.call(
        "DELETE", f"{BASE}/registered-models/delete", {"name": "of-job"}, token=token
    )
    assert answer.status == 403


def test_readers_read(served: Served):
    token = served.issue(Role.READER)
    assert post(served, "registered-models/create", {"name": "by-reader"}, token).status == 403
    answer = served.call("GET", f"{BASE}/registered-models/search", token=token)
    assert answer.status == 200


def test_other_workspaces_have_other_models(served: Served):
    post(served, "registered-models/create", {"name": "hidden"})
    answer = served.call("GET", f"/workspaces/other{BASE}/registered-models/get?name=hidden")
    assert answer.status == 404


ODD_NAMES = [
    "a b",
    "é",
    "😀",
    "x" * 256,
    "a.b_c-d",
    "../x"[3:],
    "%2e%2e",
    "a?b#c",
    "'; drop table",
]
WRONG_NAMES = [
    "",
    " ",
    "a/b",
    "a:b",
    "../x",
    "a\\b",
    "a\nb",
    "\x00",
    "x" * 257,
    "..",
    ".",
    "\ud800",
    7,
    None,
    [],
    {},
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_kept(served: Served, name: str):
    assert post(served, "registered-models/create", {"name": name}).status == 200
    found = get(served, "registered-models/get", name=name).json["registered_model"]
    assert found["name"] == name


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_wrong_names_are_refused(served: Served, name: Any):
    answer = post(served, "registered-models/create", {"name": name})
    assert answer.status == 400
    assert answer.json["error_code"] == "INVALID_PARAMETER_VALUE"


WRONG_BODIES = [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b"[" * 50_000, b'{"name": NaN}', b"null"]


@pytest.mark.parametrize("body", WRONG_BODIES)
@pytest.mark.parametrize(
    "path", ["registered-models/create", "model-versions/create", "logged-models"]
)
def test_wrong_bodies_are_refused(served: Served, path: str, body: bytes):
    assert served.call("POST", f"{BASE}/{path}", body=body).status == 400


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("registered-models/search", {"max_results": "x"}),
        ("registered-models/search", {"max_results": "-1"}),
        ("registered-models/search", {"max_results": "1001"}),
        ("registered-models/search", {"page_token": "x"}),
        ("registered-models/search", {"page_token": "eyJvZmZzZXQiOiAtMX0="}),
        ("registered-models/search", {"filter": "name = "}),
        ("registered-models/search", {"filter": "run_id = 'x'"}),
        ("registered-models/search", {"order_by": "nothing"}),
        ("model-versions/search", {"filter": "version_number LIKE '1'"}),
        ("model-versions/search", {"filter": "name > 'a'"}),
        ("model-versions/search", {"max_results": "200001"}),
    ],
)
def test_wrong_searches_are_refused(served: Served, path: str, query: dict[str, str]):
    answer = get(served, path, **query)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_an_invalid_query_encoding(served: Served):
    assert served.call("GET", f"{BASE}/registered-models/get?name=%ff").status == 400


def test_numbers_in_texts_stay_exact(served: Served):
    """Metrics of models come back as they went in, also those that JSON has no numbers for."""
    run, _ = new_run(served)
    experiment = served.context.tracking.get_info("default", run).experiment_id
    made = post(
        served, "logged-models", {"experiment_id": experiment, "source_run_id": run, "name": "n"}
    )
    model = made.json["model"]["info"]["model_id"]
    for key, value in (
        ("nan", "NaN"),
        ("inf", "Infinity"),
        ("ninf", "-Infinity"),
        ("x", 0.1),
        ("z", -0.0),
    ):
        metric = {
            "run_id": run,
            "key": key,
            "value": value,
            "timestamp": 1,
            "step": 0,
            "model_id": model,
        }
        assert post(served, "runs/log-metric", metric).status == 200
    answer = served.call("GET", f"{BASE}/logged-models/{model}")
    values = {one["key"]: one["value"] for one in answer.json["model"]["data"]["metrics"]}
    assert json.dumps(values, sort_keys=True) == json.dumps(
        {"nan": "NaN", "inf": "Infinity", "ninf": "-Infinity", "x": 0.1, "z": -0.0}, sort_keys=True
    )


def test_a_job_logs_models_of_its_own_run(served: Served):
    run, _ = new_run(served)
    other, _ = new_run(served)
    experiment = served.context.tracking.get_info("default", run).experiment_id
    token = served.issue(Role.JOB, workspace="default", job=run)
    mine = {"experiment_id": experiment, "source_run_id": run}
    made = post(served, "logged-models", mine, token)
    assert made.status == 200
    assert post(served, "logged-models", {**mine, "source_run_id": other}, token).status == 403
    theirs = post(served, "logged-models", {**mine, "source_run_id": other}).json
    path = f"{BASE}/logged-models/{theirs['model']['info']['model_id']}"
    for method, where, document in (
        ("PATCH", path, {"status": "LOGGED_MODEL_READY"}),
        ("PATCH", f"{path}/tags", {"tags": [{"key": "k", "value": "v"}]}),
        ("POST", f"{path}/params", {"params": [{"key": "k", "value": "v"}]}),
        ("DELETE", path, None),
    ):
        assert served.call(method, where, document, token=token).status == 403, where
    assert served.call("GET", path, token=token).status == 200


def test_a_param_of_a_model_stays(served: Served):
    run, _ = new_run(served)
    experiment = served.context.tracking.get_info("default", run).experiment_id
    made = post(
        served,
        "logged-models",
        {"experiment_id": experiment, "params": [{"key": "a", "value": "1"}]},
    )
    path = f"logged-models/{made.json['model']['info']['model_id']}/params"
    assert post(served, path, {"params": [{"key": "a", "value": "1"}]}).status == 200
    assert post(served, path, {"params": [{"key": "a", "value": "2"}]}).status == 400
