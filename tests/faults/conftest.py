"""A server that comes back on its own port, as one of a real home does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Server, end_all_of


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def lasting(home: Path) -> Iterator[Server]:
    """A server that comes back on its own port."""
    server = Server(home, {"ZAFFRE_PORT": str(free_port())}).start()
    yield server
    server.stop()
    end_all_of(home)
