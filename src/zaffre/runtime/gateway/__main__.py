"""Run the gateway: `python -m zaffre.runtime.gateway --home PATH`.

SIGHUP reads the configuration again at once. SIGTERM finishes what is being served, ends the
workers and exits; SIGUSR1 does so too but leaves the workers to the next gateway.
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import os
import resource
import sys
import time
from pathlib import Path

import uvloop

from zaffre.runtime.gateway.running import run

LOCK_SECONDS = 0.5
SWITCH_SECONDS = 0.0005


def main() -> int:
    """Hold the home's gateway lock and serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="zaffre.runtime.gateway", description="Serve online endpoints."
    )
    parser.add_argument("--home", type=Path, required=True)
    home: Path = parser.parse_args().home
    os.umask(0o077)
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not _take(lock):
        sys.stderr.write(f"Another gateway serves {home}.\n")
        return 1
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()  # what is loaded now stays; calls are freed without the collector
    gc.set_threshold(100_000, 50, 100)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.run(run(home, lock, dict(os.environ)))
    return 0


def _take(lock: int) -> bool:
    """Take the lock; who only looks whether a gateway runs holds it for a moment."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(LOCK_SECONDS / 20)
        else:
            return True


if __name__ == "__main__":
    sys.exit(main())
