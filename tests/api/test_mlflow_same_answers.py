"""Searches give the answers of MLflow's own store, filled in the same way."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from served import serving
from zaffre.api.mlflow.app import ROUTES

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]

RUNS: Sequence[tuple[str, float | None, str | None, str | None]] = (
    ("a", 0.1, "0.1", "x"),
    ("b", 0.5, "0.5", "y"),
    ("c", float("nan"), "0.1", None),
    ("d", None, "10", "Xy"),
    ("E", -1.0, None, "x_y"),
    ("f", 1e300, "9", "x%y"),
    ("g", 0.1, "abc", "é"),
)
FILTERS = (
    "", "metrics.acc > 0.1", "metrics.acc >= 0.1", "metrics.acc != 0.1", "metrics.acc = 0.1", "metrics.acc < 0.1",
    "metrics.acc <= -1", "metrics.`my loss` > 2 and params.lr='0.1'", 'metrics."my loss" < 3', "params.lr = '0.1'",
    "params.lr != '0.1'", "params.lr LIKE '0%'", "params.lr like '_'", "params.lr ILIKE 'ABC'", "params.lr IS NULL",
    "params.lr IS NOT NULL", "tags.`t.x` = 'x'", "tags.t.x LIKE 'x_y'", "tags.t.x LIKE 'x%y'", "tags.t.x ILIKE 'X%'",
    "tags.t.x ILIKE 'É'", "tags.t.x != 'x'", "tags.t.x IS NULL", "run_name = 'E'", "attributes.run_name LIKE 'e'",
    "run_name ILIKE 'e'", "`run name` != 'a'", "status = 'FINISHED'", "status != 'FINISHED'", "status LIKE 'FIN%'",
    "user_id = 'ua'", "start_time > 10", "start_time >= 10.5", "created < 20", "end_time > 102", "end_time != 103",
    "end_time < 1000", "dataset.name = 'ds'", "dataset.digest LIKE 'd%'", "dataset.context = 'train'",
    "dataset.name != 'ds'", "dataset.name IN ('ds','x')", "metrics.acc > 0 and metrics.acc < 1",
    "tags.t.x = 'x' and tags.t.x = 'y'", "metrics.none > 1", "params.lr > '1'", "metrics.acc = '1'", "x",
    'params.lr = "0.1"', "artifact_uri LIKE '%'", "run_id IN ('zz')", "run_id NOT IN ('zz')", "run_id != 'x'",
    "start_time = 0", "metrics.acc > -1e400", "metrics.acc < 1e400", "metric.acc > 0", "param.lr = '9'",
    "tag.t.x='y'", "attr.status = 'FINISHED'", "run.status = 'RUNNING'", "parameters.lr = '9'",
    "attributes.`run_name` = 'a'", 'tags."t.x" = \'x\'', "dataset.name IN ('ds',)", "status IN ('FINISHED')",
)  # fmt: skip
ORDERS = (
    ["start_time DESC"], ["metrics.acc"], ["metrics.acc DESC"], ["metrics.`my loss` desc"], ["params.lr"],
    ["params.lr DESC"], ["tags.t.x", "start_time"], ["end_time"], ["end_time DESC"], ["start_time ASC"],
    ["attributes.run_name"], ["status", "user_id DESC"], ["metrics.acc", "metrics.`my loss` DESC"],
    ["dataset.name"], ["bogus"], ["metrics.acc FOO"], ["Created DESC"],
)  # fmt: skip
EXPERIMENT_FILTERS = (
    "name = 'e'", "name LIKE 'OTHER%'", "name ILIKE 'OTHER%'", "tags.k = 'V'", "tags.k ILIKE 'v'", "tags.k IS NULL",
    "tags.z IS NOT NULL", "creation_time > 0", "last_update_time < 5", "name != 'e'", "experiment_id = '0'",
    "experiment_id IN ('0','1')", "experiment_id LIKE '0'", "experiment_id = 'x'", "attribute.name = 'e'",
    "attributes.name = 'e'", "attribute.creation_time > 1.5", "name IN ('e')", "name > 'a'", "bogus = '1'",
)  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """MLflow's own store, and its client's store on our server, both filled."""
    folder = tmp_path_factory.mktemp("same")
    with (
        serving(folder, ROUTES) as served,
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.setenv("MLFLOW_TRACKING_TOKEN", served.token)
        from mlflow.store.tracking.rest_store import RestStore
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from mlflow.utils.rest_utils import MlflowHostCreds

        theirs = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", str(folder / "files"))
        ours = RestStore(lambda: MlflowHostCreds(served.url, token=served.token))
        for store in (theirs, ours):
            _fill(store)
        yield theirs, ours


def _fill(store: Any) -> None:
    from mlflow.entities import (
        Dataset,
        DatasetInput,
        ExperimentTag,
        InputTag,
        Metric,
        Param,
        RunStatus,
        RunTag,
    )

    experiment = store.create_experiment("e")
    store.create_experiment("other Exp", tags=[ExperimentTag("k", "V")])
    for place, (name, acc, lr, tag) in enumerate(RUNS):
        run = store.create_run(experiment, f"u{name}", (place % 4) * 10, [], name).info.run_id
        metrics = [Metric("my loss", float(place), 1, 1)]
        metrics += [] if acc is None else [Metric("acc", acc, 1, 1)]
        params = [Param("lr", lr)] if lr else []
        store.log_batch(run, metrics, params, [RunTag("t.x", tag)] if tag else [])
        if place % 2:
            store.update_run_info(run, RunStatus.FINISHED, 100 + place, None)
        if place == 3:
            used = Dataset("ds", "d1", "local", "s")
            store.log_inputs(run, [DatasetInput(used, [InputTag("mlflow.data.context", "train")])])


def _found(store: Any, text: str, order: list[str], limit: int = 1000) -> Any:
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    experiment = store.get_experiment_by_name("e").experiment_id
    names: list[str] = []
    token = None
    try:
        while True:
            runs, token = store._search_runs(
                [experiment], text, ViewType.ACTIVE_ONLY, limit, [*order, "run_id"], token
            )
            names += [run.info.run_name for run in runs]
            if not token:
                return sorted(names) if order == [] else names
    except MlflowException as error:
        return error.error_code


@pytest.mark.parametrize("text", FILTERS)
def test_filters(stores: tuple[Any, Any], text: str):
    theirs, ours = stores
    assert _found(ours, text, []) == _found(theirs, text, [])


@pytest.mark.parametrize("limit", [2, 1000])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_orders(stores: tuple[Any, Any], order: list[str], limit: int):
    theirs, ours = stores
    if not any("run_name" in one for one in order):
        order = [*order, "run_name"]
    assert _found(ours, "", order, limit) == _found(theirs, "", order, limit)


@pytest.mark.parametrize("text", EXPERIMENT_FILTERS)
def test_experiments(stores: tuple[Any, Any], text: str):
    from mlflow.exceptions import MlflowException

    found = []
    for store in stores:
        try:
            found.append(
                [
                    one.name
                    for one in store.search_experiments(filter_string=text, order_by=["name"])
                ]
            )
        except MlflowException as error:
            found.append(error.error_code)
    assert found[0] == found[1]
