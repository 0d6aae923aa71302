"""Locks: what an environment was made of, and making the same of it again."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

from adapters.channels import package, wheel, write_index
from adapters.test_environments_uv import RealClock, wait_for_all
from zaffre.adapters.uv import UvBuilder
from zaffre.kinds.lock import Lock
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Broken, Ready
from zaffre.testing.builder import ended

PLATFORM = sysconfig.get_platform()


@pytest.fixture
def wheels(tmp_path):
    """Give a folder of wheels that is the only index there is."""
    folder = tmp_path / "wheels"
    wheel(folder, "zadd", "1.0", "WORD = 'one'\n", needs=["zbase"])
    wheel(folder, "zbase", "1.0")
    wheel(folder, "pip", "25.0")
    return folder


@pytest.fixture
def make(tmp_path, wheels):
    """Give builders, each with a home of its own: as on machines of their own."""
    roots = []

    def made(name, locks=None):
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))},
            "UV_NO_CONFIG": "1",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_CONFIG_FILE": "/dev/null",
            "RATTLER_CACHE_DIR": str(tmp_path / f"{name}-conda"),
        }
        root = tmp_path / name / "envs"
        roots.append(root)
        return UvBuilder(root, environ, RealClock(), locks=lambda digest: (locks or {})[digest])

    yield made
    for root in roots:
        wait_for_all(root)


def built(builder, recipe):
    """Build to the very end: the lock comes after the environment is ready."""
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    wait_for_all(Path(ready.venv).parents[1])
    return builder.look(recipe)


def locked(recipe):
    """Give a recipe whose lock is called `kept`."""
    return Recipe(**{**vars(recipe), "locks": ((PLATFORM, "kept"),)})


def test_a_lock_names_every_package_with_its_digest(make, wheels):
    ready = built(make("here"), Recipe(requirements=("zadd", "pip")))
    lock = Lock.from_text(ready.lock.read_text())
    assert (lock.platform, lock.python) == (PLATFORM, ready.version)
    assert [line.partition(" --hash=sha256:")[0] for line in lock.pip] == [
        "pip==25.0",
        "zadd==1.0",
        "zbase==1.0",
    ]
    assert all(len(line.partition("sha256:")[2]) == 64 for line in lock.pip)
    assert ready.bytes > 0


def test_another_machine_makes_the_same_of_a_lock(make, wheels):
    recipe = Recipe(requirements=("zadd", "pip"))
    first = built(make("here"), recipe)
    wheel(wheels, "zadd", "2.0", "WORD = 'two'\n")
    second = built(make("there", {"kept": first.lock.read_text()}), locked(recipe))
    assert second.hash == first.hash
    assert second.packages == first.packages
    assert second.lock.read_text() == first.lock.read_text()
    assert says(second.python) == "one"
    fresh = built(make("elsewhere"), recipe)
    assert says(fresh.python) == "two"


def says(python):
    told = subprocess.run(
        [python, "-c", "import zadd; print(zadd.WORD)"], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_other_bytes_under_a_locked_version_are_refused(make, wheels):
    recipe = Recipe(requirements=("zbase", "pip"))
    first = built(make("here"), recipe)
    wheel(wheels, "zbase", "1.0", "EVIL = True\n")
    broken = ended(make("there", {"kept": first.lock.read_text()}), locked(recipe))
    assert isinstance(broken, Broken)
    assert broken.error.startswith("What the environment's lock names cannot be had.")
    assert "zbase" in broken.error
    assert "create another version" in broken.hint


def test_a_damaged_environment_is_built_again_as_it_was(make, wheels):
    builder, recipe = make("here"), Recipe(requirements=("zadd", "pip"))
    first = built(builder, recipe)
    wheel(wheels, "zadd", "2.0", "WORD = 'two'\n")
    first.python.unlink()
    assert says(built(builder, recipe).python) == "one"


def test_a_lock_of_another_python_is_no_hindrance(make):
    recipe = Recipe(requirements=("zadd", "pip"))
    lock = Lock(PLATFORM, "3.2.1", pip=("zadd==0.1",)).to_text()
    builder = make("here", {"kept": lock})
    ready = built(builder, locked(recipe))
    assert "zadd==1.0" in ready.packages
    assert "The lock is for Python 3.2.1" in builder.log(ready.hash)


def test_conda_packages_are_locked_with_pips_on_top(make, wheels, tmp_path):
    pytest.importorskip("rattler")
    folder = tmp_path / "channel"
    before = [
        package(folder, "tool", "1.0", {"share/tool.txt": b"one\n"}),
        package(folder, "zlib", "1.0", {"site-packages/zlibs.py": b""}, ["python"], "python"),
    ]
    write_index(folder, before)
    recipe = Recipe(
        requirements=("zadd", "pip"), conda=("tool", "zlib"), channels=(f"file://{folder}",)
    )
    first = built(make("here"), recipe)
    newer = package(folder, "tool", "2.0", {"share/tool.txt": b"two\n"})
    write_index(folder, [*before, newer])
    second = built(make("there", {"kept": first.lock.read_text()}), locked(recipe))
    assert (Path(second.venv) / "share" / "tool.txt").read_text() == "one\n"
    assert second.lock.read_text() == first.lock.read_text()
    names = [
        (each["name"], each["version"]) for each in Lock.from_text(first.lock.read_text()).conda
    ]
    assert {("tool", "1.0"), ("zlib", "1.0")} < set(names)
    subprocess.run([second.python, "-c", "import zlibs, zadd"], check=True)


def test_a_conda_package_that_changed_under_its_name_is_refused(make, tmp_path):
    pytest.importorskip("rattler")
    folder = tmp_path / "channel"
    write_index(folder, [package(folder, "tool", "1.0", {"share/tool.txt": b"one\n"})])
    recipe = Recipe(requirements=("pip",), conda=("tool",), channels=(f"file://{folder}",))
    first = built(make("here"), recipe)
    write_index(folder, [package(folder, "tool", "1.0", {"share/tool.txt": b"evil\n"})])
    broken = ended(make("there", {"kept": first.lock.read_text()}), locked(recipe))
    assert isinstance(broken, Broken)
    assert "tool" in broken.error
