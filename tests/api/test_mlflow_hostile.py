"""No input to the tracking routes causes a 5xx, and what is accepted comes back as it was."""

import json
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from served import Served, serving
from zaffre.api.mlflow.app import ROUTES
from zaffre.api.routing import Route

BASE = "/api/2.0/mlflow/"
MINE = [
    route
    for route in ROUTES
    if route.path.startswith((f"{BASE}runs/", f"{BASE}experiments/", f"{BASE}metrics/"))
]
FIELDS = [
    "run_id",
    "run_uuid",
    "key",
    "value",
    "timestamp",
    "step",
    "metrics",
    "params",
    "tags",
    "experiment_id",
    "name",
    "new_name",
    "filter",
    "order_by",
    "max_results",
    "page_token",
    "view_type",
    "run_view_type",
    "status",
    "end_time",
    "start_time",
    "datasets",
    "models",
    "experiment_ids",
    "metric_key",
    "run_ids",
    "start_step",
    "end_step",
    "artifact_location",
    "experiment_name",
    "user_id",
    "run_name",
    "model_id",
    "dataset",
    "digest",
    "source",
    "source_type",
    "schema",
    "profile",
]
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hostile"), ROUTES) as running:
        yield running


@pytest.fixture(scope="module")
def run(served: Served) -> str:
    """A run that the generated calls speak of; they may delete it too."""
    return started(served)


def started(served: Served) -> str:
    made = served.call("POST", f"{BASE}runs/create", {"experiment_id": "0"}).json
    batch = {
        "run_id": made["run"]["info"]["run_id"],
        "metrics": [{"key": "m", "value": 1.5, "timestamp": 1, "step": 1}],
        "params": [{"key": "p", "value": "x"}],
    }
    assert served.call("POST", f"{BASE}runs/log-batch", batch).status == 200
    return batch["run_id"]


def scalars() -> some.SearchStrategy[Any]:
    return some.one_of(
        some.none(),
        some.booleans(),
        some.integers(-(2**70), 2**70),
        some.floats(),
        some.text(max_size=20),
        some.sampled_from(
            ["0", "", "NaN", "-1", "1e400", "\x00", "../x", "m", "p", "default", "'", '"', "%"]
        ),
    )


def values() -> some.SearchStrategy[Any]:
    keys = some.one_of(some.sampled_from(FIELDS), some.text(max_size=5))
    return some.recursive(
        scalars(),
        lambda inner: some.one_of(
            some.lists(inner, max_size=3), some.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=8,
    )


def check(answer: Any) -> None:
    assert answer.status < 500, answer.body
    document = json.loads(answer.body)
    if answer.status >= 400:
        assert document["error_code"] != "INTERNAL_ERROR"
        assert document["message"]


@SLOW
@given(data=some.data())
def test_bodies(served: Served, run: str, data: some.DataObject):
    route: Route = data.draw(some.sampled_from([one for one in MINE if one.method == "POST"]))
    keys = some.sampled_from(FIELDS)
    document = data.draw(some.dictionaries(keys, values(), max_size=6))
    if data.draw(some.booleans()):
        document |= {"run_id": run, "experiment_id": "0", "experiment_ids": ["0"]}
    body = json.dumps(document).encode()
    check(served.call("POST", route.path, body=body))


@SLOW
@given(data=some.data())
def test_queries(served: Served, run: str, data: some.DataObject):
    route: Route = data.draw(some.sampled_from([one for one in MINE if one.method == "GET"]))
    texts = some.one_of(
        some.sampled_from(["m", "0", "-1", str(2**70), "x", "\x00"]), some.text(max_size=9)
    )
    document = data.draw(some.dictionaries(some.sampled_from(FIELDS), texts, max_size=5))
    if data.draw(some.booleans()):
        document |= {"run_id": run, "run_ids": run, "metric_key": "m"}
    encoded = urlencode(document, quote_via=quote, errors="surrogatepass")
    check(served.call("GET", f"{route.path}?{encoded}"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"run_id": "\\ud800"}',
        b"1e999",
        b"{}",
    ],
)
@pytest.mark.parametrize(
    "route", [one for one in MINE if one.method == "POST"], ids=lambda one: one.path
)
def test_bodies_that_are_no_documents(served: Served, route: Route, body: bytes):
    check(served.call("POST", route.path, body=body))


WORDS = some.sampled_from(
    [
        "metrics.m", "params.p", "tags.`a b`", 'param."x"', "run_id", "start_time", "dataset.name", "run name", "AND",
        "and", "=", "!=", ">", "<=", "LIKE", "ILIKE", "IN", "NOT", "IS", "NULL", "(", ")", ",", "'x'", '"%"', "1",
        "-1.5e3", "1e999", "9" * 40, "`", "'", "OR", ";", "--", "/*", "\\", "''", "attributes.", ".", "status",
    ]
)  # fmt: skip


@SLOW
@given(
    text=some.one_of(
        some.lists(WORDS, max_size=12).map(" ".join),
        some.text(max_size=60),
        some.text(string.punctuation + string.ascii_letters + " ", max_size=40),
    ),
    orders=some.lists(some.one_of(WORDS, some.text(max_size=20)), max_size=3),
)
def test_filters_and_orders(served: Served, run: str, text: str, orders: list[str]):
    for path in ("runs/search", "experiments/search"):
        sent = {"experiment_ids": ["0"], "filter": text, "order_by": orders}
        body = json.dumps(sent).encode("utf-8", "surrogatepass")
        check(served.call("POST", f"{BASE}{path}", body=body))


@SLOW
@given(
    key=some.text(min_size=1, max_size=60),
    value=some.text(max_size=200),
    kind=some.sampled_from(["log-parameter", "set-tag"]),
)
def test_what_is_accepted_comes_back(served: Served, key: str, value: str, kind: str):
    made = served.call("POST", f"{BASE}runs/create", {"experiment_id": "0"}).json
    run = made["run"]["info"]["run_id"]
    sent = {"run_id": run, "key": key, "value": value}
    answer = served.call("POST", f"{BASE}runs/{kind}", sent)
    check(answer)
    data = served.call("GET", f"{BASE}runs/get?run_id={run}").json["run"]["data"]
    kept = data.get("params" if kind == "log-parameter" else "tags", [])
    assert ({"key": key, "value": value} in kept) == (answer.status == 200)


def test_bare_nan_of_python_is_understood(served: Served):
    run = started(served)
    body = f'{{"run_id": "{run}", "key": "n", "value": NaN, "timestamp": 1, "step": "7"}}'.encode()
    assert served.call("POST", f"{BASE}runs/log-metric", body=body).status == 200
    found = served.call("GET", f"{BASE}metrics/get-history?run_id={run}&metric_key=n").json
    assert found["metrics"] == [{"key": "n", "value": "NaN", "timestamp": 1, "step": 7}]


def test_a_large_batch_is_refused(served: Served):
    sent = {"run_id": started(served), "tags": [{"key": "a", "value": "x" * 1_000_000}]}
    answer = served.call("POST", f"{BASE}runs/log-batch", sent)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
