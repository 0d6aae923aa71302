"""A worker process, as the pool sees it: asked over a pipe, ended when it takes too long."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

HEAD = struct.Struct("!Q")
INIT_SECONDS = 600.0
"""How long `init()` may take, as on Azure."""


class Fatal(Exception):
    """What ends the step: no other mini-batch would help."""


class Failure(Exception):
    """A mini-batch that failed."""


class Worker:
    """A process that has loaded the script."""

    def __init__(self, script: str, arguments: list[str]) -> None:
        out, own = os.pipe()
        os.set_inheritable(own, True)  # noqa: FBT003 (it takes no name)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "zaffre_parallel.worker", str(own), script, *arguments],
            stdin=subprocess.PIPE,
            pass_fds=(own,),
        )
        os.close(own)
        self._is_ready = False
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = os.fdopen(out, "rb")

    def alive(self) -> bool:
        """Say whether it can be asked."""
        return self._process.poll() is None

    def do(
        self, at: int, batch: Any, key: dict[str, Any] | None, timeout: float
    ) -> tuple[str, int]:
        """Have one mini-batch done; give its text and how many items came back."""
        if not self._is_ready:
            # Loading a model is no part of the first mini-batch: it has a time of its own.
            kind, text, _ = self._within(INIT_SECONDS, "init() ", self._answer)
            if kind == "init":
                raise Fatal(f"init() failed: {text}")
            self._is_ready = True
        data = pickle.dumps((at, batch, key), protocol=4)
        kind, text, count = self._within(timeout, "", lambda: self._ask(data))
        if kind == "failed":
            raise Failure(text)
        return text, count

    def _within(
        self, seconds: float, what: str, wait: Callable[[], tuple[str, str, int]]
    ) -> tuple[str, str, int]:
        """Give an answer of the process, which is ended when it takes too long."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            return wait()
        except (OSError, EOFError):
            self._process.wait()
            late = not timer.is_alive()
            why = f"{what or 'it '}took longer than {seconds:g} s" if late else "its process ended"
            raise Failure(f"{why} (exit code {self._process.returncode})") from None
        finally:
            timer.cancel()

    def _ask(self, data: bytes) -> tuple[str, str, int]:
        self._requests.write(HEAD.pack(len(data)) + data)
        self._requests.flush()
        return self._answer()

    def _answer(self) -> tuple[str, str, int]:
        head = self._answers.read(HEAD.size)
        if len(head) < HEAD.size:
            raise EOFError
        (size,) = HEAD.unpack(head)
        data = self._answers.read(size)
        if len(data) < size:
            raise EOFError
        kind, text, count = pickle.loads(data)  # noqa: S301 (our own worker wrote it)
        return kind, text, count

    def end(self) -> None:
        """Let it call `shutdown()` and end."""
        try:
            self._requests.close()
            self._process.wait(60)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()

    def kill(self) -> None:
        """End it now."""
        if self._process.poll() is None:
            self._process.kill()
