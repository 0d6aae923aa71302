"""Walls round a build: packages run code while they are built, and must not see the home.

The same means as for jobs: own process ids, so that nothing outlives the build, and the home
covered but for the environments. Where the machine does not allow it, the build goes on without,
and says so.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from zaffre.runtime.builder.tool import say
from zaffre.runtime.launcher import kernel, sandbox


def enter(home: Path | None, folder: Path) -> None:
    """Go on in a child that sees of the home only the environments, and may write to `folder`.

    The process that called this waits for the child and ends as it ended.
    """
    if home is None:
        return
    try:
        sandbox.separate()
    except OSError as error:
        say(f"This machine allows no walls round the build ({error})")
        return
    sys.stdout.flush()
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    kernel.prctl(kernel.PDEATHSIG, signal.SIGKILL)
    try:
        _cover(home.resolve(), folder.resolve())
    except OSError as error:
        say(f"This machine allows no walls round the build ({error})")
    sandbox.shed_power()


def _cover(home: Path, folder: Path) -> None:
    kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.NO_SUID | kernel.NO_DEV | kernel.NO_EXEC)
    others = folder.parent
    if home not in others.parents:
        return
    opened = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (others, folder)]
    kernel.mount("tmpfs", str(home), "tmpfs", kernel.NO_SUID | kernel.NO_DEV, "mode=0755,size=1m")
    others.mkdir(parents=True)
    for path, handle in zip((others, folder), opened, strict=True):
        kernel.mount(f"/proc/self/fd/{handle}", str(path), None, kernel.BIND)
        os.close(handle)
    for path in (others, home):
        flags = kernel.BIND | kernel.REMOUNT | kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEV
        kernel.mount("none", str(path), None, flags)
