"""The SQL metadata store keeps every promise of the metadata port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.store.database import Database
from zaffre.store.migration import migrate
from zaffre.store.resources import SqlMetadata
from zaffre.testing.clock import FakeClock
from zaffre.testing.metadata_contract import MetadataContract


class TestSqlite(MetadataContract):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: FakeClock) -> Iterator[SqlMetadata]:
        database = Database(f"sqlite:///{tmp_path / 'z.db'}")
        migrate(database)
        yield SqlMetadata(database, clock)
        database.close()


@pytest.mark.postgres
class TestPostgres(MetadataContract):
    @pytest.fixture
    def store(self, postgres_database: Database, clock: FakeClock) -> SqlMetadata:
        return SqlMetadata(postgres_database, clock)
