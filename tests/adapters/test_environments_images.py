"""Environments that are container images, where an engine answers."""

from __future__ import annotations

import os

import pytest

from adapters.test_environments_uv import RealClock, wait_for_all
from fake_podman import FakePodman
from zaffre.adapters.uv import BuilderSettings, UvBuilder
from zaffre.adapters.uv.engines import Engines
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Broken, Container, Ready
from zaffre.testing.builder import ended

IMAGE = "registry.example/tools:1"
UNUSED = "The image is not used."


@pytest.fixture
def podman(tmp_path):
    return FakePodman(tmp_path / "podman")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "home" / "envs"
    yield folder
    wait_for_all(folder)


@pytest.fixture
def environ(podman):
    return {**os.environ, "PATH": f"{podman.folder}:/usr/bin:/bin"}


@pytest.fixture
def builder(root, environ):
    return UvBuilder(root, environ, RealClock())


def test_an_image_is_fetched_once_and_named_by_its_digest(builder, podman):
    ready = ended(builder, Recipe(image=IMAGE, warnings=(UNUSED,)))
    assert isinstance(ready, Ready), ready
    digest = f"sha256:{IMAGE.encode().hex()}"
    assert ready.container == Container(str(podman.path), digest)
    assert ready.warnings == ()
    assert builder.look(Recipe(image=IMAGE)) == ready
    assert podman.asked("pull") == [["pull", "--quiet", IMAGE]]
    assert IMAGE in builder.log(ready.hash)


def test_an_image_that_is_here_is_not_fetched(builder, podman):
    (podman.folder / "images").write_text(IMAGE)
    assert isinstance(ended(builder, Recipe(image=IMAGE)), Ready)
    assert podman.asked("pull") == []


def test_an_image_that_cannot_be_had_says_why(builder):
    broken = ended(builder, Recipe(image="nosuch"))
    assert isinstance(broken, Broken)
    assert broken.error.startswith("The image `nosuch` cannot be had. Error: initializing source")


@pytest.mark.parametrize("how", ["away", "none"])
def test_without_an_engine_something_stands_in(root, environ, podman, how):
    if how == "away":
        podman.leave()
    engine = "none" if how == "none" else "podman"
    builder = UvBuilder(root, environ, RealClock(), BuilderSettings(engine=engine))
    recipe = Recipe(interpreter="current", own=False, image=IMAGE, warnings=(UNUSED,))
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    assert ready.container is None
    assert ready.warnings == (UNUSED,)
    assert builder.ensure(Recipe(interpreter="current", own=False)).hash == ready.hash


def test_an_engine_is_remembered_for_a_while(environ, podman):
    engines = Engines(environ, RealClock())
    assert engines.find() == engines.find() == str(podman.path)
    assert len(podman.asked("info")) == 1
