"""The agent: a process that speaks with one Ray cluster, for Ray itself is too much to load."""

from __future__ import annotations

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.errors import Failed, Unavailable

PROGRAM = "zaffre.runtime.ray.agent"
CONNECTING = "connecting"
"""The code of the refusal while a cluster is being connected."""

CONNECT_SECONDS = 30.0
GLANCE_SECONDS = 0.2
"""How long somebody waits who asks while the cluster is being connected."""

ANSWER_SECONDS = 15.0
PAUSE = 5.0
"""Seconds between two tries to reach a cluster."""

_PIECE = 65536
_TOLD = 400


@dataclass(frozen=True)
class Door:
    """How a cluster is reached: its address, and the variables that open it."""

    address: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


class Agent:
    """Asks a cluster through its process, which is started when needed and again when it dies."""

    def __init__(
        self, door: Door, command: list[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.door = door
        self._command = [*command, "-m", PROGRAM, door.address]
        self._environment = {**environment, **door.variables}
        self._log = log
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._count = 0
        self._is_ready = False
        self._since = 0.0
        self._failed = float("-inf")
        self._error = ""

    def ask(self, do: str, **values: Any) -> Any:
        """Ask, and give the answer.

        Raises:
            Unavailable: the cluster cannot be reached.
            Failed: it refuses.
        """
        with self._turn:
            try:
                if not self._connected():
                    raise Unavailable(
                        f"The cluster {self.door.address} is being connected.", code=CONNECTING
                    )
                answer = self._exchange(do, values)
            except (OSError, ValueError) as error:
                self._give_up(str(error))
                raise Unavailable(self._error) from error
        if "error" in answer:
            raise Failed(f"The cluster {self.door.address} refuses: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        """End the process; what it started goes on."""
        with self._turn:
            self._end()

    def _exchange(self, do: str, values: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None  # noqa: S101 - it is connected
        self._count += 1
        line = json.dumps({"id": self._count, "do": do, "with": values}) + "\n"
        os.write(_pipe(process.stdin), line.encode())
        return self._next(ANSWER_SECONDS)

    def _connected(self) -> bool:
        """Say whether the cluster answers; if its agent is only coming up, that is soon known.

        Raises:
            ValueError: it does not answer.
        """
        if self._process is None or (self._process.poll() is not None and self._is_ready):
            self._end()
            if time.monotonic() - self._failed < PAUSE:
                raise ValueError(self._error)
            self._spawn()
        if not self._is_ready:
            late = time.monotonic() - self._since > CONNECT_SECONDS
            try:
                self._next(GLANCE_SECONDS)
            except TimeoutError:
                if late:
                    raise
                return False
            self._is_ready = True
        return True

    def _spawn(self) -> None:
        self._is_ready, self._since = False, time.monotonic()
        with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)) as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                cwd="/",
                bufsize=0,
            )

    def _next(self, seconds: float) -> dict[str, Any]:
        """Give the next line of the process.

        Raises:
            TimeoutError: none came in time.
            ValueError: none will come.
        """
        assert self._process is not None  # noqa: S101 - asked by those who started it
        source = _pipe(self._process.stdout)
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                raise TimeoutError(f"no answer within {seconds:g} seconds")
            data = os.read(source, _PIECE)
            if not data:
                raise ValueError(self._last_words())
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n") if self._log.exists() else []
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:_TOLD] if said else "its agent ended"

    def _give_up(self, reason: str) -> None:
        if reason != self._error:
            self._error = f"The cluster {self.door.address} cannot be reached: {reason}."
        self._failed = time.monotonic()
        self._end()

    def _end(self) -> None:
        process, self._process, self._unread = self._process, None, b""
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.kill()
        process.wait()


def _pipe(pipe: Any) -> int:
    return int(pipe.fileno())
