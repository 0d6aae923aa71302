"""A throw-away PostgreSQL: made for the test run in a folder of its own, one new database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def _programs() -> Path | None:
    """Give the folder of the server's programs, newest release first."""
    for folder in reversed(_PLACES):
        if (folder / "initdb").is_file():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def _account() -> pwd.struct_passwd | None:
    """Give the account to run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user `postgres` to run it as")


class ThrowAwayPostgres:
    """One server on a Unix socket, without syncs: nothing in it outlives the tests."""

    def __init__(self, programs: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
        self.folder = folder
        self._programs = programs
        self._account = account
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)

    def _run(self, *words: str) -> None:
        who = {}
        if self._account is not None:
            who = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        program, *arguments = words
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            **who,
        )

    def start(self) -> None:
        data = str(self.folder / "data")
        self._run(
            "initdb",
            "-D",
            data,
            "-U",
            "zaffre",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
            "--locale=C.UTF-8",
        )
        settings = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=60"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", data, "-w", "-t", "40", "-l", log, "-o", settings, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://zaffre@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Make a database for a while and give its address."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[ThrowAwayPostgres]:
    """A PostgreSQL server for the whole test run."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs (Debian: postgresql) are not installed")
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="zaffre-postgres-"))
    server = ThrowAwayPostgres(programs, folder, account)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: ThrowAwayPostgres) -> Iterator[str]:
    """The address of an empty database of this test alone."""
    with postgres_server.database() as url:
        yield url
