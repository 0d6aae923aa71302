"""The one writer: grouped, durable, and each piece of work on its own."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from zaffre.errors import Invalid, StorageFull, Unavailable
from zaffre.store.database import Database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    opened.write(
        lambda connection: connection.execute(text("CREATE TABLE t (a INT PRIMARY KEY)")) and None
    )
    yield opened
    opened.close()


def add(number: int) -> Any:
    def work(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": number})
        return number

    return work


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM t")).scalar_one())


def held(database: Database) -> tuple[threading.Event, Any]:
    """Keep the writer busy, so that what follows becomes one group."""
    go = threading.Event()
    return go, database.write_async(lambda _: go.wait(10))


def test_a_value_comes_back(database: Database):
    assert database.write(add(7)) == 7
    assert count(database) == 1


def test_a_failing_piece_undoes_only_itself(database: Database):
    def fail(connection: Connection) -> None:
        add(100)(connection)
        raise Invalid("no")

    go, _ = held(database)
    futures = [database.write_async(work) for work in (add(1), fail, add(2), add(1), add(3))]
    go.set()
    assert [futures[i].result() for i in (0, 2, 4)] == [1, 2, 3]
    for place, error in ((1, Invalid), (3, Exception)):
        with pytest.raises(error):
            futures[place].result()
    assert count(database) == 3


def test_a_failing_piece_alone_leaves_nothing(database: Database):
    def fail(connection: Connection) -> None:
        add(1)(connection)
        raise Invalid("no")

    with pytest.raises(Invalid):
        database.write(fail)
    assert count(database) == 0


def test_readers_see_one_moment_and_cannot_write(database: Database):
    with database.read() as connection:
        before = connection.execute(text("SELECT count(*) FROM t")).scalar_one()
        database.write(add(1))
        assert connection.execute(text("SELECT count(*) FROM t")).scalar_one() == before
    with pytest.raises(Exception, match=r"(?i)read-?only|moment"), database.read() as connection:
        connection.execute(text("INSERT INTO t VALUES (2)"))
    assert count(database) == 1


def test_many_threads(database: Database):
    threads = [
        threading.Thread(target=lambda w=w: [database.write(add(w * 100 + i)) for i in range(30)])
        for w in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 180


def test_after_the_end_nothing_is_taken(url: str):
    database = Database(url)
    done = [database.write_async(lambda _: 1) for _ in range(20)]
    database.close()
    assert [one.result() for one in done] == [1] * 20
    with pytest.raises(Unavailable):
        database.write(lambda _: 1)
    database.close()


def test_work_may_not_wait_for_itself(database: Database):
    with pytest.raises(RuntimeError):
        database.write(lambda _: database.write(add(1)))


@pytest.mark.parametrize("wrong", ["mysql://x/y", "nonsense", "sqlite://"])
def test_other_databases_are_refused(wrong: str):
    with pytest.raises(Invalid):
        Database(wrong)


def test_a_commit_that_fails_is_no_success(database: Database, monkeypatch: pytest.MonkeyPatch):
    real = database.backend.commit

    def broken(connection: Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database.backend, "commit", broken)
    go, first = held(database)
    futures = [database.write_async(add(i)) for i in range(3)]
    go.set()
    for future in (first, *futures):
        with pytest.raises(Unavailable):
            future.result()
    monkeypatch.setattr(database.backend, "commit", real)
    assert count(database) == 0
    database.write(add(1))
    assert count(database) == 1


@pytest.mark.postgres
def test_a_lost_session_is_made_anew(postgres_url: str):
    database = Database(postgres_url)
    end_all = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with database.read() as connection:
        connection.execute(end_all)
    assert database.write(lambda connection: connection.execute(text("SELECT 5")).scalar()) == 5
    database.close()


@pytest.mark.postgres
def test_a_deadlock_is_tried_again(postgres_url: str):
    database = Database(postgres_url)
    seen: list[int] = []

    def work(connection: Connection) -> int:
        seen.append(1)
        if len(seen) < 3:
            raising = "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"
            connection.exec_driver_sql(raising)
        return len(seen)

    assert database.write(work) == 3
    database.close()


def test_files_are_private_under_any_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        database = Database(f"sqlite:///{tmp_path}/private.db")
        database.write(
            lambda connection: connection.execute(text("CREATE TABLE t (a INT)")) and None
        )
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert set(modes.values()) == {0o600}
    assert {"private.db", "private.db-wal"} <= set(modes)


def test_the_log_is_moved_into_the_database(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    database.write(lambda c: c.execute(text("CREATE TABLE big (a TEXT)")) and None)
    insert = text("INSERT INTO big VALUES (:a)")
    for _ in range(600):
        database.write(lambda c: c.execute(insert, {"a": "x" * 60_000}) and None)
    assert (tmp_path / "test.db-wal").stat().st_size < 25_000_000
    database.close()
    assert (tmp_path / "test.db").stat().st_size > 30_000_000
    assert not (tmp_path / "test.db-wal").exists()


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from sqlalchemy import text
from zaffre.store.database import Database
database = Database("sqlite:///" + sys.argv[1])
database.write(lambda c: c.execute(text("CREATE TABLE IF NOT EXISTS t (a INT)")) and None)
for number in range(10**6):
    database.write(lambda c: c.execute(text("INSERT INTO t VALUES (:a)"), {"a": number}) and None)
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path):
    source = str(Path(__file__).resolve().parents[2] / "src")
    path = tmp_path / "killed.db"
    words = [sys.executable, "-c", WRITER, str(path), source]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split("\n")[:-1] if line]
    database = Database(f"sqlite:///{path}")
    with database.read() as connection:
        kept = list(connection.execute(text("SELECT a FROM t ORDER BY a")).scalars())
    database.close()
    assert kept[: len(told)] == told
    assert len(kept) <= len(told) + 1


def _fill(database: Database) -> int:
    """Write until the disk is full; give how often that went well."""
    insert = text("INSERT INTO big VALUES (:a)")
    for kept in range(1000):
        try:
            database.write(lambda c: c.execute(insert, {"a": "x" * 300_000}) and None)
        except StorageFull:
            return kept
    raise AssertionError("the disk did not fill up")


def _small_disk(folder: Path) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_full_disk_refuses_but_keeps_room_for_what_is_urgent(tmp_path: Path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if not _small_disk(disk):
        pytest.skip("a small file system cannot be mounted here")
    try:
        database = Database(f"sqlite:///{disk}/test.db")
        database.write(lambda c: c.execute(text("CREATE TABLE big (a TEXT)")) and None)
        insert = text("INSERT INTO big VALUES (:a)")
        kept = _fill(database)
        with pytest.raises(StorageFull):
            database.write(lambda c: c.execute(insert, {"a": "x" * 300_000}) and None)
        for _ in range(20):
            database.write(lambda c: c.execute(insert, {"a": "small"}) and None, urgent=True)
        with database.read() as connection:
            query = text("SELECT count(*) FROM big")
            assert connection.execute(query).scalar_one() == kept + 20
        words = ["mount", "-o", "remount,size=64m", str(disk)]
        subprocess.run(words, check=True)
        with pytest.raises(StorageFull):
            database.write(lambda c: c.execute(insert, {"a": "y"}) and None)
        database.write(lambda c: c.execute(insert, {"a": "y"}) and None)
        database.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "test.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable):
        Database(f"sqlite:///{tmp_path}/test.db")
    with pytest.raises(Unavailable):
        Database(f"sqlite:///{tmp_path}/no/such/folder/test.db")
