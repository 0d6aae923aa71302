"""Our end of the nursery: the warm process that forks launchers, started when it is needed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from zaffre.adapters.local.processes import PASSED, Children

PATIENCE = 10.0
"""Seconds in which it answers; one that does not is ended."""

_REFUSED = b"refused"
_LONGEST_ANSWER = 64
_ROOM = " " * 5000
"""Where a forked launcher writes whose it is: its arguments and the variable that marks it."""


class Nursery:
    """Asks one nursery, and starts a new one where none is there; for one thread at a time.

    It belongs to the server that started it, so it always has that server's code.
    """

    def __init__(
        self,
        children: Children,
        program: Sequence[str],
        environment: Mapping[str, str],
        jobs: Path,
    ) -> None:
        self._children = children
        self._words = [*program, "--nursery", str(PASSED), f"{jobs}{_ROOM}"]
        self._environment = {**environment, "ZAFFRE_PADDING": _ROOM}
        self._line: _Line | None = None

    def launch(self, folder: Path, lock: int, log: int, options: Sequence[str]) -> bool:
        """Have a launcher forked; False if it was not, so that another way may be taken.

        Of a nursery that dies over it nobody knows whether it has forked. Then nothing more is
        done: who holds the job's lock will tell at the next look.
        """
        order = json.dumps([str(folder), *options]).encode()
        return any(self._ask(order, lock, log) for _ in ("the one that was there", "a new one"))

    def _ask(self, order: bytes, lock: int, log: int) -> bool:
        try:
            if self._line is None:
                self._line = self._begun(log)
            self._line.send(order, [lock, log])
        except OSError:
            self._leave()
            return False
        answer = self._line.heard()
        if not answer:
            self._leave()
        return answer != _REFUSED

    def _begun(self, log: int) -> _Line:
        """Start a nursery and give the line to it.

        Raises:
            OSError: it does not start.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            child = self._children.spawn(self._words, self._environment, log, theirs.fileno())
        line = _Line(ours, os.pidfd_open(child))
        if not line.heard():
            line.close()
            raise OSError("the nursery does not start")
        return line

    def _leave(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class _Line:
    """A socket to a nursery. When it is closed, the nursery ends; the jobs do not."""

    def __init__(self, ours: socket.socket, process: int) -> None:
        ours.settimeout(PATIENCE)
        self._socket = ours
        self.close = weakref.finalize(self, _end, ours, process)

    def send(self, order: bytes, files: Sequence[int]) -> None:
        socket.send_fds(self._socket, [order], files)

    def heard(self) -> bytes:
        """Give the next answer; nothing if there will be none."""
        with contextlib.suppress(OSError):
            return self._socket.recv(_LONGEST_ANSWER)
        return b""


def _end(ours: socket.socket, process: int) -> None:
    ours.close()
    with contextlib.suppress(OSError):  # one that hangs would not notice
        signal.pidfd_send_signal(process, signal.SIGKILL)
    os.close(process)
