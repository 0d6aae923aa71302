"""What the doctor says of endpoints."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from services.endpoint_context import BLUE, Stage, stage
from zaffre.services import doctor_endpoints


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "home") as found:
        found.endpoint()
        found.deployment()
        yield found


def problems(on: Stage, workers: Mapping[str, Sequence[int]], *, live: bool = True) -> list[str]:
    check = doctor_endpoints.endpoints(workers, live=live)
    return [f"{found.severity}: {found.problem}" for found in check(on.ctx)]


def test_a_healthy_endpoint_has_no_findings(on: Stage) -> None:
    assert problems(on, {}) == []
    on.settle()
    entry = on.served()
    assert entry is not None
    assert problems(on, {entry["id"]: [1]}) == []


def test_a_deployment_without_workers_is_found_on_a_live_home(on: Stage) -> None:
    on.settle()
    assert problems(on, {}) == ["error: It is Succeeded, but has no worker."]
    assert problems(on, {}, live=False) == []


def test_a_deployment_that_may_sleep_needs_no_worker(on: Stage) -> None:
    on.change(BLUE, scale_settings={"type": "target_utilization", "min_instances": 0})
    on.settle()
    assert problems(on, {}) == []


def test_missing_files_of_a_revision_are_found(on: Stage) -> None:
    on.settle()
    shutil.rmtree(on.ctx.home.deployments)
    assert problems(on, {}) == ["error: The files that its workers read are gone."]


def test_workers_of_no_deployment_are_found(on: Stage) -> None:
    assert problems(on, {"gone": [7, 8]}) == [
        "error: Processes 7 8 serve a revision of no deployment."
    ]


def test_captured_traffic_that_does_not_become_data_is_found(on: Stage) -> None:
    folder = on.ctx.home.captures / "default" / "churn" / "blue"
    folder.mkdir(parents=True)
    (folder / "a.sealed").write_text("")
    now = on.ctx.clock.now().timestamp()
    os.utime(folder / "a.sealed", (now - 60, now - 60))
    assert problems(on, {}) == []
    os.utime(folder / "a.sealed", (now - 4000, now - 4000))
    assert problems(on, {}) == [
        "warning: Captured traffic waits to become data for more than 1:00:00."
    ]


@pytest.mark.parametrize(("live", "severity"), [(True, "error"), (False, "warning")])
def test_a_configuration_of_another_time_is_found(on: Stage, live: bool, severity: str) -> None:
    (on.ctx.home.run / "gateway.json").write_text("{}")
    assert problems(on, {}, live=live) == [
        f"{severity}: It is not what the endpoints' documents say."
    ]
