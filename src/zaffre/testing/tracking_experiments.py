"""The promises of the tracking socket on experiments, as tests to inherit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.search import parse_filter, parse_order
from zaffre.kinds.search_tracking import EXPERIMENTS
from zaffre.kinds.tracking import Dataset, DatasetInput, NewRun, Pair, View
from zaffre.ports.tracking import Search, TrackingStore
from zaffre.testing.clock import FakeClock

W = "default"


def names(store: TrackingStore, text: str = "", *orders: str, **more: object) -> list[str]:
    """Give the names of the experiments that a filter finds."""
    search = Search(
        clauses=parse_filter(text, EXPERIMENTS),
        order=[parse_order(order, EXPERIMENTS) for order in orders],
        **more,  # type: ignore[arg-type]
    )
    return [one.name for one in store.search_experiments(W, search).items]


class ExperimentPromises:
    """What every tracking store does with experiments."""

    def test_the_default_experiment_is_there(self, store: TrackingStore) -> None:
        """Clients that name no experiment log to number 0."""
        found = store.get_experiment(W, "0")
        assert (found.name, found.artifact_location) == ("Default", "mlflow-artifacts:/0")

    def test_an_experiment_comes_back(self, store: TrackingStore) -> None:
        """Name, location, tags and stage are kept."""
        made = store.create_experiment(W, "one", "", [Pair("b", "2"), Pair("a", "ä")])
        found = store.get_experiment(W, made)
        assert found.name == "one"
        assert found.artifact_location == f"mlflow-artifacts:/{made}"
        assert found.stage == "active"
        assert list(found.tags) == [Pair("a", "ä"), Pair("b", "2")]
        assert store.find_experiment(W, "one") == found
        assert store.find_experiment(W, "none") is None

    def test_a_name_is_taken_once_in_a_workspace(self, store: TrackingStore) -> None:
        """Another workspace may use it."""
        store.create_experiment(W, "one")
        with pytest.raises(Conflict):
            store.create_experiment(W, "one")
        store.create_experiment("other", "one")

    def test_another_workspace_sees_nothing(self, store: TrackingStore) -> None:
        """What belongs elsewhere looks as if it were not there."""
        made = store.create_experiment("other", "theirs")
        with pytest.raises(NotFound):
            store.get_experiment(W, made)
        with pytest.raises(NotFound):
            store.tag_experiment(W, made, "a", "b")
        assert names(store) == ["Default"]

    def test_an_id_that_is_no_number_is_refused(self, store: TrackingStore) -> None:
        """And one that is too large is not there."""
        with pytest.raises(Invalid):
            store.get_experiment(W, "x")
        with pytest.raises(NotFound):
            store.get_experiment(W, "9" * 30)

    def test_delete_takes_the_runs_along(self, store: TrackingStore) -> None:
        """And restore brings them back."""
        made = store.create_experiment(W, "one")
        run = store.create_run(W, NewRun(made, name="r")).info.id
        store.stage_experiment(W, made, "deleted")
        assert store.get_run(W, run).info.stage == "deleted"
        with pytest.raises(NotFound):
            store.stage_experiment(W, made, "deleted")
        with pytest.raises(Invalid):
            store.rename_experiment(W, made, "two")
        with pytest.raises(Invalid):
            store.create_run(W, NewRun(made, name="r"))
        store.stage_experiment(W, made, "active")
        assert store.get_run(W, run).info.stage == "active"

    def test_ensure_makes_finds_and_restores(self, store: TrackingStore) -> None:
        """Whatever the state, the experiment is there afterwards."""
        made = store.ensure_experiment(W, "one")
        assert store.ensure_experiment(W, "one") == made
        store.stage_experiment(W, made, "deleted")
        assert store.ensure_experiment(W, "one") == made
        assert store.get_experiment(W, made).stage == "active"

    def test_rename(self, store: TrackingStore, clock: FakeClock) -> None:
        """The name and the time of change move; a taken name stays with its owner."""
        made = store.create_experiment(W, "one")
        before = store.get_experiment(W, made).updated_at
        clock.pass_by(timedelta(seconds=5))
        store.rename_experiment(W, made, "two")
        assert store.get_experiment(W, made).name == "two"
        assert store.get_experiment(W, made).updated_at == before + 5000
        with pytest.raises(Conflict):
            store.rename_experiment(W, made, "Default")

    def test_tags_are_set_and_taken_off(self, store: TrackingStore) -> None:
        """The last value counts; what is not there cannot be taken off."""
        store.tag_experiment(W, "0", "a", "1")
        store.tag_experiment(W, "0", "a", "2")
        assert list(store.get_experiment(W, "0").tags) == [Pair("a", "2")]
        store.tag_experiment(W, "0", "a", None)
        with pytest.raises(NotFound):
            store.tag_experiment(W, "0", "a", None)

    def test_search(self, store: TrackingStore, clock: FakeClock) -> None:
        """Filters on names, times and tags; newest first unless ordered."""
        for name in ("alpha", "Beta", "gamma"):
            clock.pass_by(timedelta(seconds=1))
            store.create_experiment(W, name, "", [Pair("team", name.upper())])
        newest = [name for name in names(store) if name != "Default"]
        assert newest == ["gamma", "Beta", "alpha"]
        assert names(store, "name LIKE '%a'", "name ASC") == ["Beta", "alpha", "gamma"]
        assert names(store, "name LIKE 'b%'") == []
        assert names(store, "name ILIKE 'b%'") == ["Beta"]
        assert names(store, "tags.team = 'GAMMA' AND name != 'x'") == ["gamma"]
        assert names(store, "tags.team IS NULL") == ["Default"]
        since = store.find_experiment(W, "Beta")
        assert since is not None
        later = names(store, f"creation_time > {since.created_at} AND name != 'Default'")
        assert later == ["gamma"]
        assert names(store, "experiment_id IN ('0')") == ["Default"]
        assert "Default" not in names(store, "experiment_id != '0'")

    def test_search_by_stage_and_page(self, store: TrackingStore) -> None:
        """Pages hold each experiment once."""
        for number in range(5):
            store.create_experiment(W, f"e{number}")
        gone = store.create_experiment(W, "gone")
        store.stage_experiment(W, gone, "deleted")
        assert names(store, view=View.DELETED_ONLY) == ["gone"]
        assert len(names(store, view=View.ALL)) == 7
        seen: list[str] = []
        page = ""
        while True:
            found = store.search_experiments(W, Search(limit=2, page=page))
            seen += [one.name for one in found.items]
            page = found.next
            if not page:
                break
        assert sorted(seen) == ["Default", "e0", "e1", "e2", "e3", "e4"]
        with pytest.raises(Invalid):
            store.search_experiments(W, Search(page="nonsense"))

    def test_datasets_are_listed(self, store: TrackingStore) -> None:
        """With the context they were used in."""
        run = store.create_run(W, NewRun("0", name="r")).info.id
        data = DatasetInput(
            Dataset("d", "1", "local", "/x"), [Pair("mlflow.data.context", "train")]
        )
        store.log_inputs(W, run, [data, DatasetInput(Dataset("e", "1", "local", "/y"))], [])
        found = {(one.name, one.context) for one in store.search_datasets(W, ["0"])}
        assert found == {("d", "train"), ("e", None)}
        assert store.search_datasets("other", ["0"]) == []
