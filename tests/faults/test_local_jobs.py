"""Jobs on this machine that flood, hide, or live while the clock jumps."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from faults.recording import WS
from faults.test_kill_others import processes_of, show, submit, until
from faults.test_kill_server import doctor, wait_for_jobs
from running import Server, end_all_of
from zaffre.adapters.local import RUNTIME
from zaffre.testing.compute import plan

MB = 10**6
HOUR = 3600
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for depth in range(3):
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            break
print("here", os.getpid(), flush=True)
while True:
    time.sleep(1000)
"""
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static long long jump(void) {
    static volatile long long *shift;
    static long long none = 0;
    if (!shift) {
        const char *path = getenv("CLOCK_FILE");
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *there = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
        shift = there == MAP_FAILED ? &none : there;
    }
    return *shift;
}
int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, now);
    if (!result && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += jump();
    return result;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return result;
}
time_t time(time_t *out) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (out) *out = precise.tv_sec;
    return precise.tv_sec;
}
"""  # fmt: skip


class Clock:
    """The clock of the programs that are started with it: it can be set."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            pytest.skip("a clock that jumps needs a C compiler")
        source, library = folder / "clock.c", folder / "clock.so"
        source.write_text(CLOCK)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.file = folder / "shift"
        self.file.write_bytes(bytes(8))
        self.variables = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(self.file)}

    def jump(self, seconds: int) -> None:
        """Let it show so many seconds more than the true time."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("q", seconds))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.mark.timeout(240)
def test_a_log_of_a_gigabyte(server: Server):
    """It is capped, its first and last parts stay, and nobody holds it in memory."""
    assert server.process is not None
    own = psutil.Process(server.process.pid)
    before, most = own.memory_info().rss, 0
    submit(server, "g", f"yes 'a line of the log' | head -c {1000 * MB}; echo; echo last words")

    def over() -> bool:
        nonlocal most
        for launcher in processes_of(server, "g", launcher=True):
            most = max(most, launcher.memory_info().rss)
        return show(server, "g")["status"] in ("Completed", "Failed")

    until(over, 200)
    assert show(server, "g")["status"] == "Completed"
    files = server.call("GET", f"{WS}/jobs/g/outputs")["artifacts"]
    (log,) = [one for one in files if one["path"] == "user_logs/std_log.txt"]
    assert 200 * MB < log["size"] < 300 * MB
    log_file = server.home / "artifacts" / "blobs"
    digits = log["digest"].partition(":")[2]
    with (log_file / digits[:2] / digits).open("rb") as file:
        assert file.read(20) == b"a line of the log\na "
        file.seek(-4096, os.SEEK_END)
        assert file.read().endswith(b"\nlast words\n")
        file.seek(log["size"] // 2 - 8 * MB)
        assert b"bytes left out here." in file.read(16 * MB)
    assert 0 < most < 120 * MB
    assert own.memory_info().rss - before < 100 * MB


@pytest.mark.timeout(120)
def test_a_job_that_forks_children_and_ignores_term(server: Server):
    """All of them end with a cancel, also those in sessions of their own."""
    submit(server, "s", f"{sys.executable} -c '{STUBBORN}'")
    until(lambda: len(list(processes_of(server, "s", launcher=False))) >= 8)
    server.call("POST", f"{WS}/jobs/s/cancel")
    until(lambda: show(server, "s")["status"] == "Canceled", 60)
    assert list(processes_of(server, "s", launcher=False)) == []
    assert doctor(server.home)["exit"] == 0


def test_a_launcher_whose_clock_jumps_ends_no_job_early(tmp_path: Path, clock: Clock):
    """A timeout of an hour is an hour of work, whatever the clock on the wall shows."""
    folder = tmp_path / "jobs" / "a"
    folder.mkdir(parents=True)
    go = tmp_path / "go"
    command = f"while [ ! -e {go} ]; do sleep 0.05; done"
    document = {**plan("a", command), "timeout": HOUR, "isolation": "none", "blobs": str(tmp_path)}
    (folder / "plan.json").write_text(json.dumps(document))
    program = str(RUNTIME / "launcher" / "__main__.py")
    launcher = subprocess.Popen(
        [sys.executable, "-I", "-S", program, str(folder)],
        env={**os.environ, **clock.variables},
    )

    def state() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / "state.json").read_bytes())
        return found

    until(lambda: state()["phase"] == "running")
    journal = folder / "journal.jsonl"
    for jump in (2 * HOUR, -48 * HOUR):
        clock.jump(jump)
        seen = journal.stat().st_size
        until(lambda seen=seen: journal.stat().st_size > seen)  # it goes on looking at the job
        assert state()["phase"] == "running"
    go.touch()
    launcher.wait(60)
    facts = state()
    assert (facts["outcome"], facts["exit_code"]) == ("completed", 0)
    assert 0 < facts["usage"]["wall_seconds"] < HOUR


@pytest.fixture
def jumping(home: Path, clock: Clock) -> Iterator[Server]:
    """A server whose clock can be set; its jobs have the true one."""
    server = Server(home, clock.variables).start()
    yield server
    server.stop()
    end_all_of(home)


@pytest.mark.timeout(180)
def test_a_server_whose_clock_jumps_loses_no_job(jumping: Server, clock: Clock, tmp_path: Path):
    """What runs goes on, what waits starts, and no time that passed is less than none."""
    go = tmp_path / "go"
    for name in ("a", "b"):
        submit(jumping, name, f"while [ ! -e {go} ]; do sleep 0.05; done", resources={"cpus": 1})
    machine = jumping.call("GET", f"{WS}/computes/local")["capacity"]
    cpus = int(machine.split()[0])
    submit(jumping, "whole", "true", resources={"cpus": cpus})
    until(lambda: show(jumping, "a")["status"] == "Running")
    for jump in (24 * HOUR, -48 * HOUR):
        clock.jump(jump)
        submit(jumping, f"then{abs(jump)}", "true")
        shown = show(jumping, f"then{abs(jump)}")["queued_at"]
        assert abs(shown - time.time() - jump) < HOUR, "the clock has not jumped"
        assert show(jumping, "a")["status"] == "Running"
        assert "Waits for" in show(jumping, "whole")["reason"]
    go.touch()
    jobs = wait_for_jobs(jumping, 100)
    assert {job["status"] for job in jobs} == {"Completed"}
    assert all(0 <= job["usage"]["wall_seconds"] < HOUR for job in jobs)
    assert doctor(jumping.home)["exit"] == 0
