"""What a job takes of its machine over time: processor time, memory and GPUs of its processes.

Samples go to the job's journal as metrics under the names that MLflow's client gives its own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import time

from zaffre.runtime.launcher import processes
from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1e6

_FIRST = 1.0
_LONGEST = 30.0
_PART = 20
"""A sample comes when the job is older by this part of its age: long jobs need fewer."""
_FRUGAL = 200
"""Pauses are so many times as long as a sample took: it never costs half a percent."""


class Meter:
    """Looks at the processes below a job's warden, from the launcher's own loop."""

    def __init__(self, plan: Plan, warden: int) -> None:
        self.plan = plan
        self.warden = warden
        self.began = self.last = time.monotonic()
        self.due = self.began + _FIRST
        self.cpu = 0.0
        self.peak = 0
        self.byte_seconds = 0.0
        self.count = 0
        self._driver: Any = _driver() if plan.gpus else None

    def look(self) -> None:
        """Take a sample, if one is due."""
        begun = time.monotonic()
        if begun < self.due:
            return
        cpu, memory = tree_usage(self.warden)
        passed = begun - self.last
        self.byte_seconds += memory * passed
        self.peak = max(self.peak, memory)
        rate = max(cpu - self.cpu, 0.0) / passed
        self.cpu, self.last = max(cpu, self.cpu), begun
        self._log(rate, memory)
        self.count += 1
        pause = max(_FIRST, min((begun - self.began) / _PART, _LONGEST))
        self.due = begun + max(pause, (time.monotonic() - begun) * _FRUGAL)

    def totals(self, peak: int) -> dict[str, Any]:
        """Give what the job took in all, by the samples and the most that one process held."""
        seconds = time.monotonic() - self.began
        held = max(self.peak, peak)
        rest = time.monotonic() - self.last if self.count else seconds
        level = self.byte_seconds / (self.last - self.began) if self.count else held
        return {
            "peak_memory_bytes": held,
            "memory_byte_seconds": round(self.byte_seconds + level * rest),
            "gpu_seconds": round(seconds * len(self.plan.gpus), 6),
        }

    def _log(self, rate: float, memory: int) -> None:
        found = {
            "cpu_utilization_percentage": 100 * rate / self.plan.cpus,
            "system_memory_usage_megabytes": memory / _MEGABYTE,
            **self._gpu_usage(),
        }
        if self.plan.metered:
            self._write(found)

    def _gpu_usage(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for index in self.plan.gpus if self._driver is not None else ():
            with contextlib.suppress(OSError):
                busy, used, whole = self._driver.usage(int(index))
                found[f"gpu_{index}_utilization_percentage"] = 100 * busy
                found[f"gpu_{index}_memory_usage_megabytes"] = used / _MEGABYTE
                found[f"gpu_{index}_memory_usage_percentage"] = 100 * used / max(whole, 1)
        return found

    def _write(self, found: dict[str, float]) -> None:
        """Append to the journal as the job's own calls do: whole lines in one write."""
        now = int(time.time() * 1000)
        place = f"system/{self.plan.node}/" if self.plan.node else "system/"
        lines = "".join(
            f"{json.dumps(['m', place + name, round(value, 3), now, self.count])}\n"
            for name, value in found.items()
        )
        flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with contextlib.suppress(OSError):
            journal = os.open(f"{self.plan.folder}/journal.jsonl", flags)
            try:
                os.write(journal, lines.encode())
            finally:
                os.close(journal)


def tree_usage(root: int) -> tuple[float, int]:
    """Give the processor seconds of all below a process, ended ones too, and the bytes they hold.

    Who waits for a process takes its time over, so the living ones have the time of all.
    """
    ticks, pages = _stat(root)[1], 0
    for pid in _below(root):
        own, waited, held = _stat(pid)
        ticks += own + waited
        pages += held
    return ticks / _TICKS, pages * _PAGE


def _stat(pid: int) -> tuple[int, int, int]:
    """Give a process's own ticks, those of what it waited for, and its pages in memory."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return (
            int(fields[11]) + int(fields[12]),
            int(fields[13]) + int(fields[14]),
            int(fields[21]),
        )
    except (OSError, IndexError, ValueError):
        return 0, 0, 0


def _below(root: int) -> set[int]:
    """Give the processes below one, from child to child; from all of them on an older kernel."""
    if not os.path.exists(f"/proc/{root}/task/{root}/children"):
        return processes.descendants(root)
    found: set[int] = set()
    waiting = [root]
    while waiting:
        fresh = [pid for pid in _children(waiting.pop()) if pid not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found.extend(int(word) for word in file.read().split())
    return found


def _driver() -> Any:
    """Give the driver's library, or None where it cannot be had: the job runs on without it."""
    with contextlib.suppress(OSError):
        return importlib.import_module("zaffre.runtime.nvml").Nvml()
    return None
