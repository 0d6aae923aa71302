"""Predictions on SQL keep every promise of their port; the SQL view says the same."""

from __future__ import annotations

import json
import sqlite3

import pytest
from sqlalchemy import text

from zaffre.kinds.prediction import Scored
from zaffre.store.predictions import SqlPredictions
from zaffre.testing.predictions import CHURN, PredictionContract, batch, hot


class Contract(PredictionContract):
    def test_anybody_may_read_it_by_sql(self, store, view):
        self.load(store, view, batch("j1", 10, Scored("a", 5_000_000, 0.1), Scored("b", 5, "no")))
        store.append(view, [hot("b", 7_000_000, 8_000_000, value={"label": "yes"})])
        with store._database.read() as connection:
            rows = connection.execute(text("SELECT * FROM zaffre_predictions ORDER BY key")).all()
        cold, newer = (row._mapping for row in rows)
        assert (cold["workspace"], cold["view"], cold["key"]) == ("default", "churn", "a")
        assert (cold["path"], cold["job"], cold["model"]) == ("cold", "j1", "model:default/m:1")
        assert json.loads(newer["prediction"]) == {"label": "yes"}
        assert (newer["path"], newer["request_id"]) == ("hot", "r1")
        assert str(newer["event_time"]).startswith("1970-01-01")


class TestSqlite(Contract):
    @pytest.fixture
    def store(self, sqlite_database, clock):
        return SqlPredictions(sqlite_database, clock)

    def test_a_look_at_one_key_reads_no_others(self, store, view, tmp_path):
        with sqlite3.connect(f"file:{tmp_path}/test.db?mode=ro", uri=True) as plain:
            plan = plain.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM zaffre_predictions"
                " WHERE workspace = 'default' AND view = 'churn' AND key = 'a'"
            ).fetchall()
        assert any("predictions_key (view=? AND key=?" in row[3] for row in plan), plan
        assert view == CHURN


@pytest.mark.postgres
class TestPostgres(Contract):
    @pytest.fixture
    def store(self, postgres_database, clock):
        return SqlPredictions(postgres_database, clock)
