"""Ending what a server runs, before the server itself is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

from zaffre.errors import ZaffreError
from zaffre.ml.client import MLClient
from zaffre.ml.jobs import ENDED

PATIENCE = 60.0
PAUSE = 0.1
UNFINISHED = (
    "NotStarted",
    "Queued",
    "Preparing",
    "Starting",
    "Running",
    "Finalizing",
    "CancelRequested",
)


def cancel_jobs(client: MLClient, tick: Callable[[], None] = lambda: None) -> int:
    """Cancel the unfinished jobs of all workspaces, wait for their end, give their number."""
    target = client.connection.target
    stopped = 0
    for workspace in client.workspaces.list():
        with MLClient(url=target.url, token=target.token, workspace=workspace.name) as own:
            stopped += _cancel_all(own, tick)
    return stopped


def _cancel_all(client: MLClient, tick: Callable[[], None]) -> int:
    unfinished = (job.name for state in UNFINISHED for job in client.jobs.list(state=state))
    names = [name for name in dict.fromkeys(unfinished) if _cancelled(client, name)]
    deadline = time.monotonic() + PATIENCE
    for name in names:
        while client.jobs.get(name).status not in ENDED and time.monotonic() < deadline:
            tick()
            time.sleep(PAUSE)
    return len(names)


def _cancelled(client: MLClient, name: str) -> bool:
    try:
        client.jobs.cancel(name)
    except ZaffreError:
        # It ended meanwhile, or was never a job but a client's run, which nobody can stop.
        return False
    return True
