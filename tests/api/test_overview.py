"""A workspace at a glance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served import Served, serving
from services.job_context import command
from zaffre.api.table import all_routes
from zaffre.kinds.job import JobStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Add
from zaffre.services.jobs import runs

PATH = "/api/v1/workspaces/default/overview"
DAY = 86_400


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    with serving(tmp_path, all_routes()) as running:
        yield running


def put(served: Served, name: str, state: str, ended: float | None = None) -> None:
    status = JobStatus(status=state, ended_at=ended)
    job = Resource(Key("job", "default", name), command(), status)
    runs.make(served.context, served.context.metadata.apply([Add(job)])[0])


def test_it_tells_what_runs_and_what_failed_lately(served: Served) -> None:
    now = served.context.clock.now().timestamp()
    put(served, "old", "Failed", now - 2 * DAY)
    put(served, "new", "Failed", now - 60)
    put(served, "waits", "Queued")
    put(served, "done", "Completed", now)
    told = served.call("GET", PATH).json
    shown = {part: [one["name"] for one in told[part]] for part in ("running", "failed", "recent")}
    assert shown["running"] == ["waits"]
    assert shown["failed"] == ["new"]
    assert shown["recent"] == ["done", "waits", "new", "old"]


def test_an_empty_workspace_has_its_compute_and_nothing_else(served: Served) -> None:
    told = served.call("GET", PATH).json
    assert [name for name, items in told.items() if items] in ([], ["compute"])
