from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml.fake_server import TOKEN, State, fake_server
from zaffre.ml.client import MLClient
from zaffre.ml.connection import Connection
from zaffre.ml.settings import Settings


@pytest.fixture
def fake() -> Iterator[State]:
    with fake_server() as state:
        yield state


@pytest.fixture
def connection(fake: State, tmp_path) -> Iterator[Connection]:
    made = Connection(
        Settings(home=tmp_path / "home", url=fake.url, token=TOKEN),
        say=lambda _: None,
        sleep=lambda _: None,
    )
    yield made
    made.close()


@pytest.fixture
def client(connection: Connection) -> MLClient:
    return MLClient(connection=connection)
