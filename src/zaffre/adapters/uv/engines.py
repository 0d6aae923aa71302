"""The container engine of this machine, if one answers."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from zaffre.ports.clock import Clock

NAMES = ("podman", "docker")
NONE = "none"
PATIENCE = 5.0
FRESH = 300.0


@dataclass
class Engines:
    """Finds an engine and remembers it for some minutes. Safe across threads.

    `wanted` is `auto`, `none`, or the name or path of one.
    """

    environ: Mapping[str, str]
    clock: Clock
    wanted: str = "auto"
    _found: str = ""
    _at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self) -> str:
        """Give the path of an engine that answers, "" if there is none."""
        with self._lock:
            now = self.clock.monotonic()
            if now - self._at > FRESH:
                self._found, self._at = self._search(), now
            return self._found

    def _search(self) -> str:
        if self.wanted == NONE:
            return ""
        for name in NAMES if self.wanted == "auto" else (self.wanted,):
            path = shutil.which(name, path=self.environ.get("PATH"))
            if path and self._answers(path):
                return path
        return ""

    def _answers(self, path: str) -> bool:
        """Ask it: a client without its service is of no use."""
        try:
            done = subprocess.run(
                [path, "info"],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0
