"""What processes take of the machine, read from the kernel: processor time and memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Give the processor time that a process has used; 0 if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_bytes(pid: int) -> int:
    """Give the memory that a process holds (resident); 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


class CpuMeter:
    """Adds the processor time of processes that come and go: the sum never falls."""

    def __init__(self) -> None:
        self.total = 0.0
        self._seen: dict[int, float] = {}

    def look(self, pids: Iterable[int]) -> float:
        """Add what these processes used since the last look, and give the sum."""
        now = {pid: cpu_seconds(pid) for pid in pids}
        self.total += sum(max(0.0, used - self._seen.get(pid, 0.0)) for pid, used in now.items())
        self._seen = now
        return self.total
