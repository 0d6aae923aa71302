"""Process trees as `/proc` shows them: descendants, strays of a job, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable

MARKER = "ZAFFRE_JOB_FOLDER"
"""The environment variable that every process of a job carries, unless it sheds it."""

_PAUSE = 0.01


def all_pids() -> list[int]:
    """List the processes that `/proc` shows."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def parents() -> dict[int, int]:
    """Map each living process to its parent."""
    found: dict[int, int] = {}
    for pid in all_pids():
        with (
            contextlib.suppress(OSError, ValueError, IndexError),
            open(f"/proc/{pid}/stat", "rb") as file,
        ):
            state, parent = file.read().rpartition(b")")[2].split()[:2]
            if state not in {b"Z", b"X"}:
                found[pid] = int(parent)
    return found


def descendants(root: int) -> set[int]:
    """Give all living processes below one, however deep."""
    return below({root}, parents())


def below(roots: set[int], parent_of: dict[int, int]) -> set[int]:
    """Give the processes whose chain of parents meets one of the roots (these left out)."""
    children: dict[int, list[int]] = {}
    for pid, parent in parent_of.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        fresh = [pid for pid in children.get(waiting.pop(), ()) if pid not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found - roots


def strays(folder: str) -> set[int]:
    """Find what is left of the job in a folder: by marker or place, with all descendants."""
    marked = {pid for pid in all_pids() if pid != os.getpid() and _belongs(pid, folder)}
    return (marked | below(marked, parents())) - {os.getpid()}


def _belongs(pid: int, folder: str) -> bool:
    with contextlib.suppress(OSError):
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():
            return False
        with open(f"/proc/{pid}/environ", "rb") as file:
            if f"{MARKER}={folder}\0".encode() in file.read() + b"\0":
                return True
        place = os.readlink(f"/proc/{pid}/cwd")
        return place == folder or place.startswith(f"{folder}/")
    return False


def send(pids: Iterable[int], number: int) -> None:
    """Signal some processes; those that are gone do not matter."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_all(
    find: Callable[[], set[int]],
    *,
    seconds: float = 10.0,
    reap: Callable[[], object] | None = None,
) -> bool:
    """Kill what `find` gives until it gives nothing; say whether that came true in time.

    All are stopped before any is killed, so that none can start another meanwhile.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen: set[int] = set()
        while fresh := find() - seen:
            send(fresh, signal.SIGSTOP)
            seen |= fresh
        if not seen:
            return True
        send(seen, signal.SIGKILL)
        (reap or _reap)()
        time.sleep(_PAUSE)
    return not find()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
