"""The stock MLflow client tracks experiments on our server."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from served import Served, serving
from zaffre.api.mlflow.app import ROUTES

pytestmark = pytest.mark.filterwarnings("ignore")
mlflow: Any = None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("tracking"), ROUTES) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Any]:
    """The client of the installed release; its whole API works on this server alone."""
    global mlflow  # noqa: PLW0603 - imported late, and without its warnings
    variables = {
        "MLFLOW_TRACKING_URI": served.url,
        "MLFLOW_TRACKING_TOKEN": served.token,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    }
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in variables.items():
            patch.setenv(name, value)
        for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
            patch.delenv(name, raising=False)
        import mlflow as installed

        mlflow = installed
        mlflow.set_tracking_uri(served.url)
        yield mlflow.MlflowClient(served.url)
        while mlflow.active_run():
            mlflow.end_run()
        mlflow.set_tracking_uri(None)


def code(call: Any, *words: str) -> str:
    """Give the error code that a call fails with, having checked its words."""
    with pytest.raises(mlflow.exceptions.MlflowException) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    return str(caught.value.error_code)


def test_experiments(client: Any):
    made = client.create_experiment("one", artifact_location="s3://b/p", tags={"a": "1"})
    found = client.get_experiment(made)
    assert (found.name, found.artifact_location, found.tags) == ("one", "s3://b/p", {"a": "1"})
    assert found.creation_time == found.last_update_time > 1.6e12
    assert code(lambda: client.create_experiment("one")) == "RESOURCE_ALREADY_EXISTS"
    assert code(lambda: client.create_experiment("")) == "INVALID_PARAMETER_VALUE"
    assert client.get_experiment_by_name("none") is None
    assert code(lambda: client.get_experiment("99999")) == "RESOURCE_DOES_NOT_EXIST"
    client.set_experiment_tag(made, "b", "2")
    client.rename_experiment(made, "uno")
    client.delete_experiment_tag(made, "a")
    assert client.get_experiment_by_name("uno").tags == {"b": "2"}
    client.delete_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "deleted"
    assert code(lambda: client.rename_experiment(made, "x")) == "INVALID_STATE"
    client.restore_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "active"


def test_search_experiments(client: Any):
    from mlflow.entities import ViewType

    for number in range(7):
        client.create_experiment(f"search-{number}", tags={"n": str(number)})
    found = client.search_experiments(filter_string="name LIKE 'search-%'", max_results=3)
    names = [one.name for one in found]
    while found.token:
        found = client.search_experiments(
            filter_string="name LIKE 'search-%'", max_results=3, page_token=found.token
        )
        names += [one.name for one in found]
    assert names == [f"search-{number}" for number in reversed(range(7))]
    by_name = client.search_experiments(
        filter_string="tags.n != '3' AND name LIKE 'search-%'", order_by=["name ASC"]
    )
    assert [one.name for one in by_name] == [f"search-{n}" for n in (0, 1, 2, 4, 5, 6)]
    assert (
        client.search_experiments(view_type=ViewType.DELETED_ONLY, filter_string="name = 'x'")
        == []
    )


def test_nested_runs(client: Any):
    mlflow.set_experiment("nested")
    with mlflow.start_run(run_name="parent", description="what it is") as parent:
        mlflow.log_param("depth", 3)
        for number in range(3):
            with mlflow.start_run(nested=True):
                mlflow.log_metric("score", number)
    run = client.get_run(parent.info.run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "parent")
    assert run.data.params == {"depth": "3"}
    assert run.data.tags["mlflow.note.content"] == "what it is"
    assert run.info.end_time >= run.info.start_time > 0
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.score DESC"],
    )
    assert list(children["metrics.score"]) == [2.0, 1.0, 0.0]
    assert client.get_parent_run(children["run_id"][0]).info.run_id == parent.info.run_id


def test_failing_runs_and_names(client: Any):
    mlflow.set_experiment("failing")
    with pytest.raises(ZeroDivisionError), mlflow.start_run() as run:
        1 / 0  # noqa: B018
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FAILED"
    assert found.info.run_name == found.data.tags["mlflow.runName"] != ""
    client.update_run(run.info.run_id, name="renamed", status="KILLED")
    assert client.get_run(run.info.run_id).info.run_name == "renamed"
    client.set_tag(run.info.run_id, "mlflow.runName", "again")
    assert client.get_run(run.info.run_id).info.run_name == "again"
    client.delete_run(run.info.run_id)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    error = code(
        lambda: client.log_metric(run.info.run_id, "a", 1), "must be in the 'active' state"
    )
    assert error == "INVALID_PARAMETER_VALUE"
    client.restore_run(run.info.run_id)
    client.delete_tag(run.info.run_id, "mlflow.runName")
    assert code(lambda: client.delete_tag(run.info.run_id, "none")) == "RESOURCE_DOES_NOT_EXIST"
    assert (
        code(lambda: client.get_run("none"), "Run with id=none not found")
        == "RESOURCE_DOES_NOT_EXIST"
    )


def test_numbers_come_back_exactly(client: Any):
    run = client.create_run("0").info.run_id
    odd = {
        "nan": math.nan,
        "inf": math.inf,
        "-inf": -math.inf,
        "zero": -0.0,
        "tiny": 5e-324,
        "f": 0.1 + 0.2,
    }
    for key, value in odd.items():
        client.log_metric(run, key, value, timestamp=1, step=-3)
    found = client.get_run(run).data.metrics
    for key, value in odd.items():
        for seen in (found[key], client.get_metric_history(run, key)[0].value):
            assert repr(seen) == repr(value)
    assert client.get_metric_history(run, "f")[0].step == -3
    assert client.get_metric_history(run, "none") == []


def test_log_batch_and_its_limits(client: Any):
    from mlflow.entities import Metric, Param, RunTag

    run = client.create_run("0").info.run_id
    metrics = [Metric("loss", i * 0.5, 1000 + i, i) for i in range(1000)]
    client.log_batch(run, metrics=metrics)
    client.log_batch(run, metrics=metrics[:5])
    history = client.get_metric_history(run, "loss")
    assert [(m.value, m.timestamp, m.step) for m in history] == [
        (i * 0.5, 1000 + i, i) for i in range(1000)
    ]
    tags = [RunTag(f"t{i}", "x") for i in range(100)]
    client.log_batch(run, params=[Param(f"p{i}", "é" * 500) for i in range(100)], tags=tags)
    data = client.get_run(run).data
    assert (len(data.params), data.params["p9"], data.metrics) == (100, "é" * 500, {"loss": 499.5})
    assert len(data.tags) == 101


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"metrics": [{"key": "a", "value": 1, "timestamp": 1}] * 1001}, "at most 1000 metrics"),
        ({"params": [{"key": f"a{i}", "value": "1"} for i in range(101)]}, "at most 100 params"),
        ({"tags": [{"key": f"a{i}", "value": "1"} for i in range(101)]}, "at most 100 tags"),
        (
            {"params": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]},
            "Duplicate parameter keys",
        ),
        ({"metrics": [{"key": "a" * 251, "value": 1, "timestamp": 1}]}, "maximum length of 250"),
        ({"metrics": [{"key": "a/../b", "value": 1, "timestamp": 1}]}, "must not resolve"),
        ({"metrics": [{"key": "a\u0000", "value": 1, "timestamp": 1}]}, "Names may only contain"),
        ({"metrics": [{"key": "a", "value": 1, "timestamp": -1}]}, "nonnegative"),
        ({"metrics": [{"key": "a", "value": 1, "timestamp": 2**63}]}, "nonnegative"),
        ({"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": 2**63}]}, "step"),
        ({"metrics": [{"key": "a", "value": "x", "timestamp": 1}]}, "valid double"),
        ({"metrics": [{"key": "a", "timestamp": 1}]}, "metrics[0].value"),
        ({"metrics": [{"value": 1, "timestamp": 1}]}, "metrics[0].key"),
        ({"metrics": [{"key": "a", "value": True, "timestamp": 1}]}, "bool"),
        ({"metrics": {"key": "a"}}, "array"),
        ({"tags": [{"key": "a", "value": "\u0000"}]}, "NUL"),
        ({"params": [{"key": "a", "value": "x" * 200_000}]}, "maximum length"),
        ({"params": [{"key": "", "value": "x"}]}, "params[0].key"),
    ],
)
def test_what_a_batch_may_not_hold(served: Served, client: Any, document: dict, words: str):
    run = client.create_run("0").info.run_id
    good = [{"key": "good", "value": "1"}]
    sent = {"run_id": run, "tags": good, **document}
    answer = served.call("POST", "/api/2.0/mlflow/runs/log-batch", sent)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer.json["message"]
    assert "good" not in client.get_run(run).data.tags


def test_params_do_not_change(client: Any):
    run = client.create_run("0").info.run_id
    client.log_param(run, "a", 1)
    client.log_param(run, "a", 1)
    words = ("Changing param values is not allowed", "key='a'", "value='1'", "'2'")
    assert code(lambda: client.log_param(run, "a", 2), *words) == "INVALID_PARAMETER_VALUE"
    both = [mlflow.entities.Param("b", "1"), mlflow.entities.Param("a", "3")]
    error = code(lambda: client.log_batch(run, params=both), "Params were already logged")
    assert error == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run).data.params == {"a": "1"}


def test_history_pages(client: Any, served: Served):
    from mlflow.entities import Metric

    run = client.create_run("0").info.run_id
    client.log_batch(run, metrics=[Metric("m", float(i), i, 0) for i in range(10)])
    path = f"/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=m&max_results=4"
    values, token = [], ""
    while True:
        answer = served.call("GET", f"{path}&page_token={token}").json
        values += [metric["value"] for metric in answer["metrics"]]
        token = answer.get("next_page_token", "")
        if not token:
            break
    assert values == [float(i) for i in range(10)]
    for asked in ("max_results=0", "max_results=x", "page_token=x"):
        wrong = served.call("GET", path.replace("max_results=4", asked))
        assert (wrong.status, wrong.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    base = "/api/2.0/mlflow/metrics/get-history-bulk"
    bulk = served.call("GET", f"{base}?run_id={run}&run_id=none&metric_key=m&max_results=3").json
    assert [(one["run_id"], one["step"], one["value"]) for one in bulk["metrics"]] == [
        (run, 0, 0.0), (run, 0, 1.0), (run, 0, 2.0),
    ]  # fmt: skip
    some = served.call("GET", f"{base}-interval?run_ids={run}&metric_key=m&max_results=3").json
    assert [one["value"] for one in some["metrics"]][::2] == [0.0, 9.0]
    half = served.call("GET", f"{base}-interval?run_ids={run}&metric_key=m&start_step=1")
    assert half.status == 400


def test_search_runs_with_pages(client: Any):
    from mlflow.entities import ViewType

    experiment = client.create_experiment("paged")
    ids = [client.create_run(experiment, start_time=i).info.run_id for i in range(5)]
    client.delete_run(ids[0])
    found = client.search_runs([experiment], max_results=2)
    second = client.search_runs([experiment], max_results=2, page_token=found.token)
    assert [run.info.run_id for run in [*found, *second]] == ids[:0:-1]
    assert second.token is None
    assert len(client.search_runs([experiment], run_view_type=ViewType.ALL)) == 5
    assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
    assert client.search_runs(["12345"]) == []
    for bad in ("metrics.a > 'x'", "bogus = 'x'", "params.a = 1", "x", "a = 'b' OR c = 'd'"):
        error = code(lambda bad=bad: client.search_runs([experiment], bad))
        assert error == "INVALID_PARAMETER_VALUE"
    error = code(lambda: client.search_runs([experiment], order_by=["metrics.a UP"]))
    assert error == "INVALID_PARAMETER_VALUE"


def test_datasets(client: Any, served: Served):
    import pandas

    mlflow.set_experiment("datasets")
    data = mlflow.data.from_pandas(pandas.DataFrame({"a": [1, 2]}), name="numbers")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
        mlflow.log_input(data, context="training")
    found = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert [(one.dataset.name, one.dataset.digest) for one in found] == [("numbers", data.digest)]
    assert [(tag.key, tag.value) for tag in found[0].tags] == [("mlflow.data.context", "training")]
    experiment = run.info.experiment_id
    for text in ("dataset.name = 'numbers'", "datasets.context IN ('training')"):
        assert len(client.search_runs([experiment], text)) == 1
    asked = {"experiment_ids": [experiment]}
    answer = served.call("POST", "/api/2.0/mlflow/experiments/search-datasets", asked).json
    summary = answer["dataset_summaries"][0]
    assert (summary["name"], summary["context"]) == ("numbers", "training")


def test_autolog_of_scikit_learn(client: Any):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("autolog")
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        features, target = load_iris(return_X_y=True, as_frame=True)
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=200).fit(features, target)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    data = client.get_run(run.info.run_id).data
    assert 0.9 < data.metrics["training_accuracy_score"] <= 1
    assert data.params["max_iter"] == "200"
    assert data.tags["estimator_name"] == "LogisticRegression"


def test_traces_are_refused_clearly(client: Any, served: Served):
    for method, path in (
        ("POST", "/api/3.0/mlflow/traces"),
        ("GET", "/api/2.0/mlflow/traces/x/info"),
    ):
        answer = served.call(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.json["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert "Traces" in answer.json["message"]
