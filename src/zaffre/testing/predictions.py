"""The promises of the predictions socket, as tests to inherit."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaffre.errors import Conflict
from zaffre.kinds import prediction
from zaffre.kinds.prediction import Generation, MadeBy, Prediction, Scored
from zaffre.ports.predictions import PredictionStore, Standing, Unread, View
from zaffre.testing.clock import FakeClock

CHURN = View("v1", "default", "churn")
KEYS = ("a", "b", "B", "é")
TIMES = st.integers(0, 3)
NUMBER = iter(range(10**9))


def hot(key: str, event: int, made: int, source: str = "", value: object = 1.0) -> Prediction:
    """Make a hot prediction."""
    name = source or f"{key}{event}-{made}"
    return Prediction(key, event, value, MadeBy.HOT, made, name, "model:default/m:2", "r1")


def batch(job: str, read_at: int, *rows: Scored) -> tuple[Generation, list[Scored]]:
    """Make a batch and what it stands for."""
    watermark = max((row.event_time for row in rows), default=0)
    return Generation(job, read_at, watermark, len(rows), "model:default/m:1"), list(rows)


def cold(generation: Generation, rows: list[Scored]) -> list[Prediction]:
    """Give the predictions of a batch."""
    return [
        Prediction(
            row.key,
            row.event_time,
            row.value,
            MadeBy.COLD,
            generation.read_at,
            f"{number:012d}",
            generation.model,
            job=generation.job,
        )
        for number, row in enumerate(rows)
    ]


_rows = st.lists(st.builds(Scored, st.sampled_from(KEYS), TIMES, st.integers(0, 9)), max_size=5)
_hot = st.builds(
    hot, st.sampled_from(KEYS), TIMES, TIMES, st.sampled_from("uvwxyz"), st.integers(0, 9)
)
_batch = st.tuples(st.sampled_from(["j1", "j2", "j3"]), TIMES, _rows)


class PredictionContract:
    """Inherit, and give fixtures `clock` (a `FakeClock`) and `store` (an empty store on it)."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """Give a clock that stands still."""
        return FakeClock(datetime(2026, 1, 1, tzinfo=UTC))

    @pytest.fixture
    def view(self, store: PredictionStore) -> View:
        """Give a view with room."""
        assert store.open(CHURN) == Standing()
        return CHURN

    def load(
        self, store: PredictionStore, view: View, made: tuple[Generation, list[Scored]]
    ) -> bool:
        """Stage a batch in two parts and publish it."""
        generation, rows = made
        store.stage(view, generation.job, rows[:1], 0)
        store.stage(view, generation.job, rows[1:], 1)
        return store.publish(view, generation)

    def test_the_newer_event_counts(self, store: PredictionStore, view: View) -> None:
        """Whichever path it came on."""
        made = batch("j1", 10, Scored("a", 5, 0.1), Scored("b", 5, 0.2))
        assert self.load(store, view, made)
        store.append(view, [hot("a", 6, 11), hot("b", 4, 12)])
        assert store.newest(view, "a") == hot("a", 6, 11)
        assert store.newest(view, "b") == cold(*made)[1]
        assert store.newest(view, "c") is None
        assert store.newest(view, "a", until=5) == cold(*made)[0]
        assert store.open(view) == Standing(made[0], 2)

    def test_a_late_batch_overwrites_nothing(self, store: PredictionStore, view: View) -> None:
        """It began before a hot prediction of the same event, or before the current batch."""
        store.append(view, [hot("a", 5, 11)])
        assert self.load(store, view, batch("late", 10, Scored("a", 5, 0.1)))
        assert store.newest(view, "a") == hot("a", 5, 11)
        newer = batch("newer", 12, Scored("a", 5, 0.3))
        assert self.load(store, view, newer)
        assert not self.load(store, view, batch("later", 11, Scored("a", 9, 0.1)))
        assert store.newest(view, "a") == cold(*newer)[0]

    def test_a_staged_batch_is_not_seen(self, store: PredictionStore, view: View) -> None:
        """Nor is one published in part."""
        generation, rows = batch("j1", 10, Scored("a", 5, 1), Scored("b", 5, 1))
        store.stage(view, "j1", rows[:1], 0)
        assert store.newest(view, "a") is None
        with pytest.raises(Conflict):
            store.publish(view, generation)
        assert store.newest(view, "a") is None
        assert self.load(store, view, (generation, rows))
        assert self.load(store, view, (generation, rows)), "twice is once"
        assert [one.key for one in store.page(view, "", 9)] == ["a", "b"]

    def test_what_was_appended_twice_is_there_once(
        self, store: PredictionStore, view: View
    ) -> None:
        """The first one stays."""
        store.append(view, [hot("a", 5, 11, "s")])
        store.append(view, [hot("a", 9, 12, "s"), hot("b", 1, 1)], Unread(2, "no rows"))
        assert store.open(view) == Standing(None, 2, 2, "no rows")
        assert store.newest(view, "a") == hot("a", 5, 11, "s")
        assert store.newest(view, "b") == hot("b", 1, 1)

    def test_pages_follow_each_other(self, store: PredictionStore, view: View) -> None:
        """In the order of the keys' bytes, each once."""
        store.append(view, [hot(key, 1, made) for key in KEYS for made in (1, 2)])
        seen, after = [], ""
        while some := store.page(view, after, 2):
            seen += some
            after = some[-1].key
        assert [one.key for one in seen] == ["B", "a", "b", "é"]
        assert {one.made_at for one in seen} == {2}

    def test_views_are_apart(self, store: PredictionStore, view: View) -> None:
        """Also one that takes the name of another."""
        store.append(view, [hot("a", 1, 1)])
        again = View("v2", view.workspace, view.name)
        assert store.open(again) == Standing()
        assert store.newest(again, "a") is None
        store.append(again, [hot("a", 2, 2)])
        assert store.newest(again, "a") == hot("a", 2, 2)

    def test_a_sweep_takes_what_nobody_sees(
        self, store: PredictionStore, view: View, clock: FakeClock
    ) -> None:
        """Old batches, covered hot predictions, views that are gone; nothing else."""
        made = int(clock.now().timestamp() * 1_000_000)
        store.append(view, [hot("a", 1, made), hot("b", 9, made), hot("c", 1, made)])
        self.load(store, view, batch("j1", made, Scored("a", 1, 1)))
        current = batch("j2", made + 1, Scored("a", 1, 1), Scored("b", 1, 1))
        self.load(store, view, current)
        gone = View("v0", "default", "gone")
        store.open(gone)
        store.append(gone, [hot("a", 1, 1)])
        before = store.page(view, "", 9)
        clock.pass_by(timedelta(seconds=1))
        while store.sweep({view.id: clock.now()}, clock.now()):
            pass
        assert store.page(view, "", 9) == before
        assert store.newest(view, "a", until=1) == cold(*current)[0]
        store.open(gone)
        assert store.newest(gone, "a") is None

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,  # every store inherits the test
        ],
    )
    @given(steps=st.lists(_hot | _batch, max_size=8), until=st.none() | TIMES)
    def test_it_says_what_the_rule_says(
        self,
        store: PredictionStore,
        steps: list[Prediction | tuple[str, int, list[Scored]]],
        until: int | None,
    ) -> None:
        """In whatever order batches and hot predictions come, it is `newest` of all of them."""
        view = View(f"p{next(NUMBER)}", "default", f"p{next(NUMBER)}")
        store.open(view)
        came: dict[str, Prediction] = {}
        batches: dict[str, tuple[Generation, list[Scored]]] = {}
        for step in steps:
            if isinstance(step, Prediction):
                store.append(view, [step])
                came.setdefault(step.source, step)
            elif step[0] not in batches:
                made = batch(step[0], step[1], *step[2])
                self.load(store, view, made)
                batches[step[0]] = made
        now = prediction.current(one for one, _ in batches.values())
        known = [*came.values(), *(cold(*batches[now.job]) if now else [])]
        wanted = {
            key: prediction.newest([one for one in known if one.key == key], until) for key in KEYS
        }
        assert {key: store.newest(view, key, until) for key in KEYS} == wanted
        listed = {one.key: one for one in store.page(view, "", 99, until)}
        assert listed == {key: one for key, one in wanted.items() if one}

    def test_readers_see_one_batch_or_the_other(self, store: PredictionStore, view: View) -> None:
        """While batches are swapped and hot predictions come in, nothing goes back or is torn."""
        wrong: list[str] = []
        done = threading.Event()

        def read() -> None:
            last = (0, 0)
            while not done.is_set():
                page = store.page(view, "", 9)
                jobs = {one.job for one in page if one.path is MadeBy.COLD}
                if len(jobs) > 1:
                    wrong.append(f"two batches at once: {jobs}")
                found = store.newest(view, "h")
                now = (found.event_time, found.made_at) if found else last
                if now < last:
                    wrong.append(f"{now} after {last}")
                last = now

        def write() -> None:
            for moment in range(1, 30):
                store.append(view, [hot("h", moment, moment)])

        threads = [threading.Thread(target=read), threading.Thread(target=write)]
        for thread in threads:
            thread.start()
        for moment in range(1, 12):
            rows = [Scored(key, moment, moment) for key in ("a", "b", "h")]
            self.load(store, view, batch(f"j{moment}", moment, *rows))
        threads[1].join()
        done.set()
        threads[0].join()
        assert wrong == []
        newest = store.newest(view, "h")
        assert newest is not None
        assert newest.event_time == 29
