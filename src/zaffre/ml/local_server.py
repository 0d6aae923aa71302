"""Starting and stopping the server of a home on this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from zaffre.errors import Conflict, Failed, Unavailable
from zaffre.ml.home import Home, Served, private
from zaffre.ml.settings import environment

PROGRAM = "zaffre.server"
PATIENCE = 30.0
STOP_PATIENCE = 20.0
PAUSE = 0.02


def ensure(home: Home, say: Callable[[str], None]) -> Served:
    """Give the server of this home, started now if none runs. Of two that try, one starts it."""
    served = home.served()
    if served is not None:
        return served
    with home.alone("start.lock"):
        served = home.served()
        if served is not None:
            return served
        started = _start(home, (), None)
    say(f"Started Zaffre at {started.url} (home {home.path}). `zaffre down` stops it.")
    return started


def start(
    home: Home, options: Sequence[str] = (), tick: Callable[[], None] | None = None
) -> Served:
    """Start the server of this home and wait until it is ready.

    Raises:
        Conflict: one runs already.
        Failed: it ended before it was ready.
        Unavailable: it was not ready in time.
    """
    with home.alone("start.lock"):
        served = home.served()
        if served is not None:
            raise Conflict(
                f"Zaffre runs already on {home.path}: {served.url}, process {served.process.pid}.",
                hint="Use it as it is, or stop it first with `zaffre down`.",
            )
        return _start(home, options, tick)


def command(home: Home, options: Sequence[str] = ()) -> list[str]:
    """Give the command line that serves a home in the foreground."""
    return [sys.executable, "-m", PROGRAM, "--home", str(home.path), *options]


def stop(home: Home) -> Served | None:
    """Stop the server of this home by its recorded identity and say who it was.

    Raises:
        Failed: it did not stop.
    """
    served = home.served()
    if served is not None and not served.process.end(STOP_PATIENCE):
        raise Failed(f"Process {served.process.pid} did not stop.")
    return served


def stop_gateway(home: Home) -> bool:
    """Stop the gateway of this home; say whether one ran."""
    process = home.gateway()
    return process is not None and process.end(STOP_PATIENCE)


def listens(url: str) -> bool:
    """Say whether somebody takes connections at an address."""
    place = urlsplit(url)
    try:
        with socket.create_connection((place.hostname, place.port or 80), timeout=2):
            return True
    except OSError:
        return False


def _start(home: Home, options: Sequence[str], tick: Callable[[], None] | None) -> Served:
    home.prepare()
    with open(home.log, "ab", opener=private) as log:
        log_start = log.tell()
        child = subprocess.Popen(
            command(home, options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
            cwd=home.path,
            start_new_session=True,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        served = home.served()
        if served is not None and served.process.pid == child.pid and listens(served.url):
            # It outlives this process: tell subprocess that nobody waits for it.
            child.returncode = 0
            return served
        if child.poll() is not None:
            raise Failed(
                f"The server ended with exit code {child.returncode}:\n{_tail(home, log_start)}",
                hint=f"Its log is {home.log}.",
            )
        if tick is not None:
            tick()
        time.sleep(PAUSE)
    raise Unavailable(
        f"The server (process {child.pid}) is not ready after {PATIENCE:.0f} s.",
        hint=f"Its log is {home.log}.",
    )


def _tail(home: Home, start: int, lines: int = 12) -> str:
    with home.log.open("rb") as log:
        log.seek(start)
        return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-lines:])
