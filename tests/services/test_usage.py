"""What jobs took and cost: priced when they end, added up by SQL on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.job_context import HeldCompute, command, job_context
from zaffre.errors import Invalid, Unavailable
from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Actor
from zaffre.services import computes, jobs, resources, usage
from zaffre.services.context import Context
from zaffre.services.jobs.facts import status_of

HOUR = {"wall_seconds": 3600.0, "cpu_seconds": 100.0, "memory_byte_seconds": 7 * 2**40}


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with job_context(tmp_path / "home") as made:
        local = made.metadata.get(Key("compute", "default", "local"))
        priced = LocalComputeSpec(slots=4, price_per_hour=2.0)
        resources.replace_spec(made, kind("compute"), local, priced)
        yield made


def run(ctx: Context, name: str, took: dict | None = None, ended: float = 10.0, **fields) -> None:
    key = Key("job", "default", name)
    jobs.submit(ctx, key, command(**fields))
    held = ctx.computes["local"]
    assert isinstance(held, HeldCompute)
    for _ in range(5):
        jobs.advance(ctx, key)
        if name in held.plans and name in held.reports:
            held.end(name, usage=took or HOUR, ended_at=ended)


def cost(ctx: Context, name: str) -> float | None:
    used = status_of(ctx.metadata.get(Key("job", "default", name))).usage
    return used.cost if used else None


def by(ctx: Context, group: str, since: str = "") -> dict[str, tuple[int, float | None]]:
    return {one.name: (one.jobs, one.cost) for one in usage.sums(ctx, "default", group, since)}


def test_a_job_pays_its_part_of_the_machine(ctx):
    run(ctx, "quarter")
    run(ctx, "half", resources={"cpus": 2})
    run(ctx, "memory", resources={"memory": "8g"})
    assert [cost(ctx, name) for name in ("quarter", "half", "memory")] == [0.5, 1.0, 2.0]


def test_without_a_price_there_is_no_cost(ctx):
    computes.create(ctx, Key("compute", "default", "free"), LocalComputeSpec())
    run(ctx, "a", compute="free")
    run(ctx, "b", compute="unknown")
    assert (cost(ctx, "a"), cost(ctx, "b")) == (None, None)


def test_a_name_for_the_local_pool_has_a_price_of_its_own(ctx):
    computes.create(
        ctx, Key("compute", "default", "cloud"), ClusterSpec(type="amlcompute", price_per_hour=8.0)
    )
    run(ctx, "a", compute="cloud")
    assert cost(ctx, "a") == 2.0


def test_a_job_on_a_cluster_pays_for_its_nodes(ctx):
    ray = replace(ctx, computes={**ctx.computes, "ray": ctx.computes["local"]})
    computes.create(
        ray,
        Key("compute", "default", "cluster"),
        ClusterSpec(type="amlcompute", price_per_hour=3.0),
    )
    run(ray, "a", compute="cluster", resources={"instance_count": 2})
    assert cost(ray, "a") == 6.0


def test_use_is_added_up_by_experiment_user_tag_and_compute(ctx):
    anna, ben = (ctx.acting(Actor(name)) for name in ("anna", "ben"))
    run(anna, "a", experiment_name="e", tags={"team": "risk"})
    run(anna, "b", experiment_name="f", compute="azureml:local", resources={"cpus": 2})
    run(ben, "c", tags={"team": "risk"})
    assert by(ctx, "experiment") == {
        "f": (1, 1.0),
        "Default": (1, 0.5),
        "e": (1, 0.5),
        "total": (3, 2.0),
    }
    assert by(ctx, "user") == {"anna": (2, 1.5), "ben": (1, 0.5), "total": (3, 2.0)}
    assert by(ctx, "tag:team") == {"risk": (2, 1.0), "": (1, 1.0), "total": (3, 2.0)}
    assert by(ctx, "compute") == {"local": (3, 2.0), "total": (3, 2.0)}
    whole = usage.sums(ctx, "default", "user")[-1]
    assert (whole.wall_seconds, whole.cpu_seconds) == (3 * 3600.0, 300.0)
    assert (whole.memory_byte_seconds, whole.gpu_seconds) == (21 * 2**40, 0)


def test_only_what_ended_since_then_counts(ctx):
    now = ctx.clock.now().timestamp()
    run(ctx, "old", ended=now - 10 * 86400)
    run(ctx, "new", ended=now - 3600)
    jobs.submit(ctx, Key("job", "default", "waits"), command())
    assert by(ctx, "user", "2h")["total"] == (1, 0.5)
    assert by(ctx, "user", "30d")["total"] == (2, 1.0)
    assert by(ctx, "user", f"{ctx.clock.now():%Y-%m-%d}")["total"][0] <= 1
    assert by(ctx, "user", "2999-01-01T00:00:00+01:00") == {"total": (0, None)}


@pytest.mark.parametrize(
    ("group", "since", "text"),
    [
        ("experimnt", "", "experiment"),
        ("tag:", "", "tag:KEY"),
        ("user", "yesterday", "2026-03-01"),
    ],
)
def test_what_cannot_be_added_up_is_refused(ctx, group, since, text):
    with pytest.raises(Invalid) as caught:
        usage.sums(ctx, "default", group, since)
    assert text in (caught.value.hint or "")


def test_a_server_without_sums_says_so(ctx):
    with pytest.raises(Unavailable):
        usage.sums(replace(ctx, usage=None), "default", "user")
