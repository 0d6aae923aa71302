"""The Pythons of this machine, remembered for a while."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from zaffre.adapters.uv.children import PROGRAM
from zaffre.kinds.interpreter import Interpreter
from zaffre.ports.clock import Clock

PATIENCE = 30.0
FRESH = 300.0


def own() -> Interpreter:
    """Give the interpreter that the server runs in."""
    return Interpreter(platform.python_version(), sys.executable)


@dataclass
class Interpreters:
    """Finds Pythons and remembers them for some minutes. Safe across threads."""

    environ: Mapping[str, str]
    clock: Clock
    _found: tuple[Interpreter, ...] = ()
    _at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> tuple[Interpreter, ...]:
        """Give all Pythons, the server's own first."""
        with self._lock:
            now = self.clock.monotonic()
            if now - self._at > FRESH:
                self._found, self._at = find(self.environ), now
            return self._found


def find(environ: Mapping[str, str]) -> tuple[Interpreter, ...]:
    """Have the builder's program look for the Pythons of this machine."""
    command = [sys.executable, "-m", PROGRAM, "--pythons"]
    try:
        answer = subprocess.run(
            command,
            env=dict(environ),
            capture_output=True,
            timeout=PATIENCE,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return tuple(Interpreter(**each) for each in json.loads(answer.stdout))
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        return (own(),)
