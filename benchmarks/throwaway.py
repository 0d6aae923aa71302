"""A throw-away PostgreSQL: the tests' own server, borrowed."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str | None]:
    """Give the address of an empty database, or None where its programs are not installed."""
    tests = Path(__file__).resolve().parents[1] / "tests" / "conftest_postgres.py"
    spec = importlib.util.spec_from_file_location("conftest_postgres", tests)
    borrowed: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(borrowed)
    programs = borrowed._programs()  # noqa: SLF001 (not made for others)
    if programs is None:
        yield None
        return
    home = Path(tempfile.mkdtemp(prefix="zaffre-postgres-"))
    server = borrowed.ThrowAwayPostgres(programs, home, borrowed._account())  # noqa: SLF001
    server.start()
    try:
        if durable:
            server.execute("ALTER SYSTEM SET fsync = on")
            server.execute("SELECT pg_reload_conf()")
        with server.database() as url:
            yield url
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
