"""The home folder: made private, held by one server, with the owner's token in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from zaffre.errors import Conflict
from zaffre.services.context import Home
from zaffre.services.doctor import PRIVATE

LOG = logging.getLogger("zaffre.server")


def prepare(root: Path) -> Home:
    """Make the home's folders, open to their owner alone."""
    home = Home(root)
    parts = (
        home.artifacts,
        home.jobs,
        home.envs,
        home.deployments,
        home.datastores,
        home.run,
        home.logs,
    )
    for folder in (root, *parts):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    for name in PRIVATE:
        with contextlib.suppress(FileNotFoundError):
            keep_private(root / name)
    return home


def hold(home: Home) -> IO[str]:
    """Take the home's lock for as long as the file stays open.

    Raises:
        Conflict: another server holds it; the message names it.
    """
    lock = (home.run / "server.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise Conflict(
            f"A server runs on {home.root} already{_holder(home)}.",
            hint="Stop it with `zaffre down`, or use another ZAFFRE_HOME.",
            code="already_running",
        ) from None
    return lock


def _holder(home: Home) -> str:
    with contextlib.suppress(OSError, ValueError):
        known = json.loads((home.run / "server.json").read_text())
        return f" (pid {known['pid']}, {known['url']})"
    return ""


def identity(home: Home) -> str:
    """Give the id by which servers of one database tell this home from the others."""
    path = home.root / "server-id"
    if not path.exists():
        write_private(path, f"{secrets.token_hex(8)}\n")
    return path.read_text().strip()


def owner_token(home: Home) -> str:
    """Read the home's own token, or make it (mode 0600) at the first start."""
    return _token(home.root / "token")


def metrics_token(home: Home) -> str:
    """Read the token that may read the gateway's metrics and nothing else, or make it."""
    return _token(home.metrics_token)


def _token(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        keep_private(path)
        return path.read_text().strip()
    write_private(path, f"zaf_{secrets.token_urlsafe(32)}\n")
    return path.read_text().strip()


def keep_private(path: Path) -> None:
    """Take a file of the home away from everybody but its owner, and say so in the log.

    Raises:
        FileNotFoundError: there is none.
    """
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        LOG.warning("%s was open to others (mode %o): it is private again", path, mode)
        path.chmod(0o600)


def announce(home: Home, url: str, gateway_url: str, started: float, isolation: str) -> None:
    """Write `run/server.json`, from which clients find the server that is ready."""
    pid = os.getpid()
    facts: dict[str, Any] = {
        "pid": pid,
        "boot": _boot(),
        "start_time": start_time(pid),
        "url": url,
        "gateway_url": gateway_url,
        "started": started,
        "isolation": isolation,
    }
    write_private(home.run / "server.json", json.dumps(facts))


def is_alive(facts: Mapping[str, Any]) -> bool:
    """Say whether the process that wrote these facts lives: a pid alone proves nothing."""
    if facts.get("boot") != _boot():
        return False
    with contextlib.suppress(OSError, KeyError, IndexError, ValueError):
        return start_time(int(facts["pid"])) == int(facts["start_time"])
    return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int:
    """Give a process's start in clock ticks since boot (field 22 of /proc/PID/stat, proc(5))."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
