"""The warm parent of launchers: it has all of the program loaded and forks it for each job.

It has one thread, a session of its own and no open file but its line to the server that started
it; when that is gone, so is it. A launcher that it forked needs neither.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence

from zaffre.runtime.launcher.processes import MARKER
from zaffre.runtime.launcher.program import main as launch
from zaffre.runtime.launcher.relabel import PADDING, relabel, room

READY, FORKED, REFUSED = b"ready", b"forked", b"refused"

_IDLE = 600.0
"""Seconds without a job after which it ends, to be started again with the next one."""

_ASKED = 65536
_LOCK = 3
_FIRST_ARGUMENTS = 4  # python -I -S program


def main(arguments: Sequence[str]) -> int:
    """Fork a launcher for each message on the line whose number is given: a job's folder.

    With the message come the job's open lock and the open file that takes what its launcher says.
    """
    line = socket.socket(fileno=int(arguments[0]))
    line.set_inheritable(False)
    line.settimeout(_IDLE)
    os.closerange(line.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    room()  # without it launchers could not be told apart: then none is to be forked
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    gc.collect()
    gc.freeze()
    line.send(READY)
    while True:
        try:
            message, files, _, _ = socket.recv_fds(line, _ASKED, 2)
        except OSError:
            return 0
        if not message:
            return 0
        line.send(_fork(line, json.loads(message), files))


def _fork(line: socket.socket, order: Sequence[str], files: Sequence[int]) -> bytes:
    lock, log = files
    try:
        if os.fork() == 0:
            line.close()
            _become(order, lock, log)
    except OSError:
        return REFUSED
    finally:
        os.close(lock)
        os.close(log)
    return FORKED


def _become(order: Sequence[str], lock: int, log: int) -> None:
    """Run a job as its launcher; never returns."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.dup2(lock, _LOCK)
        if lock != _LOCK:
            os.close(lock)
        relabel([*sys.orig_argv[:_FIRST_ARGUMENTS], *order], f"{MARKER}={order[0]}")
        os.environ.pop(PADDING, None)
        os.environ[MARKER] = order[0]
        code = launch([*order, "--lock", str(_LOCK)])
    except BaseException:  # noqa: BLE001 - whatever it is, the launcher's log tells it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
