"""The tracking store keeps its promises on both databases."""

from __future__ import annotations

import pytest

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
