"""How far this machine lets jobs be closed off from the home and from each other."""

from __future__ import annotations

import os

from zaffre.runtime.launcher import kernel, sandbox

NAMESPACES = "namespaces"
"""Jobs have process ids and mounts of their own, and do not see the home."""

SUBREAPER = "subreaper"
"""A job's process tree is found and ended whole; nothing more keeps it apart."""


def level(wanted: str) -> str:
    """Say which level jobs get: a child tries what their launchers will do, and ends."""
    if wanted == "none":
        return SUBREAPER
    child = os.fork()
    if child == 0:
        os._exit(_tried())
    return NAMESPACES if os.waitpid(child, 0)[1] == 0 else SUBREAPER


def _tried() -> int:
    """Give 0 if a process with ids and mounts of its own can be made."""
    try:
        sandbox.separate()
        child = os.fork()
        if child == 0:
            os._exit(_mounted())
    except OSError:
        return 1
    return int(os.waitpid(child, 0)[1] != 0)


def _mounted() -> int:
    try:
        kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
        kernel.mount("proc", "/proc", "proc", kernel.NO_SUID | kernel.NO_DEV | kernel.NO_EXEC)
    except OSError:
        return 1
    return 0
