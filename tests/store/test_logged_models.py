"""Logged models are kept, changed and found, on both databases."""

import math
from typing import Any

import pytest

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.filters import parse
from zaffre.kinds.tracking import Metric
from zaffre.ports.logged_models import LoggedModel, OrderModels, SearchModels
from zaffre.store.database import Database
from zaffre.store.logged_models import SqlLoggedModels, write_metrics
from zaffre.testing.clock import FakeClock

W = "default"


@pytest.fixture(
    params=["sqlite_database", pytest.param("postgres_database", marks=pytest.mark.postgres)]
)
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def store(database: Database) -> SqlLoggedModels:
    return SqlLoggedModels(database, FakeClock())


def add(store: SqlLoggedModels, number: int, **facts: Any) -> LoggedModel:
    model = LoggedModel(
        f"m-{number}",
        facts.pop("experiment_id", "1"),
        facts.pop("name", f"model{number}"),
        f"mlflow-artifacts:/1/models/m-{number}/artifacts",
        number,
        number,
        **facts,
    )
    store.create(W, model)
    return model


def log(database: Database, *metrics: Metric, run: str = "r", workspace: str = W) -> None:
    database.write(lambda connection: write_metrics(connection, workspace, run, metrics))


def found(store: SqlLoggedModels, text: str | None = None, **more: Any) -> list[str]:
    wanted = SearchModels(more.pop("experiments", ["1"]), parse(text), **more)
    return [model.model_id for model in store.search(W, wanted)]


def test_a_model_comes_back_whole(store: SqlLoggedModels):
    model = add(
        store, 1, tags={"b": "é", "a": ""}, params={"p": "1"}, model_type="t", source_run_id="r"
    )
    assert store.get(W, "m-1") == model


def test_ids_are_taken_once_and_hidden_from_others(store: SqlLoggedModels):
    add(store, 1)
    with pytest.raises(Conflict):
        add(store, 1)
    with pytest.raises(NotFound):
        store.get("other", "m-1")
    with pytest.raises(NotFound):
        store.update("other", "m-1", status=2)
    with pytest.raises(NotFound):
        store.remove_tag("other", "m-1", "k")
    assert store.search("other", SearchModels(["1"])) == []


def test_changes_are_added(store: SqlLoggedModels):
    add(store, 1, tags={"a": "1", "b": "2"}, params={"p": "1"})
    store.update(W, "m-1", status=2, tags={"b": "3", "c": "4"}, params={"p": "1", "q": "2"})
    model = store.get(W, "m-1")
    assert (model.status, model.tags, model.params) == (
        2,
        {"a": "1", "b": "3", "c": "4"},
        {"p": "1", "q": "2"},
    )
    assert model.updated > model.created
    with pytest.raises(Conflict):
        store.update(W, "m-1", params={"p": "2"}, status=3)
    assert store.get(W, "m-1").status == 2


def test_a_tag_goes_once(store: SqlLoggedModels):
    add(store, 1, tags={"a": "1"})
    store.remove_tag(W, "m-1", "a")
    with pytest.raises(NotFound):
        store.remove_tag(W, "m-1", "a")


def test_a_deleted_model_is_seen_only_if_asked(store: SqlLoggedModels):
    add(store, 1, source_run_id="r")
    store.update(W, "m-1", deleted=True)
    with pytest.raises(NotFound):
        store.get(W, "m-1")
    assert store.get(W, "m-1", deleted=True).deleted
    assert found(store) == []
    assert store.of_run(W, "r") == []
    with pytest.raises(NotFound):
        store.update(W, "m-1", status=2)


def test_metrics_come_back_exactly(store: SqlLoggedModels, database: Database):
    add(store, 1)
    values = [0.1, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308]
    log(
        database,
        *(Metric("m", value, 1, step, "m-1", "d", "x") for step, value in enumerate(values)),
    )
    kept = store.get(W, "m-1").metrics
    assert [repr(metric.value) for metric in kept] == [repr(value) for value in values]
    assert (kept[0].run_id, kept[0].dataset_name, kept[0].dataset_digest) == ("r", "d", "x")


def test_only_metrics_of_known_models_are_kept(store: SqlLoggedModels, database: Database):
    add(store, 1)
    log(
        database,
        Metric("m", 1.0, 1, 0, "m-9"),
        Metric("m", 1.0, 1, 0),
        Metric("n", 1.0, 1, 0, "m-1"),
    )
    log(database, Metric("o", 1.0, 1, 0, "m-1"), workspace="other")
    log(database, Metric("n", 2.0, 1, 0, "m-1"), Metric("n", 3.0, 1, 0, "m-1"))
    assert [(metric.key, metric.value) for metric in store.get(W, "m-1").metrics] == [("n", 3.0)]


def test_conditions(store: SqlLoggedModels, database: Database):
    add(store, 1, name="a_b", tags={"t": "x%y"}, params={"p": "1"}, model_type="agent", status=2)
    add(store, 2, name="A*B", tags={"t": "xzy"}, params={"p": "2"}, source_run_id="r")
    add(store, 3, name="axb", experiment_id="2")
    log(database, Metric("acc", 0.5, 1, 0, "m-1", "d", "v1"), Metric("acc", 0.9, 2, 1, "m-1"))
    log(database, Metric("acc", math.nan, 1, 0, "m-2"), Metric("acc", 0.1, 1, 1, "m-2", "e", "v1"))
    for text, ids in {
        None: ["m-2", "m-1"],
        "name = 'a_b'": ["m-1"],
        "name LIKE 'a_b'": ["m-1"],
        "name LIKE 'A*%'": ["m-2"],
        "name ILIKE 'a%b'": ["m-2", "m-1"],
        "name != 'a_b'": ["m-2"],
        "name IN ('a_b', 'none')": ["m-1"],
        "name NOT IN ('a_b')": ["m-2"],
        "tags.t = 'x%y'": ["m-1"],
        "tags.t LIKE 'x%y'": ["m-2", "m-1"],
        "params.p != '1'": ["m-2"],
        "model_type = 'agent'": ["m-1"],
        "source_run_id = 'r'": ["m-2"],
        "status = 'READY'": ["m-1"],
        "status = 'nonsense'": [],
        "creation_timestamp >= 2": ["m-2"],
        "metrics.acc > 0.8": ["m-1"],
        "metrics.acc < 0.2": ["m-2"],
        "metrics.acc != 0.5 AND metrics.acc >= 0.9": ["m-1"],
        "metrics.none > 0": [],
        "name = 'it''s'": [],
    }.items():
        assert found(store, text) == ids, text
    assert found(store, experiments=["1", "2"]) == ["m-3", "m-2", "m-1"]
    assert found(store, experiments=[]) == []
    assert found(store, datasets=[("d", None)]) == ["m-1"]
    assert found(store, "metrics.acc > 0.8", datasets=[("d", None)]) == []
    assert found(store, datasets=[("d", "v2"), ("e", "v1")]) == ["m-2"]


def test_orders(store: SqlLoggedModels, database: Database):
    for number, name in ((1, "b"), (2, "a"), (3, "c")):
        add(store, number, name=name)
    log(
        database,
        Metric("acc", 9.0, 1, 0, "m-1", "d"),
        Metric("acc", 0.1, 2, 0, "m-1"),
        Metric("acc", 0.5, 1, 0, "m-2"),
    )
    log(database, Metric("acc", math.nan, 1, 0, "m-3"))
    assert found(store, order=[OrderModels("name")]) == ["m-2", "m-1", "m-3"]
    assert found(store, order=[OrderModels("acc", metric=True)]) == ["m-1", "m-2", "m-3"]
    assert found(store, order=[OrderModels("acc", metric=True, ascending=False)]) == [
        "m-2",
        "m-1",
        "m-3",
    ]
    on_data = OrderModels("acc", metric=True, ascending=False, dataset_name="d")
    assert found(store, order=[on_data])[0] == "m-1"
    assert found(store, order=[OrderModels("name")], limit=1, offset=1) == ["m-1"]
    assert found(store, order=[OrderModels("model_type"), OrderModels("name")]) == [
        "m-2",
        "m-1",
        "m-3",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "bogus = 'x'",
        "dataset.name = 'x'",
        "metrics.a LIKE 'x'",
        "metrics.a = 'x'",
        "name > 'x'",
        "status IN ('a')",
    ],
)
def test_other_conditions_are_refused(store: SqlLoggedModels, text: str):
    with pytest.raises(Invalid):
        found(store, text)


def test_other_orders_are_refused(store: SqlLoggedModels):
    with pytest.raises(Invalid):
        found(store, order=[OrderModels("bogus")])


def test_models_of_a_run(store: SqlLoggedModels):
    for number in (1, 2):
        add(store, number, source_run_id="r")
    assert [model.model_id for model in store.of_run(W, "r")] == ["m-2", "m-1"]
    assert store.of_run(W, "other") == []
