"""The promises of the tracking socket on runs and searches, as tests to inherit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.search import parse_filter, parse_order
from zaffre.kinds.search_tracking import RUNS
from zaffre.kinds.tracking import (
    PARENT_RUN,
    RUN_NAME,
    SOURCE_NAME,
    Batch,
    Dataset,
    DatasetInput,
    Metric,
    ModelLink,
    NewRun,
    Pair,
)
from zaffre.ports.tracking import BrowseRuns, Search, TrackingStore

W = "default"
NAN = float("nan")


def made(store: TrackingStore, name: str = "r", experiment: str = "0", **more: object) -> str:
    """Create a run and give its id."""
    return store.create_run(W, NewRun(experiment, name=name, **more)).info.id  # type: ignore[arg-type]


def found(store: TrackingStore, text: str = "", *orders: str, limit: int = 100) -> list[str]:
    """Give the names of the runs that a filter finds, over all pages."""
    names: list[str] = []
    page = ""
    while True:
        search = Search(
            clauses=parse_filter(text, RUNS),
            order=[parse_order(order, RUNS) for order in orders],
            limit=limit,
            page=page,
        )
        answer = store.search_runs(W, ["0"], search)
        names += [run.info.name for run in answer.items]
        page = answer.next
        if not page:
            return names


def grid(store: TrackingStore) -> None:
    """Log four runs: a, b and c with the metric `acc` 0.1, 0.5 and NaN; d without it."""
    for place, (name, acc) in enumerate((("a", 0.1), ("b", 0.5), ("c", NAN), ("d", None))):
        run = made(store, name, start_time=place, user=f"user-{name}")
        metrics = (
            []
            if acc is None
            else [Metric("acc", acc, 1, 1), Metric("my loss", float(place), 1, 1)]
        )
        params = [Pair("lr", f"0.{place}"), Pair("Name", name.upper())]
        tags = [Pair("my.tag", name), *([Pair("extra", "x")] if place % 2 else [])]
        store.record(W, run, Batch(metrics, params, tags)).result()


FILTERS: Sequence[tuple[str, list[str]]] = (
    ("", ["d", "c", "b", "a"]),
    ("metrics.acc > 0.1", ["b"]),
    ("metrics.acc >= 0.1", ["b", "a"]),
    ("metrics.acc < 1e9", ["b", "a"]),
    ("metrics.acc <= 0.1", ["a"]),
    ("metrics.acc = 0.5", ["b"]),
    ("metrics.acc != 0.5", ["c", "a"]),
    ("metrics.acc > -1 AND params.lr = '0.1'", ["b"]),
    ("metrics.`my loss` = 1", ["b"]),
    ('metric."my loss" > 0', ["c", "b"]),
    ("params.Name = 'A'", ["a"]),
    ("params.name = 'A'", []),
    ("params.Name != 'A'", ["d", "c", "b"]),
    ("params.Name LIKE 'a'", []),
    ("params.Name LIKE '_'", ["d", "c", "b", "a"]),
    ("params.Name ILIKE 'a%'", ["a"]),
    ("params.none IS NULL", ["d", "c", "b", "a"]),
    ("tags.extra IS NOT NULL", ["d", "b"]),
    ("tags.extra IS NULL", ["c", "a"]),
    ("tags.my.tag = 'c'", ["c"]),
    ("tag.`my.tag` IN ('c')", ["error"]),
    ("attributes.run_name = 'd'", ["d"]),
    ("`Run name` LIKE '%'", ["d", "c", "b", "a"]),
    ("user_id ILIKE 'USER-A'", ["a"]),
    ("status = 'RUNNING' and start_time >= 2", ["d", "c"]),
    ("start_time > 0.5 AND start_time < 2.5", ["c", "b"]),
    ("created = 3", ["d"]),
    ("end_time > 0", []),
    ("start_time < 99999999999999999999999", ["d", "c", "b", "a"]),
    ("run_id IN ('x', \"y\")", []),
    ("run_id NOT IN ('x')", ["d", "c", "b", "a"]),
    ("artifact_uri LIKE 'mlflow-artifacts:/0/%'", ["d", "c", "b", "a"]),
    ("dataset.name = 'd'", []),
    ("params.lr = '0.1' OR 1 = 1", ["error"]),
    ("params.Name = '\\'", []),
    ("params.Name LIKE '\\'", []),
)

ORDERS: Sequence[tuple[tuple[str, ...], str]] = (
    ((), "dcba"),
    (("start_time ASC",), "abcd"),
    (("attributes.start_time desc",), "dcba"),
    (("metrics.acc",), "abcd"),
    (("metrics.acc DESC",), "bacd"),
    (("metrics.none",), "dcba"),
    (("metrics.acc DESC", "metrics.none", "start_time ASC"), "bacd"),
    (("tags.extra", "attribute.run_name"), "bdac"),
    (("params.`Name` DESC",), "dcba"),
    (("end_time", "run_name DESC"), "dcba"),
)


class RunPromises:
    """What every tracking store does with runs."""

    def test_a_run_comes_back(self, store: TrackingStore) -> None:
        """With its place, name, tags and what it is."""
        run = store.create_run(
            W, NewRun("0", "n", "me", 5, [Pair("b", "2"), Pair(SOURCE_NAME, "x.py")])
        )
        info = run.info
        assert (info.name, info.user, info.start_time, info.end_time) == ("n", "me", 5, None)
        assert (info.status, info.stage, info.source) == ("RUNNING", "active", "x.py")
        assert info.artifact_uri == f"mlflow-artifacts:/0/{info.id}/artifacts"
        assert list(run.tags) == [Pair("b", "2"), Pair(RUN_NAME, "n"), Pair(SOURCE_NAME, "x.py")]
        assert store.get_run(W, info.id) == run
        assert store.get_info(W, info.id) == info

    def test_a_given_id_makes_one_run(self, store: TrackingStore) -> None:
        """Creating it again gives the one there is; another workspace may use the id too."""
        first = store.create_run(W, NewRun("0", name="n", id="job-1", status="SCHEDULED"))
        assert store.create_run(W, NewRun("0", name="other", id="job-1")) == first
        there = store.ensure_experiment("other", "Default")
        assert store.create_run("other", NewRun(there, name="o", id="job-1")).info.name == "o"

    def test_many_runs_at_once(self, store: TrackingStore) -> None:
        """Those that exist stay as they are; a wrong one keeps all others out."""
        first = store.create_run(W, NewRun("0", name="n", id="job-1"))
        store.create_runs(W, [NewRun("0", name=name, id=name) for name in ("job-1", "job-2")])
        assert store.get_run(W, "job-1") == first
        assert store.get_info(W, "job-2").name == "job-2"
        with pytest.raises(NotFound):
            store.create_runs(W, [NewRun("0", id="job-3"), NewRun("999", id="job-4")])
        with pytest.raises(NotFound):
            store.get_info(W, "job-3")
        store.create_runs(W, [])

    def test_what_is_not_there(self, store: TrackingStore) -> None:
        """Or in another workspace, is not found."""
        there = store.ensure_experiment("other", "Default")
        theirs = store.create_run("other", NewRun(there, name="o")).info.id
        for run in ("none", theirs, ""):
            with pytest.raises(NotFound):
                store.get_run(W, run)
            with pytest.raises(NotFound):
                store.record(W, run, Batch(tags=[Pair("a", "b")])).result()
        with pytest.raises(NotFound):
            store.create_run(W, NewRun(there, name="o"))

    def test_update(self, store: TrackingStore) -> None:
        """Changes what is given; the name is a tag too."""
        run = made(store)
        store.update_run(W, run, status="FINISHED", end_time=9)
        info = store.update_run(W, run, name="new")
        assert (info.status, info.end_time, info.name) == ("FINISHED", 9, "new")
        assert Pair(RUN_NAME, "new") in store.get_run(W, run).tags
        store.record(W, run, Batch(tags=[Pair(RUN_NAME, "newer")])).result()
        assert store.get_info(W, run).name == "newer"

    def test_a_deleted_run_is_read_only(self, store: TrackingStore) -> None:
        """Until it is restored."""
        run = made(store)
        store.stage_run(W, run, "deleted")
        assert store.get_run(W, run).info.stage == "deleted"
        assert found(store) == []
        with pytest.raises(Invalid):
            store.update_run(W, run, name="x")
        with pytest.raises(Invalid):
            store.record(W, run, Batch(metrics=[Metric("a", 1.0, 1, 1)])).result()
        store.stage_run(W, run, "active")
        assert found(store) == ["r"]

    def test_tags_are_taken_off(self, store: TrackingStore) -> None:
        """And must be there."""
        run = made(store, tags=[Pair("a", "b"), Pair(PARENT_RUN, "p")])
        assert store.get_info(W, run).parent == "p"
        store.untag_run(W, run, PARENT_RUN)
        assert store.get_info(W, run).parent == ""
        store.untag_run(W, run, "a")
        with pytest.raises(NotFound):
            store.untag_run(W, run, "a")

    @pytest.mark.parametrize(("text", "wanted"), FILTERS)
    def test_filters(self, store: TrackingStore, text: str, wanted: list[str]) -> None:
        """Each finds what it says, newest first."""
        grid(store)
        if wanted == ["error"]:
            with pytest.raises(Invalid):
                found(store, text)
        else:
            assert found(store, text) == wanted

    @pytest.mark.parametrize(("orders", "wanted"), ORDERS)
    def test_orders_and_pages(
        self, store: TrackingStore, orders: tuple[str, ...], wanted: str
    ) -> None:
        """What lacks the field comes last, and pages go on where the last one ended."""
        grid(store)
        assert "".join(found(store, "", *orders)) == wanted
        assert "".join(found(store, "", *orders, limit=1)) == wanted
        assert "".join(found(store, "", *orders, limit=3)) == wanted

    def test_paging_is_stable_under_writes(self, store: TrackingStore) -> None:
        """A run that is created meanwhile moves nothing."""
        grid(store)
        first = store.search_runs(W, ["0"], Search(limit=2))
        made(store, "new", start_time=99)
        rest = store.search_runs(W, ["0"], Search(limit=2, page=first.next))
        assert [run.info.name for run in rest.items] == ["b", "a"]

    def test_a_page_of_another_search_is_refused(self, store: TrackingStore) -> None:
        """Its token does not fit."""
        grid(store)
        page = store.search_runs(W, ["0"], Search(limit=2)).next
        order = [parse_order("metrics.acc", RUNS)]
        for wrong in (Search(page=page, order=order), Search(page="x"), Search(page="e30=")):
            with pytest.raises(Invalid):
                store.search_runs(W, ["0"], wrong)

    def test_inputs_and_outputs(self, store: TrackingStore) -> None:
        """Datasets and models of a run are kept once, and found by."""
        run = made(store)
        data = DatasetInput(
            Dataset("d", "1", "local", "/x", "{}", None), [Pair("mlflow.data.context", "train")]
        )
        for _ in range(2):
            store.log_inputs(W, run, [data, data], [ModelLink("m-1")])
            store.log_outputs(W, run, [ModelLink("m-2", 3)])
        known = store.get_run(W, run)
        assert list(known.datasets) == [data]
        assert list(known.models_in) == [ModelLink("m-1")]
        assert list(known.models_out) == [ModelLink("m-2", 3)]
        assert found(store, "dataset.name = 'd' AND datasets.digest IN ('1')") == ["r"]
        assert found(store, "dataset.context LIKE 'tr%'") == ["r"]
        assert found(store, "dataset.context = 'test'") == []

    def test_runs_are_browsed_newest_first(self, store: TrackingStore) -> None:
        """By cursor, experiment, parent, tag and part of the name, stable under writes."""
        grid(store)
        first = store.browse_runs(BrowseRuns(W, limit=3))
        assert [row.name for row in first.items] == ["d", "c", "b"]
        assert first.items[0].experiment_name == "Default"
        made(store, "new", tags=[Pair(PARENT_RUN, "p")])
        rest = store.browse_runs(BrowseRuns(W, limit=3, after=first.next))
        assert ([row.name for row in rest.items], rest.next) == (["a"], "")
        for query, wanted in (
            (BrowseRuns(W, tags={"extra": "x"}), ["d", "b"]),
            (BrowseRuns("", name_contains="new"), ["new"]),
            (BrowseRuns(W, where={"parent": ("p", "q")}), ["new"]),
            (BrowseRuns(W, where={"experiment_name": ("none",)}), []),
            (BrowseRuns(W, where={"status": ("FINISHED",)}), []),
            (BrowseRuns("other"), []),
        ):
            assert [row.name for row in store.browse_runs(query).items] == wanted
        with pytest.raises(Invalid):
            store.browse_runs(BrowseRuns(W, after="x"))
