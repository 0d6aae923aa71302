"""Environments built for real: by uv, in child processes, through crashes and races."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zaffre.adapters.uv import BuilderSettings, UvBuilder
from zaffre.adapters.uv.builder import ATTEMPTS
from zaffre.adapters.uv.folder import Folder
from zaffre.kinds.interpreter import Interpreter
from zaffre.kinds.recipe import Recipe, Relax
from zaffre.ports.builder import Broken, Building, Ready, Retry
from zaffre.testing.builder import BuilderContract, FakeBuilder, ended

BARE = Recipe()
NOWHERE = Recipe(interpreter="/nowhere/python", own=False)


class RealClock:
    """The time of this machine, and more of it if a test says so."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def clock():
    return RealClock()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "home" / "envs"


@pytest.fixture
def builder(root, clock):
    made = UvBuilder(root, os.environ, clock)
    yield made
    wait_for_all(root)


def wait_for_all(root: Path) -> None:
    """Wait until no build holds a lock: what comes after Ready (bytecode) counts too."""
    deadline = time.monotonic() + 60
    for path in root.glob("*/"):
        while time.monotonic() < deadline:
            with Folder(path).lock() as lock:
                if lock is not None:
                    break
            time.sleep(0.02)


class TestFakeBuilder(BuilderContract):
    @pytest.fixture
    def builder(self):
        return FakeBuilder(refused={"nosuch": "There is no `nosuch`."})

    @pytest.fixture
    def good(self):
        return BARE

    @pytest.fixture
    def bad(self):
        return Recipe(requirements=("nosuch",))


class TestUvBuilder(BuilderContract):
    @pytest.fixture
    def good(self):
        return BARE

    @pytest.fixture
    def bad(self):
        return NOWHERE


def test_a_bare_environment_is_its_own_and_has_pip(builder):
    ready = ended(builder, BARE)
    assert isinstance(ready, Ready)
    assert ready.venv == str(ready.bin.parent)
    assert any(line.startswith("pip==") for line in ready.packages)
    answer = subprocess.run(
        [ready.python, "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == ready.venv


def test_asking_does_not_wait(builder):
    began = time.monotonic()
    assert isinstance(builder.ensure(BARE), Building)
    assert time.monotonic() - began < 5


def test_the_current_interpreter_is_used_as_it_is(builder):
    ready = ended(builder, Recipe(interpreter="current", own=False))
    assert isinstance(ready, Ready)
    assert ready.python == Path(sys.executable)
    assert any(line.startswith("pytest==") for line in ready.packages)


def test_an_interpreter_that_changed_has_another_hash(builder, clock, root, tmp_path):
    python = tmp_path / "there" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "there"], check=True)
    recipe = Recipe(interpreter=str(python), own=False)
    before = ended(builder, recipe)
    site = next((tmp_path / "there" / "lib").glob("python*/site-packages"))
    (site / "new_one-1.0.dist-info").mkdir()
    (site / "new_one-1.0.dist-info" / "METADATA").write_text("Name: new-one\nVersion: 1.0\n")
    assert builder.ensure(recipe) == before
    wait_for_all(root)
    clock.ahead = timedelta(seconds=31)
    assert isinstance(builder.ensure(recipe), Building)
    clock.ahead = timedelta()
    after = settled(builder, recipe, before)
    assert isinstance(after, Ready)
    assert after.hash != before.hash
    assert "new-one==1.0" in after.packages


def test_no_interpreter_at_a_path_is_a_plain_error(builder):
    broken = ended(builder, Recipe(interpreter="/etc/hostname", own=False))
    assert isinstance(broken, Broken)
    assert broken.error == "`/etc/hostname` is no Python interpreter on this machine."
    assert "3.12" in broken.hint


def test_a_python_that_nobody_has_is_refused(root, clock):
    builder = UvBuilder(root, os.environ, clock, BuilderSettings(downloads=False))
    broken = ended(builder, Recipe(python="==3.99.*"))
    assert isinstance(broken, Broken)
    assert "Python 3.99 is not on this machine" in broken.error
    assert "ask for one of those that are here: 3." in broken.hint


def test_an_environment_whose_python_vanished_is_built_again(builder):
    ready = ended(builder, BARE)
    wait_for_all(ready.bin.parents[2])
    ready.python.unlink()
    assert builder.look(BARE) is None
    assert isinstance(ended(builder, BARE), Ready)
    assert ready.python.exists()


def test_a_failed_build_rests_before_a_new_job_tries_again(builder, clock):
    broken = ended(builder, NOWHERE)
    assert builder.ensure(NOWHERE, Retry.PAUSED) == broken
    clock.ahead = timedelta(seconds=61)
    assert isinstance(builder.ensure(NOWHERE, Retry.PAUSED), Building)
    clock.ahead = timedelta()
    assert isinstance(ended(builder, NOWHERE), Broken)


@pytest.fixture
def slow(tmp_path):
    """Give a recipe whose build waits until the test lets it go on."""
    return SlowPython(tmp_path / "slow")


class SlowPython:
    """An interpreter that does not answer while it is held."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.hold = folder / "hold"
        self.hold.touch()
        program = folder / "python"
        program.write_text(
            f'#!/bin/sh\nwhile [ -e {self.hold} ]; do sleep 0.02; done\nexec {sys.executable} "$@"\n'
        )
        program.chmod(0o755)
        self.recipe = Recipe(interpreter=str(program), own=False)

    def begin(self, builder: UvBuilder, root: Path) -> Folder:
        begun = builder.ensure(self.recipe)
        assert isinstance(begun, Building)
        folder = Folder(root / begun.hash)
        wait_until_building(folder)
        return folder

    def kill(self, folder: Folder) -> None:
        os.kill(folder.record()["pid"], signal.SIGKILL)
        wait_for_all(folder.path.parent)
        assert folder.record()["state"] == "building"

    def release(self) -> None:
        self.hold.unlink()


def test_a_build_that_is_killed_begins_again(builder, root, slow):
    folder = slow.begin(builder, root)
    slow.kill(folder)
    slow.release()
    assert isinstance(ended(builder, slow.recipe), Ready)
    assert folder.record()["attempts"] == 2


def test_a_build_under_way_is_waited_for(builder, root, slow):
    folder = slow.begin(builder, root)
    other = UvBuilder(root, os.environ, RealClock())
    assert other.ensure(slow.recipe) == Building(folder.path.name, folder.log)
    assert isinstance(other.look(slow.recipe), Building)
    assert other.discard(folder.path.name) is False
    slow.release()
    assert isinstance(ended(other, slow.recipe), Ready)
    assert folder.record()["attempts"] == 1


def test_a_build_goes_on_without_the_server(builder, root, slow):
    folder = slow.begin(builder, root)
    session = os.getsid(folder.record()["pid"])
    assert session != os.getsid(0)
    slow.release()
    wait_for_all(root)
    assert folder.record()["state"] == "ready"


def test_another_server_takes_over_what_was_killed(builder, root, slow):
    folder = slow.begin(builder, root)
    slow.kill(folder)
    slow.release()
    other = UvBuilder(root, os.environ, RealClock())
    other.tend()
    wait_for_all(root)
    assert folder.record()["state"] == "ready"


def test_a_server_notices_that_its_build_was_killed(builder, root, slow):
    builder.tend()
    folder = slow.begin(builder, root)
    slow.kill(folder)
    slow.release()
    deadline = time.monotonic() + 60
    while folder.record()["state"] != "ready":
        builder.tend()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_build_that_is_killed_too_often_fails(builder, root, slow):
    folder = slow.begin(builder, root)
    for _ in range(ATTEMPTS - 1):
        slow.kill(folder)
        slow.begin(builder, root)
    slow.kill(folder)
    found = builder.ensure(slow.recipe)
    assert isinstance(found, Broken)
    assert f"killed {ATTEMPTS} times" in found.error


def test_builds_do_not_see_the_home(builder, root, tmp_path):
    secret = root.parent / "token"
    secret.parent.mkdir(parents=True)
    secret.write_text("secret")
    seen = tmp_path / "seen"
    program = tmp_path / "python"
    program.write_text(
        f"#!/bin/sh\nls -A {root.parent} > {seen}\ncat {secret} >> {seen} 2>/dev/null\n"
        f'exec {sys.executable} "$@"\n'
    )
    program.chmod(0o755)
    ready = ended(builder, Recipe(interpreter=str(program), own=False))
    assert isinstance(ready, Ready)
    if "no walls" in builder.log(Folder(next(root.iterdir())).path.name):
        pytest.skip("this machine allows no walls")
    assert seen.read_text() == "envs\n"


def wait_until_building(folder: Folder) -> None:
    deadline = time.monotonic() + 30
    while folder.record().get("state") != "building" or not alive(folder.record()["pid"]):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def settled(builder: UvBuilder, recipe: Recipe, before: Ready) -> Ready:
    """Wait until another look has replaced what was known."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = builder.ensure(recipe)
        if isinstance(found, Ready) and found.hash != before.hash:
            return found
        time.sleep(0.02)
    pytest.fail("nothing was noticed")


RACE = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from zaffre.adapters.uv import UvBuilder
from zaffre.kinds.recipe import Recipe
from zaffre.ports.builder import Ready
class Clock:
    def now(self): return datetime.now(UTC)
    def monotonic(self): return time.monotonic()
builder = UvBuilder(Path(sys.argv[1]), os.environ, Clock())
while not isinstance(found := builder.ensure(Recipe()), Ready):
    time.sleep(0.005)
print(found.hash)
"""


def test_two_processes_share_one_build(root):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(root)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    answers = {racer.communicate(timeout=120)[0].strip() for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert len(answers) == 1
    record = Folder(root / answers.pop()).record()
    assert record["state"] == "ready"
    assert record["attempts"] == 1
    wait_for_all(root)


def test_the_record_of_a_power_cut_is_not_believed(builder, root):
    ready = ended(builder, BARE)
    wait_for_all(root)
    folder = Folder(root / ready.hash)
    folder.write_record(folder.record() | {"boot": "another", "durable": False})
    assert builder.look(BARE) is None
    folder.write_record(folder.record() | {"boot": "another", "durable": True})
    assert builder.look(BARE) == ready


def test_our_own_variables_are_kept_from_builds(root, clock):
    builder = UvBuilder(root, {**os.environ, "ZAFFRE_TOKEN": "secret"}, clock)
    begun = builder.ensure(BARE)
    folder = Folder(root / begun.hash)
    wait_until_building(folder)
    variables = Path(f"/proc/{folder.record()['pid']}/environ").read_bytes()
    assert b"ZAFFRE_TOKEN" not in variables
    ended(builder, BARE)
    wait_for_all(root)


@pytest.mark.packages
def test_a_package_that_does_not_exist_is_named(builder):
    broken = ended(builder, Recipe(requirements=("zaffre-has-no-such-package", "six")))
    assert isinstance(broken, Broken)
    assert "There is no package `zaffre-has-no-such-package`" in broken.error
    assert "spelling" in broken.hint
    assert "zaffre-has-no-such-package" in builder.log(broken.hash)


@pytest.mark.packages
def test_requirements_are_installed_and_locked(builder):
    ready = ended(builder, Recipe(requirements=("six==1.17.0",)))
    assert isinstance(ready, Ready)
    assert "six==1.17.0" in ready.packages
    subprocess.run([ready.python, "-c", "import six"], check=True)


@pytest.mark.packages
def test_the_second_build_of_the_same_packages_is_quick(builder, root):
    first = ended(builder, Recipe(requirements=("six==1.17.0",)))
    wait_for_all(root)
    assert builder.discard(first.hash)
    assert ended(builder, Recipe(requirements=("six==1.17.0",))).seconds < 10


@pytest.mark.packages
def test_pins_give_way_when_the_python_is_absent(root, clock):
    builder = only_own_python(root, clock)
    recipe = Recipe(python="==3.6.*", requirements=("pyyaml==3.13", "six"), relax=Relax.ABSENT)
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready), ready
    assert ready.relaxed == ("pyyaml==3.13 -> pyyaml>=3.13",)
    assert "Python 3.6 is not on this machine" in ready.warnings[0]
    wait_for_all(root)


def test_nothing_gives_way_where_it_must_not(root, clock):
    builder = only_own_python(root, clock, strict=True)
    broken = ended(builder, Recipe(python="==3.6.*", relax=Relax.ABSENT))
    assert isinstance(broken, Broken)
    assert "Python 3.6 is not on this machine" in broken.error


def only_own_python(root: Path, clock: RealClock, *, strict: bool = False) -> UvBuilder:
    builder = UvBuilder(root, os.environ, clock, BuilderSettings(downloads=False, strict=strict))
    builder._pythons._found = (Interpreter("3.11.7", sys.executable),)
    builder._pythons._at = time.monotonic()
    return builder


def test_a_build_that_takes_too_long_ends(root, clock):
    builder = UvBuilder(root, os.environ, clock, BuilderSettings(timeout=0.001))
    broken = ended(builder, BARE)
    assert isinstance(broken, Broken)
    assert "not built in time" in broken.error
    assert not (root / broken.hash / "venv").exists()


def test_the_order_on_disk_says_what_was_asked(builder, root):
    ready = ended(builder, BARE)
    order = json.loads((root / ready.hash / "recipe.json").read_text())
    assert Recipe.from_json(order["recipe"]) == BARE
