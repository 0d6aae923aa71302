"""A throw-away MariaDB for the test run, where its server program is there: Debian's mariadb-server-core."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

SECONDS = 60


def _program() -> Path | None:
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[str]:
    """The address of a server for the whole test run, without its database."""
    program = _program()
    if program is None:
        pytest.skip("MariaDB's server program (Debian: mariadb-server-core) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="zaffre-mysql-"))
    (folder / "data").mkdir()
    words = [
        str(program),
        "--no-defaults",
        f"--user={getpass.getuser()}",
        f"--datadir={folder}/data",
        f"--lc-messages-dir={program.parents[1]}/share/mysql",
        "--skip-grant-tables",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    port = _free_port()
    places = [f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1"]
    with (folder / "log").open("w") as log:
        nothing = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        subprocess.run([*words, "--bootstrap"], check=True, timeout=SECONDS, **nothing)
        process = subprocess.Popen([*words, *places, "--skip-networking=0"], **nothing)
    try:
        deadline = time.monotonic() + SECONDS
        while "ready for connections" not in (folder / "log").read_text():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield f"mysql://root@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def mysql_url(mysql_server: str) -> str:
    """The address of an empty database of this test alone."""
    import pymysql

    name = f"t{uuid.uuid4().hex}"
    port = int(mysql_server.rpartition(":")[2])
    with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    return f"{mysql_server}/{name}"
