"""Parquet files are read by a program of its own: their rows, or what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from zaffre.adapters.local.parquet import ProgramParquet
from zaffre.errors import Invalid

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.parquet"
    moment = datetime(2026, 3, 1, 10, tzinfo=UTC)
    rows = [
        {"id": 1, "at": moment, "p": 0.5, "other": "x", "d": Decimal("1.5")},
        {"id": 2, "at": moment, "p": float("nan"), "other": None, "d": None},
    ]
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    return path


def test_rows_come_as_json_would_hold_them(file):
    rows = list(ProgramParquet().rows(file, ["id", "at", "d"]))
    assert rows == [
        {"id": 1, "at": "2026-03-01T10:00:00+00:00", "d": 1.5},
        {"id": 2, "at": "2026-03-01T10:00:00+00:00", "d": None},
    ]


def test_who_wants_no_more_ends_the_program(file):
    rows = ProgramParquet().rows(file, ["id"])
    assert next(rows) == {"id": 1}
    rows.close()


def test_what_is_wrong_is_said(file, tmp_path):
    with pytest.raises(Invalid, match="no column `when`") as raised:
        list(ProgramParquet().rows(file, ["id", "when"]))
    assert "`other`" in raised.value.hint
    broken = tmp_path / "b.parquet"
    broken.write_bytes(b"PAR1 no PAR1")
    with pytest.raises(Invalid, match="no Parquet file"):
        list(ProgramParquet().rows(broken, ["id"]))
