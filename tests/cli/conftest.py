from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ml.fake_server import TOKEN, State, fake_server
from zaffre.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        return json.loads(self.out)


Zaffre = Callable[..., Ran]


@pytest.fixture
def fake(monkeypatch, tmp_path) -> Iterator[State]:
    """A fake server that the command line finds, in a folder of this test's own."""
    with fake_server() as state:
        monkeypatch.setenv("ZAFFRE_URL", state.url)
        monkeypatch.setenv("ZAFFRE_TOKEN", TOKEN)
        monkeypatch.setenv("ZAFFRE_HOME", str(tmp_path / "home"))
        monkeypatch.chdir(tmp_path)
        yield state


@pytest.fixture
def zaffre(capsys) -> Zaffre:
    """Run a command line in this process."""

    def call(*words: str) -> Ran:
        capsys.readouterr()
        code = run(list(words))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call
