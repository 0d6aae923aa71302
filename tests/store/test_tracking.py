"""The tracking store keeps its promises on both databases."""

from __future__ import annotations

import math

import pytest

from zaffre.kinds.tracking import Batch, Metric, NewRun
from zaffre.store import tracking_search
from zaffre.store.database import Database
from zaffre.store.tracking import SqlTracking
from zaffre.testing.clock import FakeClock
from zaffre.testing.tracking import TrackingContract


class TestSqlite(TrackingContract):
    @pytest.fixture
    def store(self, sqlite_database: Database, clock: FakeClock) -> SqlTracking:
        return SqlTracking(sqlite_database, clock)


@pytest.mark.postgres
class TestPostgres(TrackingContract):
    @pytest.fixture
    def store(self, postgres_database: Database, clock: FakeClock) -> SqlTracking:
        return SqlTracking(postgres_database, clock)


class TestSqliteWithManyRuns(TestSqlite):
    """Where runs are many, those in the order of a metric are found by the index of its numbers."""

    @pytest.fixture(autouse=True)
    def many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tracking_search, "FEW", -1)


@pytest.mark.parametrize(
    "name", ["sqlite_database", pytest.param("postgres_database", marks=pytest.mark.postgres)]
)
def test_points_logged_again_beside_new_ones_are_kept_once(
    request: pytest.FixtureRequest, name: str
):
    """Whether a batch is all new is found out before: what comes again, or is NaN, is no new point."""
    tracking = SqlTracking(request.getfixturevalue(name), FakeClock())
    run = tracking.create_run("default", NewRun("0")).info.id
    for steps in ((1, 2), (3, 4), (4, 5), (5, 5), (6, 7)):
        for value in (0.5, math.nan):
            metrics = [Metric("m", value, 1, step) for step in steps]
            tracking.record("default", run, Batch(metrics)).result()
    points = tracking.history("default", run, "m").points
    assert sorted(point.step for point in points) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
