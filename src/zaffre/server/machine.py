"""What this machine has for jobs: read once, when the server starts."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from zaffre.kinds.machine import Gpu, Machine
from zaffre.runtime.nvml import Nvml

_LIMIT = Path("/sys/fs/cgroup/memory.max")


def read_machine() -> Machine:
    """Give the CPUs and the memory that this process may use, and the GPUs that NVML shows."""
    return Machine(len(os.sched_getaffinity(0)), _memory(), _gpus())


def _memory() -> int:
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        return min(there, int(_LIMIT.read_text()))
    return there


def _gpus() -> tuple[Gpu, ...]:
    try:
        return tuple(Gpu(*facts) for facts in Nvml().gpus())
    except OSError:  # no driver
        return ()
