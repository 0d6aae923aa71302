"""Jobs found by what they logged, sorted by it, with what tables show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from served import Served, serving
from zaffre.api.table import all_routes

SEARCH = "/api/v1/workspaces/default/jobs/search"
MLFLOW = "/api/2.0/mlflow"
LOSSES = {"a": 0.5, "b": 0.1, "c": 0.3}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("search"), all_routes()) as running:
        for name, loss in LOSSES.items():
            run = log(running, name, experiment="one", loss=loss, params={"alpha": name})
            log(running, f"{name}-child", experiment="one", parent=run, loss="NaN")
        log(running, "other", experiment="two")
        yield running


def log(
    served: Served,
    name: str,
    *,
    experiment: str,
    loss: float | str | None = None,
    params: dict[str, str] | None = None,
    parent: str = "",
) -> str:
    found = served.call("GET", f"{MLFLOW}/experiments/get-by-name?experiment_name={experiment}")
    if found.status == 404:
        made = served.call("POST", f"{MLFLOW}/experiments/create", {"name": experiment})
        number = made.json["experiment_id"]
    else:
        number = found.json["experiment"]["experiment_id"]
    tags = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
    body = {"experiment_id": number, "run_name": name, "start_time": 1, "tags": tags}
    run = served.call("POST", f"{MLFLOW}/runs/create", body).json["run"]["info"]["run_id"]
    metrics = [{"key": "loss", "value": loss, "timestamp": 1, "step": 0}] if loss else []
    pairs = [{"key": key, "value": text} for key, text in (params or {}).items()]
    batch = {"run_id": run, "metrics": metrics, "params": pairs}
    assert served.call("POST", f"{MLFLOW}/runs/log-batch", batch).status == 200
    return str(run)


def found(served: Served, **asked: str) -> list[dict[str, Any]]:
    answer = served.call("POST", SEARCH, asked)
    assert answer.status == 200, answer.json
    return answer.json["items"]


def names(served: Served, **asked: str) -> list[str]:
    return [one["display_name"] for one in found(served, **asked)]


def test_without_a_filter_it_is_the_list_with_what_was_logged(served: Served) -> None:
    rows = {one["display_name"]: one for one in found(served, parent_job_name="")}
    assert list(rows) == ["other", "c", "b", "a"]
    assert (rows["a"]["metrics"], rows["a"]["params"]) == ({"loss": 0.5}, {"alpha": "a"})
    assert [one["children"] for one in rows.values()] == [0, 1, 1, 1]


def test_a_number_that_json_has_no_word_for_is_a_text(served: Served) -> None:
    assert found(served, name_contains="a-child")[0]["metrics"] == {"loss": "NaN"}


def test_what_was_logged_narrows_and_sorts(served: Served) -> None:
    assert names(served, filter="metrics.loss < 0.4", order_by="metrics.loss ASC") == ["b", "c"]
    assert names(served, filter="params.alpha = 'a'") == ["a"]
    assert names(served, order_by="metrics.loss DESC", parent_job_name="")[:3] == ["a", "c", "b"]


def test_the_list_s_own_words_hold_beside_a_filter(served: Served) -> None:
    by = {"order_by": "attributes.run_name ASC"}
    assert names(served, **by, experiment_name="two") == ["other"]
    assert names(served, **by, name_contains="CHILD", state="Running")[0] == "a-child"
    assert names(served, **by, state="Completed") == []
    parent = found(served, filter="params.alpha = 'a'")[0]["name"]
    assert names(served, **by, parent_job_name=parent) == ["a-child"]


def test_pages_follow_each_other(served: Served) -> None:
    asked = {"order_by": "metrics.loss ASC", "parent_job_name": "", "limit": "2"}
    first = served.call("POST", SEARCH, asked).json
    second = served.call("POST", SEARCH, {**asked, "after": first["next"]}).json
    shown = [one["display_name"] for one in [*first["items"], *second["items"]]]
    assert shown == ["b", "c", "a", "other"]
    assert second["next"] == ""


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "metrics.loss <"},
        {"order_by": "nothing.x"},
        {"state": "Sleeping"},
        {"after": "x", "filter": "metrics.loss < 1"},
        {"limit": 5},
        {"colour": "blue"},
        {"filter": "metrics.`loss` = 'a'"},
    ],
)
def test_a_wrong_search_says_so(served: Served, asked: dict[str, Any]) -> None:
    answer = served.call("POST", SEARCH, asked)
    assert answer.status == 422
    assert answer.json["detail"]
