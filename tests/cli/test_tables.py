"""Predictions written to files: every form holds the same rows; a broken one leaves none."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing

import pytest

from zaffre.cli.tables import COLUMNS, FORMS, write
from zaffre.errors import Invalid

ROWS = [
    {"key": "a", "prediction": 0.5, "event_time": "2026-03-01T10:00:00Z", "path": "hot",
     "made_at": "2026-03-01T10:00:01Z", "model": "m", "request_id": "r", "job": None},
    {"key": "b", "prediction": [1, "x"], "event_time": "2026-03-01T10:00:00Z", "path": "cold",
     "made_at": "2026-03-01T10:00:01Z", "model": None, "request_id": None, "job": "j"},
]  # fmt: skip


def read(path):
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text().splitlines()))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM predictions")]
    return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same_rows(tmp_path, form):
    path = tmp_path / f"a{form}"
    path.write_text("what was there before")
    assert write(path, iter(ROWS)) == 2
    first, second = read(path)
    assert list(first) == list(COLUMNS)
    assert (first["key"], float(first["prediction"]), first["path"]) == ("a", 0.5, "hot")
    value = second["prediction"]
    assert (json.loads(value) if isinstance(value, str) else value) == [1, "x"]
    assert second["job"] == "j"
    assert not first["job"]


@pytest.mark.parametrize("form", FORMS)
def test_what_breaks_off_leaves_what_was_there(tmp_path, form):
    def broken():
        yield ROWS[0]
        raise OSError("away")

    path = tmp_path / f"a{form}"
    path.write_text("before")
    with pytest.raises(OSError, match="away"):
        write(path, broken())
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "before"


def test_a_form_that_nobody_writes_is_refused(tmp_path):
    with pytest.raises(Invalid, match="of no form"):
        write(tmp_path / "a.xls", iter(ROWS))
