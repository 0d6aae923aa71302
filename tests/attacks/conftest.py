"""A world of its own for each module of attacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attacks.world import World, build
from running import end_all_of


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two workspaces with something of every kind in a running server."""
    home = tmp_path_factory.mktemp("attacks") / "home"
    home.mkdir(mode=0o700)
    made: World | None = None
    try:
        made = build(home)
        yield made
    finally:
        if made is not None:
            made.raw.close()
            made.server.stop()
        end_all_of(home)
