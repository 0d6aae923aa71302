"""Conda packages by a real solver, from a channel made here."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from adapters.channels import package, python_files, write_index
from adapters.test_environments_uv import RealClock, wait_for_all
from zaffre.adapters.uv import BuilderSettings, UvBuilder
from zaffre.kinds.recipe import Recipe, Relax
from zaffre.ports.builder import Broken, Ready
from zaffre.testing.builder import ended

pytest.importorskip("rattler")


@pytest.fixture
def channel(tmp_path):
    """Make a channel with `hello` 1.0 and 2.0 (which needs `world`), `world` 1.0 and a Python."""
    folder = tmp_path / "channel"
    packages = [
        package(folder, "world", "1.0", {"share/world.txt": b"world\n"}),
        package(folder, "hello", "1.0", {"share/hello.txt": b"one\n"}),
        package(folder, "hello", "2.0", {"share/hello.txt": b"two\n"}, depends=["world >=1"]),
        package(folder, "python", "3.11.99", python_files()),
    ]
    write_index(folder, packages)
    return f"file://{folder}"


@pytest.fixture
def builder(tmp_path):
    environ = {**os.environ, "RATTLER_CACHE_DIR": str(tmp_path / "cache")}
    root = tmp_path / "home" / "envs"
    yield UvBuilder(root, environ, RealClock(), BuilderSettings(channel_timeout=10))
    wait_for_all(root)


def test_conda_packages_are_solved_and_installed(builder, channel):
    ready = ended(builder, Recipe(conda=("hello>=1.5",), channels=(channel,), relax=Relax.ABSENT))
    assert isinstance(ready, Ready), ready
    prefix = Path(ready.venv)
    assert (prefix / "share" / "hello.txt").read_text() == "two\n"
    assert (prefix / "share" / "world.txt").read_text() == "world\n"
    assert "hello=2.0=0" in builder.log(ready.hash)
    subprocess.run([ready.python, "-m", "pip", "--version"], check=True, capture_output=True)
    assert ready.warnings == ()


def test_a_channels_own_python_is_taken(builder, channel):
    recipe = Recipe(python="==3.11.*", conda=("hello=1.0",), channels=(channel,))
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    assert (Path(ready.bin).parent / "share" / "python.txt").exists()
    assert (Path(ready.bin).parent / "share" / "hello.txt").read_text() == "one\n"


def test_a_channel_without_python_serves_packages_for_python(builder, tmp_path):
    folder = tmp_path / "small"
    code = {"site-packages/zgreets.py": b"WORD = 'hello'\n"}
    line = package(folder, "zgreets", "1.0", code, depends=["python >=3.8"], noarch="python")
    write_index(folder, [line])
    recipe = Recipe(python="==3.11.*", conda=("zgreets", "pip"), channels=(f"file://{folder}",))
    pip = package(folder, "pip", "25.0", {})
    write_index(folder, [line, pip])
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    answer = subprocess.run(
        [ready.python, "-c", "import sys, zgreets; print(sys.version_info[:2], zgreets.WORD)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "(3, 11) hello\n"
    assert len(ready.warnings) == 1
    assert re.fullmatch(
        r"No channel has Python: Python 3\.11\.\d+ of this machine is used\.", ready.warnings[0]
    )


def test_a_version_that_a_channel_lacks_is_named(builder, channel):
    broken = ended(builder, Recipe(conda=("hello=9",), channels=(channel,), relax=Relax.ABSENT))
    assert isinstance(broken, Broken)
    assert "hello" in broken.error
    assert channel in broken.hint


def test_packages_that_exclude_each_other_are_named_with_what_they_need(builder, tmp_path):
    folder = tmp_path / "channel"
    packages = [package(folder, "base", version, {}) for version in ("1.0", "2.0")] + [
        package(folder, "old", "1.0", {}, depends=["base <2"]),
        package(folder, "new", "1.0", {}, depends=["base >=2"]),
    ]
    write_index(folder, packages)
    broken = ended(builder, Recipe(conda=("old", "new"), channels=(f"file://{folder}",)))
    assert isinstance(broken, Broken)
    assert broken.error.startswith("The conda packages cannot be had together.")
    assert all(word in broken.error for word in ("old", "new", "base <2", "base >=2"))
    assert "\n" not in broken.error
    assert "Traceback" not in builder.log(broken.hash)


def test_what_only_conda_has_needs_its_channel(builder):
    recipe = Recipe(conda=("ffmpeg=6",), channels=("http://127.0.0.1:9/none",), relax=Relax.ABSENT)
    broken = ended(builder, recipe)
    assert isinstance(broken, Broken)
    assert broken.error.startswith("The conda package(s) ffmpeg=6 cannot be had")
    assert "http://127.0.0.1:9/none" in broken.error
    assert "pip:" in broken.hint


@pytest.mark.packages
def test_what_pypi_has_too_comes_from_there_with_a_warning(builder):
    recipe = Recipe(conda=("six=1.17",), channels=("http://127.0.0.1:9/none",), relax=Relax.ABSENT)
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    assert any(line.startswith("six==1.17") for line in ready.packages)
    assert "The conda packages come from PyPI (six==1.17.*)" in ready.warnings[0]


def test_strict_servers_take_nothing_from_pypi(tmp_path):
    settings = BuilderSettings(strict=True, channel_timeout=10)
    builder = UvBuilder(tmp_path / "home" / "envs", os.environ, RealClock(), settings)
    recipe = Recipe(conda=("six=1.17",), channels=("http://127.0.0.1:9/none",), relax=Relax.ABSENT)
    assert isinstance(ended(builder, recipe), Broken)


def test_a_channel_that_does_not_answer_is_given_up(tmp_path):
    settings = BuilderSettings(channel_timeout=0.2)
    builder = UvBuilder(tmp_path / "home" / "envs", os.environ, RealClock(), settings)
    began = time.monotonic()
    with SilentServer() as address:
        broken = ended(builder, Recipe(conda=("ffmpeg",), channels=(f"{address}/x",)))
    assert isinstance(broken, Broken)
    assert "cannot be reached" in broken.error
    assert time.monotonic() - began < 60


class SilentServer:
    """A server that takes connections and says nothing."""

    def __enter__(self):
        import socket

        self.socket = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def __exit__(self, *_):
        self.socket.close()
