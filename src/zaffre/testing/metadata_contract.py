"""The promises of the metadata socket, as tests to inherit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.data import DataSpec, DataStatus
from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.model import ModelContainer, ModelSpec, ModelStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Actor, Add, Browse, Link, MetadataStore, Once, Put, Remove
from zaffre.testing.clock import FakeClock

W = "default"


def data(name: str, version: str = "", *, workspace: str = W, **spec: object) -> Resource:
    """Make a data resource."""
    written = DataSpec.model_validate({"path": "azureml://trees/x", "type": "uri_file", **spec})
    return Resource(Key("data", workspace, name, version), written, DataStatus())


def job(name: str, state: str = "Queued", experiment: str = "one") -> Resource:
    """Make a job resource."""
    document = {"command": "true", "environment": "azureml:e:1", "experiment_name": experiment}
    spec = CommandJobSpec.model_validate(document)
    return Resource(Key("job", W, name), spec, JobStatus(status=state))


def container(name: str) -> Resource:
    """Make a model's container."""
    return Resource(Key("model", W, name), ModelContainer(), ModelStatus(), container=True)


def once(token: str, digest: str = "d") -> Actor:
    """Make an actor whose call is remembered for a day."""
    return Actor("me", once=Once(token, digest, datetime(2026, 1, 2, tzinfo=UTC), "data"))


class MetadataContract:
    """Inherit, and give fixtures `clock` (a `FakeClock`) and `store` (an empty store on it)."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """Give a clock that stands still."""
        return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))

    def test_changes_are_told_in_order(self, store: MetadataStore) -> None:
        """Each write is one change, numbered, of its workspace; none tells the last."""
        added = store.apply([Add(data("iris", "1")), Add(data("b", "1", workspace="other"))])[0]
        before = store.changes(W, None)[-1].mark
        put = store.apply([Put(added)])[0]
        store.apply([Remove(added.key), Remove(added.key)])
        found = store.changes(W, before)
        assert [(one.verb, one.key) for one in found] == [
            ("update", added.key),
            ("delete", added.key),
        ]
        assert found[0].revision == put.revision
        assert store.changes(W, before, 1) == found[:1]
        assert store.changes(W, found[-1].mark) == []
        assert store.changes("empty", None) == []

    def test_what_was_added_is_there(self, store: MetadataStore, clock: FakeClock) -> None:
        """A resource comes back with revision, times and who made it."""
        added = store.apply([Add(data("iris", "1", tags={"a": "b"}))], Actor("me"))[0]
        assert (added.revision, added.created_by) == (1, "me")
        assert added.created_at == added.updated_at == clock.now()
        assert store.get(added.key) == added

    def test_adding_twice_is_refused(self, store: MetadataStore) -> None:
        """A key is taken once, in one batch too."""
        store.apply([Add(data("iris", "1"))])
        with pytest.raises(Conflict):
            store.apply([Add(data("iris", "1"))])
        with pytest.raises(Conflict):
            store.apply([Add(data("rose", "1")), Add(data("rose", "1"))])
        with pytest.raises(NotFound):
            store.get(Key("data", W, "rose", "1"))

    def test_versions_are_counted_up(self, store: MetadataStore) -> None:
        """Without a version, the next whole number after the highest is taken."""
        versions = [
            store.apply([Add(data("iris", version))])[0].key.version
            for version in ("", "9", "v2", "")
        ]
        assert versions == ["1", "9", "v2", "10"]

    def test_the_latest_version_is_the_one_created_last(self, store: MetadataStore) -> None:
        """Not the highest; archived ones do not count."""
        *_, last = [store.apply([Add(data("iris", version))])[0] for version in ("5", "3", "4")]
        latest = Key("data", W, "iris", "latest")
        assert store.get(latest).key.version == "4"
        store.apply([Put(replace(last, archived=True))])
        assert store.get(latest).key.version == "3"
        store.apply([Remove(Key("data", W, "iris", "3"))])
        assert store.get(latest).key.version == "5"

    def test_a_container_is_no_version(self, store: MetadataStore) -> None:
        """It has version "", is never the latest, and does not count."""
        store.apply([Add(container("m"))])
        with pytest.raises(NotFound):
            store.get(Key("model", W, "m", "latest"))
        model = Resource(Key("model", W, "m"), ModelSpec(path="azureml://trees/x"), ModelStatus())
        made = store.apply([Add(model)])[0]
        assert made.key.version == "1"
        assert store.get(Key("model", W, "m")).container
        listed = store.browse(Browse("model", W, versions=True)).items
        assert [item.key.version for item in listed] == ["1"]
        containers = store.browse(Browse("model", W, where={"version": ""})).items
        assert [item.container for item in containers] == [True]

    def test_putting_counts_the_revision(self, store: MetadataStore) -> None:
        """A put resource has the new spec and one revision more."""
        added = store.apply([Add(data("iris", "1"))])[0]
        spec = added.spec.model_copy(update={"description": "new"})
        put = store.apply([Put(replace(added, spec=spec))])[0]
        assert put.revision == 2
        assert store.get(added.key).spec.description == "new"

    def test_a_stale_put_is_refused(self, store: MetadataStore) -> None:
        """Whoever read an older revision must read again; nothing of the batch is kept."""
        added = store.apply([Add(data("iris", "1"))])[0]
        store.apply([Put(added)])
        with pytest.raises(Stale):
            store.apply([Add(data("rose", "1")), Put(added)])
        with pytest.raises(NotFound):
            store.get(Key("data", W, "rose", "1"))

    def test_putting_what_is_gone_fails(self, store: MetadataStore) -> None:
        """There must be something to replace."""
        with pytest.raises(NotFound):
            store.apply([Put(replace(data("iris", "1"), revision=1))])

    def test_removing_twice_is_harmless(self, store: MetadataStore) -> None:
        """What is gone stays gone."""
        added = store.apply([Add(data("iris", "1"))])[0]
        for _ in range(2):
            store.apply([Remove(added.key)])
        with pytest.raises(NotFound):
            store.get(added.key)

    def test_what_is_added_anew_is_new(self, store: MetadataStore) -> None:
        """Nothing of what was removed comes back under its name."""
        first = store.apply([Add(data("a", "1", description="old"))])[0]
        assert store.get(first.key) == first
        store.apply([Remove(first.key)])
        second = store.apply([Add(data("a", "1", description="new"))])[0]
        assert store.get(second.key) == second

    def test_reading_again_gives_what_was_written_since(self, store: MetadataStore) -> None:
        """A put is seen by get and browse, its spec and its status."""
        first = store.apply([Add(job("j"))])[0]
        for state in ("Preparing", "Starting"):
            read = store.get(first.key)
            store.apply([Put(replace(read, status=JobStatus(status=state)))])
            (listed,) = store.browse(Browse("job")).items
            assert store.get(first.key).status == listed.status == JobStatus(status=state)
            assert listed.spec == first.spec
        store.apply([Put(replace(store.get(first.key), spec=job("j", experiment="two").spec))])
        assert getattr(store.get(first.key).spec, "experiment_name", "") == "two"

    def test_browsing_gives_the_newest_first(self, store: MetadataStore) -> None:
        """And the latest version of each name, unless all are asked for."""
        for name, version in (("a", "1"), ("b", "1"), ("a", "2")):
            store.apply([Add(data(name, version))])
        listed = [item.key for item in store.browse(Browse("data", W)).items]
        assert [(key.name, key.version) for key in listed] == [("a", "2"), ("b", "1")]
        every = store.browse(Browse("data", W, where={"name": "a"}, versions=True, ascending=True))
        assert [item.key.version for item in every.items] == ["1", "2"]

    def test_browsing_by_facts(self, store: MetadataStore) -> None:
        """State, experiment, one of several values; other words are refused."""
        store.apply(
            [Add(job("one")), Add(job("two", "Running")), Add(job("three", "Failed", "two"))]
        )

        def names(**where: str | tuple[str, ...]) -> list[str]:
            return sorted(
                item.key.name for item in store.browse(Browse("job", W, where=where)).items
            )

        assert names(state="Queued") == ["one"]
        assert names(state=("Queued", "Running")) == ["one", "two"]
        assert names(experiment_name="one", state="Running") == ["two"]
        with pytest.raises(Invalid):
            names(command="true")

    def test_browsing_by_tags_and_names(self, store: MetadataStore) -> None:
        """All tags must match; a name by any part of it, taken literally."""
        store.apply(
            [
                Add(data("a_b", "1", tags={"x": "1", "y": "2"})),
                Add(data("acb", "1", tags={"x": "1"})),
            ]
        )

        def names(query: Browse) -> list[str]:
            return sorted(item.key.name for item in store.browse(query).items)

        assert names(Browse("data", W, tags={"x": "1"})) == ["a_b", "acb"]
        assert names(Browse("data", W, tags={"x": "1", "y": "2"})) == ["a_b"]
        assert names(Browse("data", W, name_contains="a_")) == ["a_b"]
        assert names(Browse("data", W, name_contains="%")) == []

    def test_browsing_over_workspaces(self, store: MetadataStore) -> None:
        """A workspace sees its own only; "" is all."""
        store.apply([Add(data("a", "1")), Add(data("a", "1", workspace="other"))])
        assert len(store.browse(Browse("data", W)).items) == 1
        assert len(store.browse(Browse("data")).items) == 2

    def test_archived_ones_are_listed_only_if_asked(self, store: MetadataStore) -> None:
        """False hides them, True gives only them, None all."""
        added = store.apply([Add(job("one")), Add(job("two"))])
        store.apply([Put(replace(added[0], archived=True))])

        def names(*, archived: bool | None) -> list[str]:
            found = store.browse(Browse("job", W, archived=archived)).items
            return sorted(item.key.name for item in found)

        assert [names(archived=False), names(archived=True)] == [["two"], ["one"]]
        assert names(archived=None) == ["one", "two"]

    def test_paging_is_stable_while_others_write(self, store: MetadataStore) -> None:
        """Nothing twice, nothing of the first moment left out."""
        for number in range(7):
            store.apply([Add(job(f"j{number}"))])
        seen: list[str] = []
        after = ""
        while True:
            page = store.browse(Browse("job", W, limit=3, after=after))
            seen += [item.key.name for item in page.items]
            store.apply([Add(job(f"new{len(seen)}"))])
            if not page.next:
                break
            after = page.next
        assert seen == [f"j{number}" for number in range(6, -1, -1)]

    @pytest.mark.parametrize("after", ["x", "-1", "1; drop table", "9" * 40])
    def test_other_text_is_no_cursor(self, store: MetadataStore, after: str) -> None:
        """A cursor is what a page gave."""
        with pytest.raises(Invalid):
            store.browse(Browse("job", W, after=after))

    def test_links_are_found_from_both_ends(self, store: MetadataStore) -> None:
        """Each link is kept once."""
        link, other = (
            Link("data:w/a:1", "input", "job:w/j"),
            Link("data:w/b:1", "input", "job:w/j"),
        )
        store.apply([link, link])
        store.apply([other, link])
        assert store.links("job:w/j", up=True) == [link, other]
        assert store.links("data:w/a:1", up=False) == [link]
        assert store.links("data:w/a:1", up=True) == []

    def test_a_link_to_what_was_just_added(self, store: MetadataStore) -> None:
        """An empty target is the resource added last, whatever version it got."""
        store.apply([Add(data("iris", "4"))])
        store.apply([Add(data("iris")), Link("job:default/j", "output")])
        assert store.links("job:default/j", up=False) == [
            Link("job:default/j", "output", "data:default/iris:5")
        ]

    def test_a_remembered_call_gives_its_resource(
        self, store: MetadataStore, clock: FakeClock
    ) -> None:
        """Until its time; with another body it is refused."""
        actor = once("t")
        assert actor.once is not None
        assert store.recall(actor.once) is None
        added = store.apply([Add(data("iris")), Add(data("rose"))], actor)
        assert store.recall(actor.once) == added[0].key
        with pytest.raises(Invalid):
            store.recall(replace(actor.once, digest="other"))
        clock.pass_by(timedelta(days=2))
        assert store.recall(actor.once) is None

    def test_a_token_is_taken_once(self, store: MetadataStore) -> None:
        """The second of two equal calls at once keeps nothing."""
        store.apply([Add(data("iris"))], once("t"))
        with pytest.raises(Conflict):
            store.apply([Add(data("iris"))], once("t"))
        assert len(store.browse(Browse("data", W, versions=True)).items) == 1

    def test_only_what_the_call_creates_is_remembered(self, store: MetadataStore) -> None:
        """What is created on the way there is another kind and does not take the token."""
        actor = once("t")
        assert actor.once is not None
        store.apply([Add(job("j1"))], actor)
        assert store.recall(actor.once) is None
        made = store.apply([Add(job("j2")), Add(data("iris", "1"))], actor)
        assert store.recall(actor.once) == made[1].key

    def test_a_failed_call_is_not_remembered(self, store: MetadataStore) -> None:
        """Nothing of it is there, so it can be sent again."""
        store.apply([Add(data("iris", "1"))])
        actor = once("t")
        assert actor.once is not None
        with pytest.raises(Conflict):
            store.apply([Add(data("rose", "1")), Add(data("iris", "1"))], actor)
        assert store.recall(actor.once) is None

    def test_many_writers_lose_nothing(self, store: MetadataStore) -> None:
        """Versions counted up at the same time are all different."""
        errors = in_threads(8, lambda: [store.apply([Add(data("iris"))]) for _ in range(10)])
        assert errors == []
        found = store.browse(Browse("data", W, versions=True, limit=1000)).items
        assert sorted(int(item.key.version) for item in found) == list(range(1, 81))

    def test_of_many_puts_one_wins(self, store: MetadataStore) -> None:
        """All who read the same revision but one are told so."""
        added = store.apply([Add(data("iris", "1"))])[0]
        errors = in_threads(8, lambda: store.apply([Put(added)]))
        assert len(errors) == 7
        assert all(isinstance(error, Stale) for error in errors)
        assert store.get(added.key).revision == 2


def in_threads(count: int, work: Callable[[], object]) -> list[Exception]:
    """Do the same in several threads at once and give what they raised."""
    errors: list[Exception] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait(10)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is handed to the test
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors
