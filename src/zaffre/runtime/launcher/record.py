"""The job's record on disk: `state.json`, always whole, always true, and who wrote it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

ENDED = "ended"

_RESERVE = 256 * 1024
_PATIENCE = 300.0
_PAUSE = 1.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


def boot_id() -> str:
    """Give the name of this boot of the machine."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def start_time(pid: int) -> int:
    """Give when a process started, in clock ticks since boot; 0 if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def write_whole(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replace a file so that a reader sees the old or the new content, also after a power cut."""
    draft = f"{path}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        os.unlink(draft)
        raise
    finally:
        os.close(descriptor)
    os.rename(draft, path)
    sync_folder(os.path.dirname(path))


def sync_folder(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_state(folder: str) -> dict[str, Any] | None:
    """Give the last state written, or None if there is none."""
    try:
        with open(f"{folder}/state.json", "rb") as file:
            state: dict[str, Any] = json.load(file)
            return state
    except FileNotFoundError:
        return None


class Record:
    """The facts of a job as its launcher knows them; `move` writes them down."""

    def __init__(self, folder: str, facts: dict[str, Any] | None = None) -> None:
        self.path = f"{folder}/state.json"
        self.reserve = f"{folder}/reserve"
        self.facts: dict[str, Any] = {
            "phase": "starting",
            "child_pid": None,
            "started_at": None,
            "ended_at": None,
            "exit_code": None,
            "signal": None,
            "outcome": None,
            "error": None,
            "usage": {},
            "isolation": None,
            "sealed": {"outputs": {}, "artifacts": []},
            "log_bytes": 0,
            "journal_bytes": 0,
            **(facts or {}),
        }
        pid = os.getpid()
        self.facts.update(boot=boot_id(), pid=pid, start_time=start_time(pid))
        with contextlib.suppress(OSError), open(self.reserve, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, _RESERVE)

    def move(self, phase: str, **facts: Any) -> None:
        """Write the facts down under a new phase, durably; on a full disk, wait for room."""
        self.facts.update(facts, phase=phase)
        data = json.dumps(self.facts, separators=(",", ":")).encode()
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                write_whole(self.path, data)
            except OSError as error:
                if error.errno not in _FULL or time.monotonic() > deadline:
                    raise
                self._free_reserve()
            else:
                return

    def told(self) -> dict[str, Any]:
        """Give the facts for the server; it reads the long list of files in the folder."""
        return {key: value for key, value in self.facts.items() if key != "sealed"}

    def _free_reserve(self) -> None:
        """Give up the room that was kept for this, else wait for others to make some."""
        try:
            os.unlink(self.reserve)
        except FileNotFoundError:
            time.sleep(_PAUSE)
