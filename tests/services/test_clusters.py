"""Clusters: how many nodes there should be, what is written down, what stays secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.job_context import command, job_context
from zaffre.errors import Conflict, Invalid
from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.compute_ray import RayComputeSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.clusters import Cluster, Node, Seen
from zaffre.services import clusters, computes, jobs
from zaffre.services.clusters.scaling import Scale, scale
from zaffre.services.context import Context

CPU = ClusterSpec(type="amlcompute", max_instances=3, idle_time_before_scale_down=60)


def test_nodes_come_when_jobs_need_them() -> None:
    assert scale(CPU, Scale(0), 2, 0.0) == Scale(2, "2 needed by jobs")


def test_no_more_than_the_most() -> None:
    assert scale(CPU, Scale(0), 9, 0.0).nodes == 3


def test_the_least_is_kept() -> None:
    kept = CPU.model_copy(update={"min_instances": 1})
    assert scale(kept, Scale(0), 0, 0.0) == Scale(1, "kept by min_instances")
    assert scale(kept, Scale(1, idle_since=0.0), 0, 1e6).nodes == 1


def test_idle_nodes_go_after_the_idle_time() -> None:
    first = scale(CPU, Scale(2), 0, 100.0)
    assert first == Scale(2, idle_since=100.0)
    assert scale(CPU, first, 0, 159.0) == first
    assert scale(CPU, first, 0, 160.0) == Scale(0, "idle for 60 s")


def test_a_job_ends_the_idle_time() -> None:
    assert scale(CPU, Scale(2, idle_since=100.0), 2, 150.0) == Scale(2)


@given(st.integers(0, 5), st.integers(0, 9), st.integers(0, 5), st.floats(0, 1e6))
def test_nodes_stay_within_bounds(least: int, needed: int, now: int, time: float) -> None:
    spec = ClusterSpec(min_instances=min(least, 3), max_instances=3)
    found = scale(spec, Scale(now), needed, time).nodes
    assert min(now, spec.min_instances) <= found <= max(now, 3)


@dataclass
class FakeClusters:
    """Brings what is wanted at once."""

    wanted: Sequence[Cluster] = ()
    error: str = ""
    looks: list[str] = field(default_factory=list)

    def tend(self, wanted: Sequence[Cluster]) -> None:
        self.wanted = wanted

    def rest(self) -> None:
        self.wanted = ()

    def look(self, key: str) -> Seen:
        self.looks.append(key)
        if self.error:
            return Seen(error=self.error)
        count = next(one.nodes for one in self.wanted if one.key == key) or 1
        return Seen([Node(f"node-{n}", 2, 0, 2**30) for n in range(count)])


@pytest.fixture
def fake() -> FakeClusters:
    return FakeClusters()


@pytest.fixture
def ctx(tmp_path: Path, fake: FakeClusters) -> Iterator[Context]:
    with job_context(tmp_path / "home") as made:
        backends = {**made.computes, "ray": made.computes["local"]}
        yield replace(made, computes=backends, clusters=fake)


def submit(ctx: Context, spec: Any) -> Resource:
    return jobs.submit(ctx, Key("job", "default", ""), spec)


def create(ctx: Context, name: str, spec: Any) -> Key:
    return clusters.create(ctx, Key("compute", "default", name), spec).key


def test_a_waiting_job_brings_nodes(ctx: Context, fake: FakeClusters) -> None:
    key = create(ctx, "cpu", CPU)
    clusters.tend(ctx)
    assert [one.nodes for one in fake.wanted] == [0]
    submit(ctx, command(compute="azureml:cpu", resources={"instance_count": 2}))
    clusters.tend(ctx)
    assert [one.nodes for one in fake.wanted] == [2]
    status: Any = ctx.metadata.get(key).status
    assert [node.name for node in status.nodes] == ["node-0", "node-1"]
    assert [(one.nodes, one.why) for one in status.timeline] == [(2, "2 needed by jobs")]


def test_no_node_comes_for_what_waits_for_a_stopped_cluster(
    ctx: Context, fake: FakeClusters
) -> None:
    key = create(ctx, "cpu", CPU)
    computes.stop(ctx, key)
    submit(ctx, command(compute="azureml:cpu"))
    clusters.tend(ctx)
    assert [one.nodes for one in fake.wanted] == [0]
    computes.start(ctx, key)
    clusters.tend(ctx)
    assert [one.nodes for one in fake.wanted] == [1]


def test_nothing_is_written_when_nothing_changed(ctx: Context) -> None:
    key = create(ctx, "cpu", CPU)
    clusters.tend(ctx)
    revision = ctx.metadata.get(key).revision
    clusters.tend(ctx)
    assert ctx.metadata.get(key).revision == revision


def test_a_cluster_that_is_away_is_told(ctx: Context, fake: FakeClusters) -> None:
    key = create(ctx, "far", RayComputeSpec(type="ray", address="ray://host:10001"))
    fake.error = "The cluster ray://host:10001 cannot be reached: no route."
    clusters.tend(ctx)
    status: Any = ctx.metadata.get(key).status
    assert (status.provisioning_state, status.error) == ("Failed", fake.error)


def opened(ctx: Context, fake: FakeClusters) -> Key:
    spec = RayComputeSpec.model_validate(
        {"type": "ray", "address": "ray://host:10001", "credentials": {"token": "canary"}}
    )
    return create(ctx, "far", spec)


def test_the_token_is_sealed(ctx: Context, fake: FakeClusters) -> None:
    found = ctx.metadata.get(opened(ctx, fake))
    assert "canary" not in repr(found)
    clusters.tend(ctx)
    assert [one.token for one in fake.wanted] == ["canary"]
    assert "canary" not in repr(fake.wanted)


def test_another_address_is_not_told_the_token(ctx: Context, fake: FakeClusters) -> None:
    found = ctx.metadata.get(opened(ctx, fake))
    with pytest.raises(Conflict, match="another cluster"):
        clusters.update(ctx, found, RayComputeSpec(type="ray", address="ray://other:10001"), None)


def test_the_token_stays_when_it_is_not_said(ctx: Context, fake: FakeClusters) -> None:
    found = ctx.metadata.get(opened(ctx, fake))
    spec = RayComputeSpec(type="ray", address="ray://host:10001", description="Big")
    clusters.update(ctx, found, spec, None)
    clusters.tend(ctx)
    assert [one.token for one in fake.wanted] == ["canary"]


def test_without_ray_nothing_is_attached(ctx: Context) -> None:
    bare = replace(ctx, computes={"local": ctx.computes["local"]})
    with pytest.raises(Invalid, match="has no Ray"):
        create(bare, "far", RayComputeSpec(type="ray", address="ray://host:10001"))


def lose(ctx: Context, name: str, code: str = "node_lost") -> None:
    held: Any = ctx.computes["ray"]
    held.end(name, "failed", error={"code": code, "message": "Gone."}, exit_code=None)


def go_on(ctx: Context, key: Key) -> Any:
    for _ in range(20):
        if not jobs.advance(ctx, key):
            break
    return ctx.metadata.get(key).status


def test_a_job_that_lost_its_node_begins_anew(ctx: Context) -> None:
    create(ctx, "cpu", CPU)
    key = submit(ctx, command(compute="azureml:cpu")).key
    go_on(ctx, key)
    lose(ctx, key.name)
    status = go_on(ctx, key)
    assert (status.status, status.attempt) == ("Starting", 2)
    assert "attempt 1: its node was lost; the job began anew." in status.warnings
    held: Any = ctx.computes["ray"]
    assert held.starts == [key.name, key.name]


def test_a_job_that_loses_every_node_fails(ctx: Context) -> None:
    create(ctx, "cpu", CPU)
    key = submit(ctx, command(compute="azureml:cpu")).key
    for _ in range(3):
        go_on(ctx, key)
        lose(ctx, key.name, "launcher_lost")
    status = go_on(ctx, key)
    assert (status.status, status.attempt, status.error.code) == ("Failed", 3, "launcher_lost")


def test_a_job_on_this_machine_is_not_begun_anew(ctx: Context) -> None:
    key = submit(ctx, command()).key
    go_on(ctx, key)
    lose(ctx, key.name, "launcher_lost")
    assert go_on(ctx, key).status == "Failed"


def test_a_canceled_job_is_not_begun_anew(ctx: Context) -> None:
    create(ctx, "cpu", CPU)
    key = submit(ctx, command(compute="azureml:cpu")).key
    go_on(ctx, key)
    jobs.cancel(ctx, key)
    lose(ctx, key.name, "stopped")
    assert go_on(ctx, key).status == "Failed"


def test_the_plan_says_what_is_taken_of_each_node(ctx: Context) -> None:
    create(ctx, "cpu", CPU.model_copy(update={"gpus": 2}))
    create(ctx, "far", RayComputeSpec(type="ray", address="ray://host:10001"))
    clusters.tend(ctx)
    two = {"instance_count": 2, "cpus": 1.5, "memory": "1g"}
    held: Any = ctx.computes["ray"]
    shares = []
    for compute in ("cpu", "far"):
        amount = {"instance_count": 2} if compute == "cpu" else two | {"instance_count": 1}
        key = submit(ctx, command(compute=compute, resources=amount)).key
        go_on(ctx, key)
        shares.append(held.plans[key.name]["placement"])
    whole, part = shares
    assert (whole["cluster"], whole["nodes"]) == ("default/cpu", 2)
    assert whole["share"]["resources"] == {"zaffre_node": 1}
    assert whole["share"]["num_gpus"] == 2
    assert (part["share"]["num_cpus"], part["share"]["memory"]) == (1.5, 2**30)
