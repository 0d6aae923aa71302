"""Jobs on a real Ray cluster of two nodes: the promises of a compute, and what dies on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ray_cluster
from ray_cluster import KEY
from zaffre.adapters.local import LocalCompute, LocalSettings
from zaffre.adapters.ray import RayCompute, RaySettings
from zaffre.adapters.ray.agents import Door
from zaffre.ports.clusters import Cluster
from zaffre.testing import compute as contract
from zaffre.testing.compute import ComputeContract, ended, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with ray_cluster.cluster(tmp_path_factory.mktemp("r"), nodes=2) as (_, found):
        yield found


class Placed(RayCompute):
    """Says where jobs go, as the server does."""

    def start(self, name: str, plan: dict[str, Any]) -> None:
        share = {"num_cpus": 1, "num_gpus": 0, "memory": None, "resources": {}}
        count = plan.get("instance_count", 1)
        super().start(
            name, {**plan, "placement": {"cluster": KEY, "nodes": count, "share": share}}
        )


def compute_at(home: Path, door: Door) -> RayCompute:
    jobs, logs = home / "jobs", home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    local = LocalCompute(LocalSettings(jobs, home / "blobs", os.environ, hide=(home,)))
    settings = RaySettings(jobs, home / "ray", logs, os.environ, sys.executable)
    made = Placed(local, settings)
    token = Path(door.variables["RAY_AUTH_TOKEN_PATH"]).read_text()
    made.tend([Cluster(KEY, door.address, token)])
    return made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, door: Door) -> Iterator[RayCompute]:
    made = compute_at(tmp_path_factory.mktemp("home"), door)
    yield made
    made.tend([])


@pytest.fixture
def compute(shared: RayCompute) -> Iterator[RayCompute]:
    """Give the compute with nothing on it; an agent for each test would take seconds."""
    yield shared
    for folder in shared.settings.jobs.iterdir():
        shared.cancel(folder.name)
        wait_for(lambda name=folder.name: forgotten(shared, name))


def forgotten(compute: RayCompute, name: str) -> bool:
    compute.forget(name)
    return compute.report(name) is None


class TestRay(ComputeContract):
    """The promises."""


def running(compute: RayCompute, name: str) -> dict[str, Any]:
    """Wait until a job's command runs, and give its facts."""

    def look() -> dict[str, Any] | None:
        found = compute.report(name)
        return found.facts if found and found.phase == "running" else None

    return wait_for(look)


def plan(command: str, **facts: Any) -> dict[str, Any]:
    return contract.plan("a", command, **facts)


def test_the_nodes_are_told(compute: RayCompute) -> None:
    seen = compute.look(KEY)
    assert seen.error == ""
    assert [node.cpus for node in seen.nodes] == [2.0, 2.0]


def test_another_server_finds_the_job(compute: RayCompute, door: Door) -> None:
    compute.start("a", plan("sleep 1000"))
    running(compute, "a")
    other = compute_at(compute.settings.jobs.parent, door)
    other.cancel("a")
    assert ended(other, "a").facts["outcome"] == "canceled"
    other.tend([])


def test_a_job_ends_with_its_worker(compute: RayCompute) -> None:
    compute.start("a", plan("sleep 1000"))
    launcher = running(compute, "a")["pid"]
    os.kill(parent(launcher), signal.SIGKILL)
    facts = ended(compute, "a").facts
    assert facts["outcome"] == "failed"
    assert facts["error"]["code"] in ("stopped", "launcher_lost")


def test_a_node_is_free_after_the_job(compute: RayCompute) -> None:
    for count in range(5):
        name = f"a{count}"
        compute.start(name, contract.plan(name, "true"))
        ended(compute, name)
    wait_for(lambda: not any(node.busy for node in compute.look(KEY).nodes))


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
