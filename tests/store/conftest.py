"""Databases to test stores on: an SQLite file, and a real PostgreSQL where its programs are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest_postgres import ThrowAwayPostgres, postgres_server, postgres_url
from zaffre.store.database import Database
from zaffre.store.migration import migrate

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An SQLite database with all tables."""
    yield from _ready(Database(f"sqlite:///{tmp_path}/test.db"))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: ThrowAwayPostgres) -> str:
    """The name of a PostgreSQL database with all tables, to make others from."""
    postgres_server.execute("CREATE DATABASE ready")
    database = Database(postgres_server.url("ready"))
    migrate(database)
    database.close()
    return "ready"


@pytest.fixture
def postgres_database(
    postgres_server: ThrowAwayPostgres, postgres_template: str
) -> Iterator[Database]:
    """A PostgreSQL database with all tables."""
    with postgres_server.database(template=postgres_template) as url:
        database = Database(url)
        yield database
        database.close()


def _ready(database: Database) -> Iterator[Database]:
    migrate(database)
    yield database
    database.close()
