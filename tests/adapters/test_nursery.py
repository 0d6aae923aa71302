"""Launchers are forked from a warm parent, and need neither it nor the server."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.adapters.local import LocalCompute, LocalSettings, nursery
from zaffre.testing.compute import ended, plan, wait_for


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def compute(home: Path) -> Iterator[LocalCompute]:
    made = local(home)
    yield made
    for pids in made.alive().values():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def local(home: Path, python: str = sys.executable) -> LocalCompute:
    variables = {**os.environ, "SECRET_OF_THE_SERVER": "s3cret"}
    settings = LocalSettings(
        jobs=home / "jobs", blobs=home / "blobs", environment=variables, python=python
    )
    return LocalCompute(settings)


def nurseries(home: Path) -> list[int]:
    """Give the nurseries of a home that live, by their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            stopped = b"State:\tZ" in (entry / "status").read_bytes() if words else True
            if b"--nursery" in words and os.fsencode(home) in words[-2] and not stopped:
                found.append(int(entry.name))
    return found


def facts(compute: LocalCompute, name: str) -> dict[str, int]:
    """Wait until a job's command runs, and give what its launcher wrote."""

    def look() -> dict[str, int] | None:
        report = compute.report(name)
        return report.facts if report and report.phase == "running" else None

    return wait_for(look)


def test_a_launcher_shows_whose_it_is_and_keeps_nothing_open(
    compute: LocalCompute, home: Path
) -> None:
    compute.start("a", plan("a", "ls -l /proc/self/fd; sleep 60"))
    pid = facts(compute, "a")["pid"]
    (parent,) = nurseries(home)
    folder = home / "jobs" / "a"
    words = Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0").split(b"\0")
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert os.fsencode(folder) == words[-1]
    assert os.fsencode(f"ZAFFRE_JOB_FOLDER={folder}") in variables
    assert not [one for one in variables if b"SECRET" in one or b"PADDING" in one]
    assert os.getsid(pid) == pid != os.getsid(parent)
    opened = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
    assert not [one for one in opened if one.startswith("socket:")]
    assert str(folder / "lock") in opened
    assert pid in compute.alive()["a"]
    assert parent not in compute.alive()["a"]


def test_the_command_finds_no_variable_and_no_file_of_the_nursery(compute: LocalCompute) -> None:
    compute.start("a", plan("a", "env; ls /proc/self/fd | tr '\\n' ' '"))
    ended(compute, "a")
    said = compute.logs("a", 0, 100_000).decode()
    assert "PADDING" not in said
    assert "SECRET" not in said
    assert said.endswith("\n0 1 2 3 ")


def test_jobs_do_not_notice_that_the_nursery_is_killed(compute: LocalCompute, home: Path) -> None:
    compute.start("a", plan("a", "while [ ! -e ../wd/go ]; do sleep 0.01; done; echo done"))
    facts(compute, "a")
    (first,) = nurseries(home)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not nurseries(home))
    compute.start("b", plan("b", "true"))
    assert ended(compute, "b").facts["outcome"] == "completed"
    assert nurseries(home) != [first]
    (home / "jobs" / "a" / "wd" / "go").touch()
    assert ended(compute, "a").facts["outcome"] == "completed"


def test_a_nursery_that_hangs_is_ended_and_the_job_begins_at_the_next_look(
    compute: LocalCompute, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nursery, "PATIENCE", 1.0)
    compute.start("a", plan("a", "true"))
    ended(compute, "a")
    (first,) = nurseries(home)
    os.kill(first, signal.SIGSTOP)
    compute.start("b", plan("b", "true"))
    assert wait_for(lambda: compute.report("b") is None)
    assert wait_for(lambda: not nurseries(home))
    compute.start("b", plan("b", "true"))
    assert ended(compute, "b").facts["outcome"] == "completed"


def test_without_a_nursery_launchers_are_started_one_by_one(home: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *--nursery*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o700)
    compute = local(home, str(python))
    compute.start("a", plan("a", "true"))
    assert ended(compute, "a").facts["outcome"] == "completed"
    assert nurseries(home) == []


def test_a_nursery_ends_with_the_one_that_started_it(home: Path) -> None:
    compute = local(home)
    compute.start("a", plan("a", "true"))
    ended(compute, "a")
    assert len(nurseries(home)) == 1
    del compute
    assert wait_for(lambda: not nurseries(home))
