"""The runner is killed before and after each commit and started again: no row is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from table_jobs import at, order

pa = pytest.importorskip("pyarrow")
pytest.importorskip("deltalake")
pytest.importorskip("adbc_driver_postgresql")
import pyarrow.parquet as pq  # noqa: E402

from zaffre.runtime.tables import __main__ as program  # noqa: E402
from zaffre.runtime.tables.databases import connect  # noqa: E402
from zaffre.runtime.tables.delta import DeltaSink  # noqa: E402
from zaffre.runtime.tables.file_sink import FileSink, Manifest  # noqa: E402
from zaffre.runtime.tables.order import Address  # noqa: E402
from zaffre.runtime.tables.sql_sink import SqlSink  # noqa: E402

CHUNKS = 3
ROWS = 4 * CHUNKS


def die(*_: Any) -> None:
    """End this process as an operator or the kernel would: at once, with nothing said."""
    os.kill(os.getpid(), signal.SIGKILL)


def attempt(path: Path, spoil: Callable[[], None]) -> int:
    """Run an order in a process of its own, with something spoilt in it; give how it ended."""
    child = os.fork()
    if child == 0:
        sys.argv = ["tables", str(path)]
        spoil()
        os._exit(program.main())
    return os.waitpid(child, 0)[1]


def at_call(owner: Any, name: str, count: int, *, after: bool) -> Callable[[], None]:
    """Die before or after a method is called for the `count`th time in a process."""

    def spoil() -> None:
        whole = getattr(owner, name)
        calls = iter(range(1, 1000))

        def fatal(*arguments: Any, **named: Any) -> Any:
            last = next(calls) == count
            if last and not after:
                die()
            found = whole(*arguments, **named)
            if last:
                die()
            return found

        setattr(owner, name, fatal)

    return spoil


def killed_everywhere(path: Path, moments: list[tuple[Any, str]]) -> None:
    """Die at each moment in turn, each time getting a little further, and then run to the end."""
    for owner, name in moments:
        for after in (False, True):
            status = attempt(path, at_call(owner, name, 1, after=after))
            assert os.WIFSIGNALED(status), f"{name} was not reached"
    assert attempt(path, lambda: None) == 0


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
    moments = [
        (SqlSink, "begin"),
        (SqlSink, "commit"),
        (SqlSink, "_move"),  # all is written, nothing is committed
        (SqlSink, "commit"),
        (SqlSink, "finish"),
    ]
    killed_everywhere(path, moments)
    found = database.read("SELECT id, prediction FROM scores ORDER BY id").to_pylist()
    assert [tuple(row.values()) for row in found] == EXPECTED
    assert database.read("SELECT row_key FROM scores_rejects").to_pylist() == [{"row_key": "5"}]
    database.close()


def test_files_hold_every_row_once(tmp_path):
    path = job(tmp_path, numbers(tmp_path), {"address": at(tmp_path / "out", "parquet")})
    killed_everywhere(
        path,
        [(FileSink, "begin"), (FileSink, "commit"), (Manifest, "write"), (Manifest, "finish")],
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
    killed_everywhere(path, [(DeltaSink, "commit"), (DeltaSink, "_put"), (Manifest, "write")])
    table = deltalake.DeltaTable(tmp_path / "out").to_pyarrow_table().sort_by("id")
    assert (
        list(zip(table["id"].to_pylist(), table["prediction"].to_pylist(), strict=True))
        == EXPECTED
    )
