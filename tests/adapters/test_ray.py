"""Jobs on a real Ray cluster of two nodes: the promises of a compute, and what dies on the way."""

from __future__ import annotations

import json
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
    wait_for(lambda: made.look(KEY).nodes)  # connected: jobs would wait for it
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


TWO = {"instance_count": 2, "distribution": {"type": "pytorch"}}


def test_two_nodes_know_each_other(compute: RayCompute) -> None:
    text = "echo rank $RANK of $WORLD_SIZE, node $NODE_RANK, local $LOCAL_RANK at $MASTER_ADDR:$MASTER_PORT"
    compute.start("a", plan(f"{text} > outputs/$RANK.txt; {text}", **TWO))
    facts = ended(compute, "a").facts
    assert facts["error"] is None
    lines = compute.logs("a", 0, 10_000).decode()
    assert "rank 0 of 2, node 0, local 0" in lines
    assert "[node 1] rank 1 of 2, node 1, local 0" in lines
    masters = {line.split(" at ")[1] for line in lines.splitlines() if " at " in line}
    assert len(masters) == 1
    kept = {row[0] for row in facts["sealed"]["artifacts"]}
    assert {"outputs/0.txt", "outputs/1.txt"} <= kept
    logs = {"user_logs/std_log.txt", "user_logs/std_log_0.txt", "user_logs/std_log_1.txt"}
    assert logs <= kept


def test_a_failing_node_ends_the_others(compute: RayCompute) -> None:
    compute.start("a", plan("[ $RANK = 1 ] && echo why && exit 7; sleep 1000", **TWO))
    facts = ended(compute, "a").facts
    assert (facts["outcome"], facts["exit_code"]) == ("failed", 7)
    assert facts["error"]["message"].startswith("Node 1: ")
    wait_for(lambda: not any(node.busy for node in compute.look(KEY).nodes))


def test_a_failing_first_node_ends_the_others(compute: RayCompute) -> None:
    compute.start("a", plan("[ $RANK = 0 ] && exit 7; sleep 1000", **TWO))
    facts = ended(compute, "a").facts
    assert (facts["outcome"], facts["exit_code"]) == ("failed", 7)


def test_cancel_reaches_all_nodes(compute: RayCompute) -> None:
    compute.start("a", plan("echo up; sleep 1000", **TWO))
    wait_for(lambda: compute.logs("a", 0, 10_000).count(b"up\n") == 2)
    compute.cancel("a")
    assert ended(compute, "a").facts["outcome"] == "canceled"


def test_a_lost_node_ends_the_job(compute: RayCompute) -> None:
    compute.start("a", plan("echo up; sleep 1000", **TWO))
    wait_for(lambda: compute.logs("a", 0, 10_000).count(b"up\n") == 2)
    folder = compute.folder("a")
    assert folder is not None
    launcher = json.loads((folder / "nodes" / "1" / "state.json").read_text())["pid"]
    os.kill(parent(launcher), signal.SIGKILL)
    facts = ended(compute, "a").facts
    assert facts["outcome"] == "failed"
    assert facts["error"]["message"].startswith("Node 1: ")


def test_a_job_has_a_ray_cluster_of_its_own(compute: RayCompute) -> None:
    few = "--num-cpus 1 --object-store-memory 80000000"
    kind = {"type": "ray", "head_node_additional_args": few, "worker_node_additional_args": few}
    script = """
import ray, time
ray.init(log_to_driver=False)
deadline = time.monotonic() + 60
while ray.cluster_resources().get("CPU", 0) < 2 and time.monotonic() < deadline:
    time.sleep(0.1)
print("CPUs", ray.cluster_resources()["CPU"], "task", ray.get(ray.remote(lambda: 6 * 7).remote()))
"""
    compute.start(
        "a",
        plan(
            f"python -c '{script}'", **TWO | {"distribution": kind}, python_bin=sys.prefix + "/bin"
        ),
    )
    facts = ended(compute, "a").facts
    assert b"CPUs 2.0 task 42" in compute.logs("a", 0, 100_000)
    assert facts["error"] is None


def test_torch_adds_up_over_two_nodes(compute: RayCompute) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    script = """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
mine = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(mine)
print("sum", mine.item(), "of", dist.get_world_size())
dist.destroy_process_group()
"""
    where = {"PYTHONPATH": str(Path(torch.__file__).parents[1])}
    kind = {"type": "pytorch", "process_count_per_instance": 2}
    facts = {**TWO, "distribution": kind, "python_bin": sys.prefix + "/bin", "env": where}
    compute.start("a", {**plan(f"python -c '{script}'"), **facts})
    assert ended(compute, "a").facts["error"] is None
    assert compute.logs("a", 0, 100_000).count(b"sum 10.0 of 4") == 4
