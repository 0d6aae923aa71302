"""A node of this machine's own clusters: its processes, known by a mark."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "ZAFFRE_RAY_NODE"
"""The variable that every process of a node carries, with the node's record as its value."""

PROGRAM = "zaffre.runtime.ray.member"
PATIENCE = 6.0
"""Seconds that a node gets to end by itself."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Member:
    """A node that was started: number 0 is the head. `ending` is when it was told to end."""

    number: int
    pid: int
    start_time: int
    boot: str
    ending: float | None = None

    @property
    def name(self) -> str:
        """Give what the node is called in its cluster."""
        return f"node-{self.number}"

    def is_alive(self) -> bool:
        """Say whether its first process lives: a pid alone proves nothing."""
        return self.boot == _BOOT.read_text().strip() and self.start_time == _start_time(self.pid)


def start(
    folder: Path, number: int, python: str, options: Sequence[str], environment: Mapping[str, str]
) -> Member:
    """Start a node, which outlives this process, and write it down."""
    record = folder / f"node-{number}.json"
    log = str(folder / f"node-{number}.log")
    command = [python, "-m", PROGRAM, "--block", *options, "--node-name", f"node-{number}"]
    pid = os.posix_spawn(
        python,
        command,
        {**environment, MARK: str(record)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    boot = _BOOT.read_text().strip()
    member = Member(number, pid, _start_time(pid), boot)
    write(folder, member)
    return member


def write(folder: Path, member: Member) -> None:
    """Write a node down."""
    record = folder / f"node-{member.number}.json"
    draft = record.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(member)))
    draft.replace(record)


def read(folder: Path) -> list[Member]:
    """Give the nodes that were written down, the head first."""
    found = []
    for record in folder.glob("node-*.json"):
        with contextlib.suppress(ValueError, TypeError):
            found.append(Member(**json.loads(record.read_text())))
    return sorted(found, key=lambda member: member.number)


def end(folder: Path, member: Member, *, gently: bool) -> bool:
    """Tell a node's processes to end, and forget the node once none is left; say whether it is."""
    record = folder / f"node-{member.number}.json"
    left = marked(record)
    if not left:
        record.unlink(missing_ok=True)
        return True
    for pid in [member.pid] if gently and member.pid in left else left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM if gently else signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(member.pid, os.WNOHANG)
    return False


def is_overdue(member: Member) -> bool:
    """Say whether a node that was told to end has had its time."""
    return member.ending is not None and time.time() - member.ending > PATIENCE


def marked(record: Path) -> list[int]:
    """Find the processes of a node."""
    mark = os.fsencode(f"{MARK}={record}")
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def _start_time(pid: int) -> int:
    """Give when a living process started, in clock ticks since boot; 0 if there is none."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if facts[0] in "ZX" else int(facts[19])
    return 0
