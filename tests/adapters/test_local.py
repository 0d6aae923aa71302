"""The local compute: real launchers, real process trees, real deaths."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.adapters.local import LocalCompute, LocalSettings, inherited
from zaffre.adapters.local.processes import is_held, try_lock
from zaffre.errors import Failed, Invalid
from zaffre.testing.compute import ComputeContract, ended, plan, wait_for

LEVELS = ("auto", "none")


def end_all(jobs: Path) -> None:
    """End every process of the jobs in a folder, launchers too."""
    start = f"ZAFFRE_JOB_FOLDER={jobs}/".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if start in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue


@pytest.fixture(params=LEVELS)
def compute(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalCompute]:
    home = tmp_path / "home"
    settings = LocalSettings(
        jobs=home / "jobs",
        blobs=home / "artifacts" / "blobs",
        environment=os.environ,
        hide=(home,),
        isolation=request.param,
    )
    yield LocalCompute(settings)
    end_all(home / "jobs")


class TestLocal(ComputeContract):
    """The promises, with and without namespaces."""


def launcher_of(compute: LocalCompute, name: str = "a") -> int:
    """Wait until a job's command runs, and give its launcher."""

    def look() -> int | None:
        report = compute.report(name)
        return report.facts["pid"] if report and report.phase == "running" else None

    return wait_for(look)


def python(program: str) -> str:
    """Give a shell command that runs a Python program."""
    text = textwrap.dedent(program).replace("'", "'\\''")
    return f"{sys.executable} -c '{text}'"


DETACHING = """
    import os, signal, subprocess, time
    def daemon(seconds):
        if os.fork(): return
        os.setsid()
        if os.fork(): os._exit(0)
        for number in (1, 2, 15): signal.signal(number, signal.SIG_IGN)
        os.chdir("/")
        os.execve("/bin/sleep", ["sleep", seconds], {})
    daemon("4711.25")
    subprocess.Popen(["setsid", "bash", "-c", "trap \\"\\" TERM HUP; sleep 4712.25 & sleep 4713.25"])
    print("ready", flush=True)
"""


def sleepers() -> list[int]:
    """Give the processes that the detaching program left."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"sleep" and words[1] in (b"4711.25", b"4712.25", b"4713.25"):
                found.append(int(entry.name))
    return found


def test_processes_that_detach_end_with_the_command(compute: LocalCompute) -> None:
    compute.start("a", plan("a", python(DETACHING), grace=0.3))
    assert ended(compute, "a").facts["outcome"] == "completed"
    assert sleepers() == []
    assert compute.alive().get("a", []) == [] or wait_for(lambda: not compute.alive())


def test_processes_that_detach_end_with_a_cancel(compute: LocalCompute) -> None:
    compute.start("a", plan("a", python(DETACHING + "    time.sleep(1000)\n"), grace=0.3))
    wait_for(lambda: b"ready" in compute.logs("a", 0, 100) and len(sleepers()) == 3)
    compute.cancel("a")
    assert ended(compute, "a").facts["outcome"] == "canceled"
    assert sleepers() == []


def test_a_killed_launcher_leaves_nothing_and_its_job_fails(compute: LocalCompute) -> None:
    compute.start(
        "a",
        plan(
            "a",
            f"echo kept; echo o > outputs.txt; mkdir -p outputs; echo x > outputs/f; {python(DETACHING)}; sleep 1000",
        ),
    )
    launcher = launcher_of(compute)
    wait_for(lambda: b"ready" in compute.logs("a", 0, 100) and len(sleepers()) == 3)
    os.kill(launcher, signal.SIGKILL)
    facts = ended(compute, "a").facts
    assert (facts["outcome"], facts["error"]["code"]) == ("failed", "launcher_lost")
    assert wait_for(lambda: not sleepers())
    assert b"kept" in compute.logs("a", 0, 100)
    assert [row[0] for row in facts["sealed"]["artifacts"]] == [
        "outputs/f",
        "user_logs/std_log.txt",
    ]


def test_a_launcher_killed_after_a_cancel_means_canceled(compute: LocalCompute) -> None:
    compute.start("a", plan("a", "trap '' TERM; echo on; sleep 1000; sleep 1000", grace=60))
    launcher = launcher_of(compute)
    compute.cancel("a")
    os.kill(launcher, signal.SIGKILL)
    assert ended(compute, "a").facts["outcome"] == "canceled"


def test_a_warden_killed_from_outside_fails_the_job(compute: LocalCompute) -> None:
    compute.start("a", plan("a", python(DETACHING + "    time.sleep(1000)\n")))
    launcher_of(compute)
    wait_for(lambda: len(sleepers()) == 3)
    report = compute.report("a")
    assert report is not None
    os.kill(report.facts["child_pid"], signal.SIGKILL)
    facts = ended(compute, "a").facts
    assert (facts["outcome"], facts["error"]["code"], facts["signal"]) == ("failed", "killed", 9)
    assert wait_for(lambda: not sleepers())


@pytest.mark.slow
def test_whenever_the_launcher_is_killed_the_job_ends_once_and_clean(
    compute: LocalCompute,
) -> None:
    for turn in range(12):
        name = f"k{turn}"
        compute.start(name, plan(name, "echo begun; sleep 0.05; echo done"))
        report = compute.report(name)
        if report is not None:
            subprocess.run(["sleep", str(turn * 0.012)], check=True)
            state = compute.report(name)
            if state is not None and state.facts.get("pid") and state.phase != "ended":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(state.facts["pid"], signal.SIGKILL)

        def over(name: str = name) -> str | None:
            found = compute.report(name)
            if found is None:
                compute.start(name, plan(name, "echo begun; sleep 0.05; echo done"))
                return None
            return found.facts["outcome"] if found.phase == "ended" else None

        outcome = wait_for(over)
        log = compute.logs(name, 0, 1000)
        assert log.count(b"begun") <= 1
        assert outcome == "failed" or log.endswith(b"done\n")
        assert compute.report(name).facts["outcome"] == outcome
    assert wait_for(lambda: not compute.alive())


def test_a_new_server_finds_the_jobs_of_the_one_before(compute: LocalCompute) -> None:
    compute.start("a", plan("a", "echo 1; sleep 0.5; echo 2"))
    launcher_of(compute)
    another = LocalCompute(compute.settings)
    assert another.report("a").phase == "running"
    another.start("a", plan("a", "echo 3"))
    assert ended(another, "a").facts["outcome"] == "completed"
    assert another.logs("a", 0, 100) == b"1\n2\n"


def test_a_plan_without_its_launcher_may_be_started_again(compute: LocalCompute) -> None:
    folder = compute.folder("a")
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text("{")
    assert compute.report("a") is None
    compute.start("a", plan("a", "echo hi"))
    assert ended(compute, "a").facts["outcome"] == "completed"


def test_a_launcher_that_never_begins_is_given_up(compute: LocalCompute, tmp_path: Path) -> None:
    broken = LocalCompute(LocalSettings(jobs=tmp_path / "j", blobs=tmp_path, python="/bin/false"))
    for _ in range(5):
        broken.start("a", plan("a", "true"))
        wait_for(lambda: broken.report("a") is None)
    with pytest.raises(Failed, match="before it has begun"):
        broken.start("a", plan("a", "true"))


def test_the_plan_is_for_its_owner_only(compute: LocalCompute) -> None:
    compute.start("a", plan("a", "true", token="secret"))
    ended(compute, "a")
    assert (compute.folder("a") / "plan.json").stat().st_mode & 0o777 == 0o600
    assert compute.folder("a").stat().st_mode & 0o777 == 0o700


def test_names_cannot_lead_out_of_the_folder(compute: LocalCompute) -> None:
    for name in ("../x", "", ".", "..", "a/b", "a\0"):
        with pytest.raises(Invalid):
            compute.start(name, plan("a", "true"))


def test_a_running_job_cannot_be_forgotten(compute: LocalCompute) -> None:
    compute.start("a", plan("a", "sleep 1000"))
    launcher_of(compute)
    compute.forget("a")
    assert compute.report("a").phase == "running"
    compute.cancel("a")
    ended(compute, "a")


def test_a_lock_is_taken_once(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "lock")
    first = try_lock(tmp_path / "lock")
    assert first is not None
    assert is_held(tmp_path / "lock")
    assert try_lock(tmp_path / "lock") is None
    os.close(first)
    assert not is_held(tmp_path / "lock")


def test_jobs_inherit_how_the_machine_is_used_and_no_secrets() -> None:
    given = {"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "x", "ZAFFRE_TOKEN": "x", "LC_ALL": "C"}
    assert inherited(given) == {"PATH": "/bin", "LC_ALL": "C"}


def test_a_repair_that_never_works_is_given_up(compute: LocalCompute, tmp_path: Path) -> None:
    compute.start("a", plan("a", "sleep 1000"))
    launcher = launcher_of(compute)
    broken = LocalCompute(
        LocalSettings(jobs=compute.settings.jobs, blobs=tmp_path, python="/bin/false")
    )
    os.kill(launcher, signal.SIGKILL)
    wait_for(lambda: broken.report("a").phase == "lost")
    assert ended(compute, "a").facts["error"]["code"] == "launcher_lost"
