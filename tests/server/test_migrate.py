"""`zaffre migrate` on real stores: a home becomes PostgreSQL and a bucket, killed on the way and gone on with."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from conftest_postgres import postgres_server, postgres_url
from conftest_s3 import S3, moto_endpoint, s3
from faults.asking import until, upload
from running import Server, clean_environment, end_all_of
from zaffre.store import moving
from zaffre.store.database import Database

__all__ = ["moto_endpoint", "postgres_server", "postgres_url", "s3"]
pytestmark = pytest.mark.postgres

WS = "/api/v1/workspaces/default"
ML = "/api/2.0/mlflow"


@pytest.fixture
def used(home: Path) -> Path:
    """A home in which somebody worked: a job, a run with metrics, data; and no server any more."""
    server = Server(home).start()
    tree = upload(server, "numbers.csv", "a,b\n1,2\n")
    path = f"azureml://trees/{tree}"
    server.call("POST", f"{WS}/data", {"name": "numbers", "type": "uri_folder", "path": path})
    job = {"name": "j", "command": "echo here > outputs/x", "environment": {"python": "current"}}
    server.call("POST", f"{WS}/jobs", job)
    run = server.call("POST", f"{ML}/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
    points = [{"key": "m", "value": n / 7, "timestamp": n, "step": n} for n in range(1000)]
    for _ in range(4):
        server.call("POST", f"{ML}/runs/log-batch", {"run_id": run, "metrics": points})
        points = [{**point, "timestamp": point["timestamp"] + 1000} for point in points]
    until(lambda: server.call("GET", f"{WS}/jobs/j")["status"] == "Completed", "the job ends")
    server.stop()
    return home


def program(home: Path, s3: S3, url: str, *more: str) -> list[str]:
    goal = ["--to-database", url, "--to-artifacts", s3.url]
    return [sys.executable, "-m", "zaffre.server.migrate", "--home", str(home), *goal, *more]


def environment(home: Path, s3: S3) -> dict[str, str]:
    variables = {name: value for name, value in s3.variables.items() if name.startswith("AWS_")}
    return {**clean_environment(home), **variables}


def run(home: Path, s3: S3, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(home, s3, url, *more),
        env=environment(home, s3),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def moved(url: str) -> int:
    """How many rows the target has written down as moved."""
    query = (
        "SELECT value::json->>'rows' FROM agreements WHERE name LIKE 'move:%' AND value LIKE '{%'"
    )
    try:
        with psycopg.connect(url) as connection:
            return sum(int(row[0]) for row in connection.execute(query))
    except psycopg.errors.UndefinedTable:
        return 0


def files(home: Path) -> dict[str, bytes]:
    own = ("zaffre.db", "token", "secret.key")
    content = {f"blob:{path.name}": path.read_bytes() for path in home.glob("artifacts/blobs/*/*")}
    return content | {name: (home / name).read_bytes() for name in own}


def test_a_killed_migration_goes_on_and_a_server_runs_on_its_end(
    used: Path, s3: S3, postgres_url: str
):
    before = files(used)
    dry = run(used, s3, postgres_url, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "points                          4,000 rows" in dry.stdout
    assert moved(postgres_url) == 0

    for _ in range(3):
        _kill_on_the_way(used, s3, postgres_url)
    done = run(used, s3, postgres_url)
    assert done.returncode == 0, done.stderr
    assert "are the same in postgresql://" in done.stdout
    assert "were read back and are the same" in done.stdout
    assert files(used) == before

    one, two = Database(f"sqlite:///{used}/zaffre.db"), Database(postgres_url)
    assert {t.name: moving.content(one, t) for t in moving.tables()} == {
        t.name: moving.content(two, t) for t in moving.tables()
    }
    one.close()
    two.close()

    server = Server(used, {**s3.variables, "ZAFFRE_DATABASE": postgres_url}).start()
    assert server.call("GET", f"{WS}/jobs/j")["status"] == "Completed"
    assert server.call("GET", f"{WS}/data/numbers/versions/1")["name"] == "numbers"
    again = {"name": "k", "command": "echo", "environment": {"python": "current"}}
    server.call("POST", f"{WS}/jobs", again)
    until(lambda: server.call("GET", f"{WS}/jobs/k")["status"] == "Completed", "a new job ends")
    server.stop()
    end_all_of(used)


def _kill_on_the_way(home: Path, s3: S3, url: str) -> None:
    start = moved(url)
    process = subprocess.Popen(
        program(home, s3, url, "--batch", "50"),
        env=environment(home, s3),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while moved(url) <= start:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_home_in_use_is_not_moved(server: Server, s3: S3, postgres_url: str):
    done = run(server.home, s3, postgres_url)
    assert done.returncode == 2
    assert "A server runs on" in done.stderr


def test_what_is_missing_is_said(home: Path, tmp_path: Path):
    def say(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "zaffre.server.migrate", "--home", str(home), *words]
        done = subprocess.run(
            command, env=clean_environment(home), capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert say() == (
        2,
        "zaffre migrate: Nothing is to be moved.\n  Give --to-database, --to-artifacts or both.\n",
    )
    code, text = say("--to-database", f"sqlite:///{tmp_path}/new.db")
    assert code == 2
    assert "There is no home at" in text


def test_an_embedded_home_is_made_of_the_parts(used: Path, s3: S3, tmp_path: Path):
    """What was moved to files is a home again, with the key and token of the first."""
    new = tmp_path / "new"
    new.mkdir(mode=0o700)
    goal = ["--to-database", f"sqlite:///{new}/zaffre.db", "--to-artifacts", f"{new}/artifacts"]
    command = [sys.executable, "-m", "zaffre.server.migrate", "--home", str(used), *goal]
    done = subprocess.run(
        command, env=environment(used, s3), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "is  zaffre.db" in done.stdout
    for name in ("secret.key", "token"):
        (new / name).write_bytes((used / name).read_bytes())
    server = Server(new).start()
    assert server.call("GET", f"{WS}/jobs/j")["status"] == "Completed"
    server.stop()
    end_all_of(new)
