"""The file stores keep the promises of the files socket."""

import pytest

from zaffre.store.database import Database
from zaffre.store.files import SqlFiles
from zaffre.testing.clock import FakeClock
from zaffre.testing.files import FakeFiles, FileContract


class TestSqlite(FileContract):
    @pytest.fixture
    def store(self, sqlite_database: Database) -> SqlFiles:
        return SqlFiles(sqlite_database, FakeClock())


@pytest.mark.postgres
class TestPostgres(FileContract):
    @pytest.fixture
    def store(self, postgres_database: Database) -> SqlFiles:
        return SqlFiles(postgres_database, FakeClock())


class TestFake(FileContract):
    @pytest.fixture
    def store(self) -> FakeFiles:
        return FakeFiles()
