"""A home folder seen from outside: its token, who serves it, and whether that one still lives."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_TIME_FIELD = 21


@dataclass(frozen=True)
class Process:
    """A process by what cannot be reused: boot, pid and start time (clock ticks since boot)."""

    pid: int
    boot: str = ""
    start_time: int | None = None

    def alive(self) -> bool:
        """Say whether this very process still runs."""
        if self.boot and self.boot != boot():
            return False
        started = start_time(self.pid)
        return started is not None and self.start_time in {None, started}

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to this process, never to another with its pid; False if it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def end(self, patience: float) -> bool:
        """Ask it to stop, wait, and kill it when the patience is over; say whether it is gone."""
        if not self.signal(signal.SIGTERM) or self._gone(patience):
            return True
        self.signal(signal.SIGKILL)
        return self._gone(patience)

    def _gone(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@dataclass(frozen=True)
class Served:
    """What a running server wrote about itself."""

    process: Process
    url: str
    gateway_url: str | None = None
    started: float | None = None
    isolation: str | None = None


@dataclass(frozen=True)
class Home:
    """The folder of one Zaffre."""

    path: Path

    @property
    def log(self) -> Path:
        """Give the server's log file."""
        return self.path / "logs" / "server.log"

    def token(self) -> str | None:
        """Give the owner's token, or None before the first start."""
        try:
            return (self.path / "token").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def served(self) -> Served | None:
        """Say who serves this home now, or None."""
        record = self._record("server.json")
        if record is None or "url" not in record:
            return None
        process = Process(int(record.get("pid", 0)), str(record.get("boot", "")), _ticks(record))
        return (
            Served(
                process,
                record["url"],
                *(record.get(name) for name in ("gateway_url", "started", "isolation")),
            )
            if process.alive()
            else None
        )

    def gateway(self) -> Process | None:
        """Give the process of the running gateway, or None."""
        record = self._record("gateway-status.json")
        if record is None:
            return None
        process = Process(int(record.get("pid", 0)), str(record.get("boot", "")), _ticks(record))
        return process if process.alive() else None

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold a lock of this home: of two that try, one waits for the other."""
        self.prepare()
        with open(self.path / "run" / name, "ab", opener=private) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def prepare(self) -> None:
        """Make the folder, for nobody else to read, with the parts that a start needs."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("run", "logs"):
            (self.path / part).mkdir(mode=0o700, exist_ok=True)

    def _record(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.path / "run" / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None


def private(path: str, flags: int) -> int:
    """Open a file for `open`; a new one is for its owner alone."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def boot() -> str:
    """Give the id of this start of the machine."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def start_time(pid: int) -> int | None:
    """Give a process's start in clock ticks since boot, or None if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything: count the fields from its end.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[START_TIME_FIELD - 2])


def _ticks(record: dict[str, Any]) -> int | None:
    value = record.get("start_time")
    return value if isinstance(value, int) else None
