"""Batch scoring of tables: Parquet in and out, PostgreSQL in and out, against an Arrow loop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi
from sklearn.linear_model import LinearRegression

from benchmarks.processes import scratch
from benchmarks.table import Goal, Table, median
from benchmarks.throwaway import postgres

ROWS, QUICK_ROWS = 2_000_000, 100_000
DATABASE_ROWS = 1_000_000
RATE = re.compile(r"\((\d+) rows/s\)")
LOOP = Path(__file__).with_name("batch_loop.py")
NAMES = {"linear": "linear", "lightgbm": "LightGBM, 100 trees"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def run(*, quick: bool = False) -> Table:
    """Score the same rows by the product and by the loop, by turns."""
    table = Table("batch", quick)
    folder = scratch("batch")
    rows = QUICK_ROWS if quick else ROWS
    make(folder, rows)
    times = 1 if quick else 3
    for name, words in NAMES.items():
        for processes in (1, 2):
            pairs = [
                (product(folder, name, processes), loop(folder, name, processes, rows))
                for _ in range(times)
            ]
            table.add(
                f"{rows:,} x 10, Parquet to Parquet, {words}, {processes} process(es)",
                "rows/s",
                median(pair[0] for pair in pairs),
                reference=median(pair[1] for pair in pairs),
                goal=Goal(at_least=0.8),
                note="with ids, model version, job, rejects, resume; reference: tuned Arrow loop",
            )
    in_postgres(table, folder, QUICK_ROWS if quick else DATABASE_ROWS)
    return table


def make(folder: Path, rows: int) -> None:
    """Write the rows and the models."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(rows, 10))
    columns = {f"x{place}": values[:, place] for place in range(10)}
    pq.write_table(pa.table(columns), folder / "in.parquet", row_group_size=131_072)
    known = values[:50_000]
    wanted = known @ np.arange(10) + np.sin(known[:, 0] * 3)
    models = {
        "linear": LinearRegression(),
        "lightgbm": lightgbm.LGBMRegressor(n_estimators=100, verbose=-1),
    }
    for name, model in models.items():
        joblib.dump(model.fit(known, wanted), folder / f"{name}.joblib")


def product(folder: Path, name: str, processes: int) -> float:
    """Score by the product; give rows a second from the first row read to the last committed."""
    target = scratch(f"batch/out-{name}-{processes}")
    given = {"address": {"url": str(folder / "in.parquet"), "format": "parquet"}}
    wanted = {"address": {"url": str(target), "format": "parquet"}}
    return ordered(folder, name, processes, given, wanted)


def ordered(
    folder: Path, name: str, processes: int, given: dict[str, Any], wanted: dict[str, Any]
) -> float:
    """Run an order in a process of its own."""
    threads = ONE_THREAD if processes > 1 else {}
    order = {
        "run": wanted.get("table", "bench"),
        "stream": "bench",
        "job": "bench",
        "model_version": "bench:1",
        "input": given,
        "output": wanted,
        "model": {"flavor": "sklearn", "model_file": str(folder / f"{name}.joblib")},
        "python": sys.executable,
        "processes": processes,
        "environment": {**os.environ, **threads, "PYTHONWARNINGS": "ignore"},
    }
    path = folder / "order.json"
    path.write_text(json.dumps(order))
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.runtime.tables", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return float(RATE.findall(done.stdout)[-1])


def loop(folder: Path, name: str, processes: int, rows: int) -> float:
    """Score by the loop, in as many processes; give rows a second of all of them together."""
    threads = ONE_THREAD if processes > 1 else {}
    model, source = str(folder / f"{name}.joblib"), str(folder / "in.parquet")
    started = [
        looping(
            [model, source, str(folder / f"loop-{part}.parquet"), str(part), str(processes)],
            threads,
        )
        for part in range(processes)
    ]
    spans = [span(process) for process in started]
    return rows / (max(end for _, end in spans) - min(begin for begin, _ in spans))


def looping(words: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
    """Start the loop."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(LOOP), *words],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )


def span(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Give when a loop began and ended."""
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the loop ended with {process.returncode}")
    begin, end = map(float, output.split())
    return begin, end


def in_postgres(table: Table, folder: Path, rows: int) -> None:
    """Score a table of a throw-away PostgreSQL into another."""
    with postgres() as url:
        if url is None:
            return
        fill(url, rows)
        begin, end = span(looping([str(folder / "linear.joblib"), url], {}))
        for mode in ("append", "upsert"):
            address = {"url": url, "format": "sql"}
            given = {"address": address, "table": "rows_in", "key": "id"}
            wanted = {"address": address, "table": f"scores_{mode}", "mode": mode}
            table.add(
                f"{rows:,} x 10, PostgreSQL to PostgreSQL, linear, {mode}",
                "rows/s",
                ordered(folder, "linear", 1, given, wanted),
                reference=rows / (end - begin),
                note="reference: COPY out and in, two columns, one transaction, no key",
            )


def fill(url: str, rows: int) -> None:
    """Make the table to score."""
    columns = ", ".join(f"random() AS x{place}" for place in range(10))
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE rows_in AS SELECT n AS id, {columns} FROM generate_series(1, {rows}) n"
        )
        cursor.execute("ALTER TABLE rows_in ADD PRIMARY KEY (id)")
        connection.commit()
