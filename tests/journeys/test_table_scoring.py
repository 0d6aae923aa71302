"""Rows of a database scored by a batch endpoint on a real server: killed, resumed, incremental."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from running import Server

pytest.importorskip("pyarrow")

SCRIPT = """\
import os, time
def run(rows):
    while os.path.exists(os.environ["GATE"]) and (rows["id"] > 4).any():
        time.sleep(0.02)
    return rows["x"] * 2
"""
DEPLOYMENT = """\
name: double
endpoint_name: doubling
code_configuration: {code: ./src, scoring_script: score.py}
environment: {python: current}
settings:
  environment_variables: {GATE: %s}
"""
INVOCATION = """\
inputs:
  rows: {type: table, path: azureml://datastores/crm, table: customers, key: id, watermark: changed}
outputs:
  predictions: {type: table, path: azureml://datastores/crm, table: scores, mode: upsert}
"""
STORE = "name: crm\ntype: sql\nurl: sqlite:///%s\ncredentials: {password: hush-hush}\n"


@pytest.fixture
def place(tmp_path: Path, home: Path, server: Server, zaffre: Callable) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/score.py").write_text(SCRIPT)
    (tmp_path / "deployment.yml").write_text(DEPLOYMENT % (tmp_path / "gate"))
    (tmp_path / "invocation.yml").write_text(INVOCATION)
    (tmp_path / "crm.yml").write_text(STORE % (tmp_path / "crm.db"))
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, x REAL, changed TEXT)")
        rows = [(one, one, f"2026-01-{one:02}") for one in range(1, 9)]
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
    assert "hush" not in zaffre("datastore", "create", "-f", "crm.yml").stdout
    zaffre("batch-endpoint", "create", "-n", "doubling")
    zaffre("batch-deployment", "create", "-f", "deployment.yml", "--set-default")
    return tmp_path


def scores(place: Path) -> list[tuple]:
    with sqlite3.connect(place / "crm.db") as database:
        return database.execute("SELECT id, prediction, job_id FROM scores ORDER BY id").fetchall()


def test_rows_are_scored_once_though_the_job_is_killed(place, home, zaffre):
    gate = place / "gate"
    gate.touch()
    invoke = ("batch-endpoint", "invoke", "-n", "doubling", "-o", "none")
    zaffre(*invoke, "-f", "invocation.yml", "--job-name", "first")
    runner = wait_for(lambda: runner_of(home, "first-batchscoring"))
    os.kill(runner, signal.SIGKILL)
    assert zaffre("job", "stream", "-n", "first", check=False).returncode == 1
    gate.unlink()
    zaffre(*invoke, "--resume", "first", "--job-name", "second")
    zaffre("job", "stream", "-n", "second")
    assert [row[:2] for row in scores(place)] == [(one, one * 2.0) for one in range(1, 9)]
    with sqlite3.connect(place / "crm.db") as database:
        database.execute("UPDATE customers SET x = 50, changed = '2026-02-01' WHERE id = 3")
    zaffre(*invoke, "-f", "invocation.yml", "--job-name", "third")
    zaffre("job", "stream", "-n", "third")
    assert [row for row in scores(place) if row[2] == "third"] == [
        (3, 100.0, "third"),
        (8, 16.0, "third"),  # the newest watermark may have come more than once
    ]
    metrics = json.loads(zaffre("job", "show", "-n", "third-batchscoring", "-o", "json").stdout)
    assert metrics["status"] == "Completed"
    lineage = zaffre("lineage", "job", "third", "-o", "json").stdout
    assert "datastore:default/crm" in lineage
    assert not [
        one for one in home.rglob("*") if one.is_file() and b"hush-hush" in one.read_bytes()
    ]


def wait_for(find: Callable[[], int]) -> int:
    deadline = time.monotonic() + 60
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def runner_of(home: Path, job: str) -> int:
    """Find the process that runs a table job, once its scoring process works."""
    marks = f"{home}/jobs/".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words, around = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"zaffre_tables" in words and marks in around and job.encode() in around:
            return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return 0
