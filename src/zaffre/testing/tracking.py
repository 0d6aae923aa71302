"""The promises of the tracking socket, as tests to inherit."""

from __future__ import annotations

import math
import struct
import threading
from datetime import UTC, datetime

import pytest

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.tracking import Batch, JournalGap, Metric, Pair, Point
from zaffre.ports.tracking import TrackingStore
from zaffre.testing.clock import FakeClock
from zaffre.testing.tracking_experiments import ExperimentPromises
from zaffre.testing.tracking_runs import RunPromises, W, made

ODD = (
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    5e-324,
    1.7976931348623157e308,
    0.1 + 0.2,
    1e22,
    -1.5,
    float(2**53 + 2),
)


def bits(value: float) -> bytes:
    """Give the bits of a number; all NaN are one."""
    return b"nan" if math.isnan(value) else struct.pack("d", value)


class LogPromises:
    """What every tracking store does with what runs log."""

    def latest(self, store: TrackingStore, run: str) -> dict[str, float]:
        """Give the latest value of each metric."""
        return {one.key: one.value for one in store.get_run(W, run).metrics}

    @pytest.mark.parametrize("value", ODD)
    def test_numbers_come_back_bit_for_bit(self, store: TrackingStore, value: float) -> None:
        """In the run, the history and the sample."""
        run = made(store)
        store.record(W, run, Batch(metrics=[Metric("a", value, 2**62, -(2**62))])).result()
        point = store.history(W, run, "a").points[0]
        sampled = store.sample(W, [run], "a", 5)[0][1]
        for seen in (self.latest(store, run)["a"], point.value, sampled.value):
            assert bits(seen) == bits(value)
        assert (point.timestamp, point.step) == (2**62, -(2**62))
        assert next(store.stream_history(W, run, "a"))

    def test_the_same_point_twice_is_one(self, store: TrackingStore) -> None:
        """In one batch and in two, NaN too."""
        run = made(store)
        points = [Metric("a", 1.0, 1, 1), Metric("a", math.nan, 1, 1), Metric("a", 1.0, 1, 1)]
        for _ in range(2):
            store.record(W, run, Batch(metrics=points)).result()
        assert len(store.history(W, run, "a").points) == 2

    def test_the_latest_is_by_step_then_time_then_value(self, store: TrackingStore) -> None:
        """In whatever order the points come."""
        run = made(store)
        for value, time, step in ((3.0, 5, 2), (1.0, 9, 1), (2.0, 4, 2), (4.0, 5, 2), (0.0, 5, 2)):
            store.record(W, run, Batch(metrics=[Metric("a", value, time, step)])).result()
        assert self.latest(store, run) == {"a": 4.0}
        batch = [Metric("b", 1.0, 1, 3), Metric("c", 7.0, 1, 1), Metric("b", 2.0, 1, 2)]
        store.record(W, run, Batch(metrics=batch)).result()
        assert self.latest(store, run) == {"a": 4.0, "b": 1.0, "c": 7.0}
        store.record(W, run, Batch(metrics=[Metric("b", math.nan, 1, 3)])).result()
        assert self.latest(store, run)["b"] == 1.0

    def test_a_batch_of_many_keys(self, store: TrackingStore) -> None:
        """A thousand metrics at once, then again with one step more."""
        run = made(store)
        for step in (1, 2):
            batch = [Metric(f"m{i}", float(i * step), 1, step) for i in range(1000)]
            store.record(W, run, Batch(metrics=batch)).result()
        assert self.latest(store, run) == {f"m{i}": float(i * 2) for i in range(1000)}

    def test_params_never_change(self, store: TrackingStore) -> None:
        """The same value again is fine; another undoes its whole batch."""
        run = made(store)
        store.record(W, run, Batch(params=[Pair("a", "1"), Pair("b", "")])).result()
        store.record(W, run, Batch(params=[Pair("a", "1")])).result()
        with pytest.raises(Invalid, match="Changing param values is not allowed"):
            store.record(W, run, Batch([Metric("m", 1.0, 1, 1)], [Pair("a", "2")])).result()
        known = store.get_run(W, run)
        assert list(known.params) == [Pair("a", "1"), Pair("b", "")]
        assert not known.metrics

    def test_tags_take_the_last_value(self, store: TrackingStore) -> None:
        """Within a batch too."""
        run = made(store)
        store.record(W, run, Batch(tags=[Pair("a", "1"), Pair("a", "2")])).result()
        store.record(W, run, Batch(tags=[Pair("a", "3"), Pair("é\u2028", "💠")])).result()
        assert {Pair("a", "3"), Pair("é\u2028", "💠")} <= set(store.get_run(W, run).tags)

    def test_a_tag_is_amended(self, store: TrackingStore) -> None:
        """By what is made of its value; an error leaves it as it was."""
        run = made(store)
        store.amend_tag(W, run, "a", lambda known: f"{known}!")
        store.amend_tag(W, run, "a", lambda known: f"{known}!")
        with pytest.raises(ZeroDivisionError):
            store.amend_tag(W, run, "a", lambda _: str(1 // 0))
        assert Pair("a", "None!!") in store.get_run(W, run).tags

    def test_history_is_by_time_step_and_value(self, store: TrackingStore) -> None:
        """All at once, by page, and as a stream."""
        run = made(store)
        points = [Metric("a", float(v), t, s) for t in (3, 1) for s in (2, 1) for v in (5, 4)]
        store.record(W, run, Batch(metrics=points)).result()
        wanted = sorted(Point(one.timestamp, one.step, one.value) for one in points)
        assert list(store.history(W, run, "a").points) == wanted
        paged: list[Point] = []
        page = ""
        while True:
            some = store.history(W, run, "a", limit=3, page=page)
            paged += some.points
            page = some.next
            if not page:
                break
        assert paged == wanted
        streamed = [tuple(point) for piece in store.stream_history(W, run, "a") for point in piece]
        assert streamed == [tuple(point) for point in wanted]
        assert store.history(W, run, "none").points == ()
        with pytest.raises(NotFound):
            store.history(W, "none", "a")
        with pytest.raises(Invalid):
            store.history(W, run, "a", page="x")

    def test_histories_of_several_runs(self, store: TrackingStore) -> None:
        """By run, then time; unknown runs have none."""
        runs = sorted((made(store), made(store)))
        for run in runs:
            batch = [Metric("a", float(i), i, i) for i in range(3)]
            store.record(W, run, Batch(metrics=batch)).result()
        found = store.histories(W, [*runs, "none"], "a", 5)
        assert [(run, one.step) for run, one in found] == [
            (runs[0], 0), (runs[0], 1), (runs[0], 2), (runs[1], 0), (runs[1], 1),
        ]  # fmt: skip

    def test_a_sample_keeps_both_ends(self, store: TrackingStore) -> None:
        """And holds no more than asked for, however many points share a step."""
        run = made(store)
        batch = [Metric("a", float(i), i, i // 2) for i in range(100)]
        store.record(W, run, Batch(metrics=batch)).result()
        found = [one.value for _, one in store.sample(W, [run], "a", 10)]
        assert len(found) == 10
        assert (found[0], found[-1]) == (0.0, 99.0)
        assert [one.value for _, one in store.sample(W, [run], "a", 1)] == [99.0]
        some = [one.step for _, one in store.sample(W, [run], "a", 500, (10, 11))]
        assert some == [10, 10, 11, 11]
        with pytest.raises(NotFound):
            store.sample(W, ["none"], "a", 1)

    def test_a_journal_is_applied_once(self, store: TrackingStore) -> None:
        """A piece that does not begin where the stored part ends is refused with that place."""
        run = made(store)
        batch = Batch([Metric("a", 1.0, 1, 1)], [Pair("p", "1")], [Pair("t", "1")])
        assert store.append_journal(W, run, 0, 10, batch) == 10
        for offset in (0, 5, 11):
            with pytest.raises(JournalGap) as gap:
                store.append_journal(W, run, offset, 10, batch)
            assert gap.value.stored == 10
        again = Batch(params=[Pair("p", "2"), Pair("q", "2")])
        assert store.append_journal(W, run, 10, 1, again) == 11
        assert list(store.get_run(W, run).params) == [Pair("p", "1"), Pair("q", "2")]
        assert store.journal_offset(W, run) == 11

    def test_many_write_one_run(self, store: TrackingStore) -> None:
        """Nothing is lost, and the latest is the latest."""
        run = made(store)

        def log(worker: int) -> None:
            for step in range(20):
                metric = Metric("a", float(step), worker, step)
                store.record(W, run, Batch(metrics=[metric])).result()

        threads = [threading.Thread(target=log, args=(worker,)) for worker in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.history(W, run, "a").points) == 100
        assert self.latest(store, run) == {"a": 19.0}


class TrackingContract(ExperimentPromises, RunPromises, LogPromises):
    """Inherit, and give a fixture `store` (an empty store on the fixture `clock`)."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """Give a clock that stands still."""
        return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
