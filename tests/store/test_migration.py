"""Migrations: all or nothing, safe to repeat, and never on what a newer release wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from zaffre.errors import Conflict
from zaffre.store import upgrade
from zaffre.store.database import Database
from zaffre.store.migration import HEAD, migrate


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


def tables(database: Database) -> set[str]:
    with database.read() as connection:
        return set(inspect(connection).get_table_names())


def test_the_head_is_the_newest_migration():
    assert upgrade.scripts().get_current_head() == HEAD


def test_an_empty_database_gets_all_tables(url: str):
    database = Database(url)
    assert migrate(database) == HEAD
    assert {"experiments", "runs", "points", "resources", "files"} <= tables(database)
    database.close()


def test_twice_does_no_harm(url: str):
    for _ in range(3):
        database = Database(url)
        migrate(database)
        with database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM experiments")).scalar() == 1
        database.close()


def test_a_newer_database_is_refused_untouched(url: str):
    database = Database(url)
    migrate(database)
    change = text("UPDATE alembic_version SET version_num = '9999'")
    database.write(lambda connection: connection.execute(change) and None)
    before = tables(database)
    with pytest.raises(Conflict, match="newer release"):
        migrate(database)
    assert tables(database) == before
    database.close()


def test_an_interrupted_migration_leaves_nothing(url: str, monkeypatch: pytest.MonkeyPatch):
    database = Database(url)

    def stop(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", stop)
        with pytest.raises(RuntimeError):
            migrate(database)
    assert tables(database) == set()
    assert migrate(database) == HEAD
    database.close()
