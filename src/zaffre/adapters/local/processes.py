"""Launchers as processes: their locks, their start and their end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PASSED = 3
"""The number under which a program finds what was passed on: a launcher its job's lock."""

_MARKER = b"ZAFFRE_JOB_FOLDER="


def try_lock(path: Path) -> int | None:
    """Take a job's lock and give its open file, or None if its launcher holds it.

    A look by `is_held` also takes it for an instant, so a refusal is asked again.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(3):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        threading.Event().wait(0.002)
    os.close(lock)
    return None


def is_held(path: Path) -> bool:
    """Say whether a launcher holds a job's lock."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


@contextlib.contextmanager
def open_log(folder: Path) -> Iterator[int]:
    """Open what takes the words of a job's launcher, apart from the job's own log."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(folder / "launcher.log", flags, 0o600)
    try:
        yield log
    finally:
        os.close(log)


class Children:
    """Programs started by this server: told of when they end, so that none stays a zombie."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._guard = threading.Lock()

    def spawn(
        self, command: Sequence[str], environment: Mapping[str, str], log: int, passed: int
    ) -> int:
        """Start a program in a session of its own, with a file passed on as number `PASSED`."""
        self.reap()
        child = os.posix_spawn(
            command[0],
            list(command),
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
                (os.POSIX_SPAWN_DUP2, passed, PASSED),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
        )
        with self._guard:
            self._running.add(child)
        return child

    def reap(self) -> None:
        """Take note of those that ended."""
        with self._guard:
            self._running = {child for child in self._running if not _has_ended(child)}


def _has_ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True


def alive_jobs(jobs: Path) -> dict[str, list[int]]:
    """Find the processes that carry the marker of a job under a folder, by the job's place."""
    found: dict[str, list[int]] = {}
    start = _MARKER + os.fsencode(jobs) + b"/"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            for part in (entry / "environ").read_bytes().split(b"\0"):
                if part.startswith(start):
                    found.setdefault(os.fsdecode(part[len(start) :]), []).append(int(entry.name))
    return found
