"""Wheels alone are installed without walls, by links from a cache; sources are built behind them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.channels import source, wheel
from adapters.test_environments_uv import RealClock, wait_for_all
from zaffre.adapters.uv import UvBuilder
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Broken, Ready
from zaffre.testing.builder import ended


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    wheel(folder, "zadd", "1.0", "WORD = 'one'\n")
    wheel(folder, "pip", "25.0")
    return folder


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "token").write_text("secret")
    return folder


@pytest.fixture
def builder(home, wheels):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    environ = {
        **kept,
        "UV_NO_CONFIG": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": "/dev/null",
        "SEEN": str(home),
    }
    yield UvBuilder(home / "envs", environ, RealClock())
    wait_for_all(home / "envs")


def test_wheels_are_linked_from_a_cache_in_the_home(builder, home):
    ready = ended(builder, Recipe(requirements=("zadd", "pip")))
    assert isinstance(ready, Ready), ready
    (file,) = Path(ready.venv).glob("lib/python*/site-packages/zadd.py")
    assert file.stat().st_nlink > 1
    assert (home / "cache" / "wheels").is_dir()


def test_a_source_is_built_behind_walls(builder, home, wheels, tmp_path):
    seen = tmp_path / "seen"
    source(wheels, "zsource", "1.0", seen)
    ready = ended(builder, Recipe(requirements=("zsource", "pip")))
    assert isinstance(ready, Ready), ready
    log = builder.log(ready.hash)
    assert "trying again behind walls" in log
    if "no walls" in log:
        pytest.skip("this machine allows no walls")
    assert seen.read_text() == "[['envs']]"


def test_a_wheel_is_preferred_to_a_newer_source(builder, wheels, tmp_path):
    source(wheels, "zadd", "2.0", tmp_path / "seen")
    ready = ended(builder, Recipe(requirements=("zadd", "pip")))
    assert "zadd==1.0" in ready.packages
    newer = ended(builder, Recipe(requirements=("zadd>=2", "pip")))
    assert "zadd==2.0" in newer.packages


def test_packages_that_exclude_each_other_are_named(builder, wheels):
    wheel(wheels, "zneeds", "1.0", needs=["zadd>=5"])
    broken = ended(builder, Recipe(requirements=("zadd", "zneeds", "pip")))
    assert isinstance(broken, Broken)
    assert broken.error.startswith("The packages exclude each other.")
    assert "zneeds" in broken.error
    assert "zadd>=5" in broken.error
    assert "\n" not in broken.error
