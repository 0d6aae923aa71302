"""The runner is killed before and after each commit and started again: no row is lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from table_jobs import at, order

pa = pytest.importorskip("pyarrow")
pytest.importorskip("deltalake")
pytest.importorskip("adbc_driver_postgresql")
import pyarrow.parquet as pq  # noqa: E402

from zaffre.runtime.tables.databases import connect  # noqa: E402
from zaffre.runtime.tables.order import Address  # noqa: E402

TESTS = Path(__file__).resolve().parents[2]
CHUNKS = 3
ROWS = 4 * CHUNKS


def killed_everywhere(path: Path, *moments: str) -> None:
    """Die at each moment in turn, each time getting a little further, and then run to the end."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(TESTS / "table_kills.py"), str(path)]
        + [f"zaffre.runtime.tables.{moment}" for moment in moments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def job(folder: Path, given: dict, wanted: dict) -> Path:
    rejects = "def run(frame):\n    if (frame['x'] == 5).any():\n        raise ValueError('five')\n    return frame['x'] * 2\n"
    path = folder / "order.json"
    document = order(folder, {"key": "id", "features": ["x"], **given}, wanted, script=rejects)
    path.write_text(json.dumps(document))
    return path


def numbers(folder: Path) -> dict[str, Any]:
    rows = pa.table({"id": range(ROWS), "x": [float(one) for one in range(ROWS)]})
    pq.write_table(rows, folder / "in.parquet")
    return {"address": at(folder / "in.parquet", "parquet")}


EXPECTED = [(one, one * 2.0) for one in range(ROWS) if one != 5]


@pytest.mark.postgres
def test_postgres_has_every_row_once(postgres_url, tmp_path):
    database = connect(Address(postgres_url, "sql"))
    database.run(
        f"CREATE TABLE rows_in AS SELECT id, id::float8 AS x FROM generate_series(0, {ROWS - 1}) id"
    )
    database.commit()
    given = {"address": at(postgres_url), "table": "rows_in"}
    path = job(tmp_path, given, {"address": at(postgres_url), "table": "scores"})
    killed_everywhere(
        path,
        "sql_sink:SqlSink.begin",
        "sql_sink:SqlSink.commit",
        "sql_sink:SqlSink._move",  # all is written, nothing is committed
        "sql_sink:SqlSink.commit",
        "sql_sink:SqlSink.finish",
    )
    found = database.read("SELECT id, prediction FROM scores ORDER BY id").to_pylist()
    assert [tuple(row.values()) for row in found] == EXPECTED
    assert database.read("SELECT row_key FROM scores_rejects").to_pylist() == [{"row_key": "5"}]
    database.close()


def test_files_hold_every_row_once(tmp_path):
    path = job(tmp_path, numbers(tmp_path), {"address": at(tmp_path / "out", "parquet")})
    killed_everywhere(
        path,
        "file_sink:Manifest.begin",
        "file_sink:FileSink.commit",
        "file_sink:Manifest.write",
        "file_sink:Manifest.finish",
    )
    manifest = json.loads((tmp_path / "out/_zaffre/run-1.json").read_text())
    files = [tmp_path / "out" / one for one in manifest["files"] if not one.startswith("_")]
    assert sorted(files) == sorted((tmp_path / "out").glob("*.parquet"))
    table = pa.concat_tables(pq.read_table(one) for one in files).sort_by("id")
    assert (
        list(zip(table["id"].to_pylist(), table["prediction"].to_pylist(), strict=True))
        == EXPECTED
    )


def test_delta_holds_every_row_once(tmp_path):
    import deltalake

    path = job(tmp_path, numbers(tmp_path), {"address": at(tmp_path / "out", "delta")})
    killed_everywhere(
        path, "delta:DeltaSink.commit", "delta:DeltaSink._put", "file_sink:Manifest.write"
    )
    table = deltalake.DeltaTable(tmp_path / "out").to_pyarrow_table().sort_by("id")
    assert (
        list(zip(table["id"].to_pylist(), table["prediction"].to_pylist(), strict=True))
        == EXPECTED
    )
