"""Running uv: output goes to the log as it comes, no run outlives the builder or the deadline."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zaffre.runtime.builder.state import BuildError

_KEPT = 400
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Ended:
    """How a run of a program ended: its exit status, its messages and its answer."""

    status: int
    messages: str
    answer: str = ""


def find_uv() -> str:
    """Give the program uv: that of our package, or one on the search path.

    Raises:
        BuildError: there is none.
    """
    with contextlib.suppress(ImportError):
        return str(importlib.import_module("uv").find_uv_bin())
    found = shutil.which("uv")
    if found is None:
        raise BuildError("`uv` is not installed on this machine.", "Install it: `pip install uv`.")
    return found


@dataclass
class Tool:
    """Runs uv with the given variables until a deadline (of the monotonic clock).

    `lock` is the descriptor of the environment's lock. Every program inherits it, so the lock is
    held as long as anything still writes into the environment, even after the builder itself was
    killed.
    """

    environ: Mapping[str, str]
    deadline: float
    lock: int | None = None
    uv: str = field(default_factory=find_uv)

    def run(self, *arguments: str, given: str = "", quietly: bool = False) -> Ended:
        """Run uv and wait for it; `quietly` keeps its messages out of the log.

        Raises:
            BuildError: the time for the build is over.
        """
        # The one of pip's settings for which uv has no variable.
        wordless = arguments[0] in ("pip", "venv") and bool(self.environ.get("UV_NO_INDEX"))
        more = ["--no-index"] if wordless else []
        return self.start([self.uv, *arguments, *more], given=given, quietly=quietly)

    def start(self, command: Sequence[str], *, given: str = "", quietly: bool = False) -> Ended:
        """Run any program in the same way."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _too_late()
        # It gets a group of its own, so that all of it can be ended at the deadline.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
            text=True,
            errors="replace",
            process_group=0,
            pass_fds=() if self.lock is None else (self.lock,),
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - no other thread runs here
        )
        late = threading.Event()
        timer = threading.Timer(left, _end_group, (process.pid, late))
        timer.start()
        try:
            ended = _collect(process, given, quietly=quietly)
        finally:
            timer.cancel()
            timer.join()
        if late.is_set():
            raise _too_late()
        return ended


def say(text: str) -> None:
    """Write a line to the build log."""
    sys.stdout.write(f"[{time.strftime('%H:%M:%S')}] {text}\n")
    sys.stdout.flush()


def interpreter_in(prefix: Path) -> Path:
    """Give the interpreter of an environment's folder."""
    return prefix / "bin" / "python"


def _collect(process: subprocess.Popen[str], given: str, *, quietly: bool) -> Ended:
    messages: deque[str] = deque(maxlen=_KEPT)

    def listen() -> None:
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        for line in process.stderr:
            messages.append(line)
            if not quietly:
                sys.stdout.write(line)
                sys.stdout.flush()

    listener = threading.Thread(target=listen)
    listener.start()
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(given)
    with process.stdout:
        answer = process.stdout.read()
    status = process.wait()
    listener.join()
    if process.stderr is not None:
        process.stderr.close()
    return Ended(status, "".join(messages), answer)


def _end_group(group: int, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _die_with_parent(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def _too_late() -> BuildError:
    return BuildError(
        "The environment was not built in time.",
        "Ask for fewer packages, or for versions with ready-made wheels.",
    )
