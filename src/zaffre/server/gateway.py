"""Keeps the gateway running: a process of its own that outlives this server and is found again."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
import time

from zaffre.server.loop import Step
from zaffre.services.context import Home

LOG = logging.getLogger("zaffre.gateway")
PAUSE = 1.0
"""Seconds between two tries to start it."""


def is_running(home: Home) -> bool:
    """Say whether a gateway holds its lock."""
    with (home.run / "gateway.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def known_port(home: Home) -> int:
    """Give the port of a gateway that outlived its server, or 0."""
    return configured_port(home) if is_running(home) else 0


def configured_port(home: Home) -> int:
    """Give the port that the gateway was last told to use, or 0."""
    try:
        return int(json.loads((home.run / "gateway.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return 0


class GatewayKeeper:
    """Starts the gateway whenever nobody holds its lock."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def steps(self) -> list[Step]:
        """Give the step that starts the gateway, if it is not running."""
        if self._child is not None and self._child.poll() is None:
            return []
        if not (self._home.run / "gateway.json").exists() or is_running(self._home):
            return []
        return [Step("gateway", self.start)]

    def start(self) -> None:
        """Start the gateway in a session of its own."""
        if time.monotonic() - self._started < PAUSE:
            return
        self._started = time.monotonic()
        command = [sys.executable, "-m", "zaffre.runtime.gateway", "--home", str(self._home.root)]
        descriptor = os.open(
            self._home.logs / "gateway.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        with os.fdopen(descriptor, "ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        LOG.info("gateway started, pid %s", self._child.pid)
