"""The queue as it is kept in the store: pools, parts of a machine, GPUs, reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.job_context import HeldCompute, command, job_context
from zaffre.errors import Invalid
from zaffre.kinds.compute import ComputeStatus
from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.job_state import JobState
from zaffre.kinds.machine import Gpu, Machine
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.compute import Report
from zaffre.ports.metadata import Browse, Put
from zaffre.services import computes, jobs, resources
from zaffre.services.context import Context
from zaffre.services.jobs import pools
from zaffre.services.jobs.facts import state_of, status_of

BIG = Machine(
    cpus=4,
    memory_bytes=16 * 2**30,
    gpus=tuple(Gpu(place, "Some GPU", 2**34, f"GPU-{place}") for place in range(3)),
)


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with job_context(tmp_path / "home", machine=BIG) as made:
        yield made


@pytest.fixture
def compute(ctx: Context) -> HeldCompute:
    held = ctx.computes["local"]
    assert isinstance(held, HeldCompute)
    return held


def key(name: str) -> Key:
    return Key("job", "default", name)


def make(ctx: Context, name: str, spec: LocalComputeSpec | ClusterSpec) -> Resource:
    return resources.create(ctx, kind("compute"), Key("compute", "default", name), spec)


def submit(ctx: Context, name: str, **fields) -> None:
    jobs.submit(ctx, key(name), command(**fields))


def turn(ctx: Context) -> None:
    """Do what the server's loop does in one turn."""
    for one in jobs.unfinished(ctx):
        jobs.advance(ctx, one)


def started(ctx: Context) -> list[str]:
    waiting = (JobState.QUEUED,)
    return sorted(
        one.key.name
        for one in ctx.metadata.browse(Browse("job")).items
        if state_of(one) not in waiting
    )


def reason(ctx: Context, name: str) -> str:
    return status_of(jobs.show(ctx, key(name))).reason or ""


def test_jobs_hold_the_cpus_and_the_memory_that_they_ask_for(ctx):
    submit(ctx, "three", resources={"cpus": 3})
    submit(ctx, "two", resources={"cpus": 2})
    submit(ctx, "one")
    turn(ctx)
    assert started(ctx) == ["three"]
    assert reason(ctx, "two") == "Waits for 2 CPUs: 1 of 4 free."
    assert reason(ctx, "one") == "Waits for 1 CPU: 1 of 4 free; 1 job before it."
    assert reason(ctx, "three") == ""


def test_half_a_cpu_is_enough_for_two(ctx):
    for name in "abcdefghi":
        submit(ctx, name, resources={"cpus": 0.5})
    turn(ctx)
    assert len(started(ctx)) == 8


def test_memory_is_counted(ctx):
    submit(ctx, "a", resources={"memory": "10g"})
    submit(ctx, "b", resources={"memory": "8 GiB"})
    turn(ctx)
    assert reason(ctx, "b") == "Waits for 8 GiB of memory: 6 GiB of 16 GiB free."


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"cpus": 5}, "asks for 5 CPUs; `local` has 4 CPUs"),
        ({"memory": "1t"}, "asks for 1 TiB of memory; `local` has 16 GiB of memory"),
        ({"gpus": 4}, "asks for 4 GPUs; `local` has 3 GPUs"),
        ({"cpus": 3, "instance_count": 2}, "asks for 6 CPUs"),
    ],
)
def test_a_job_that_asks_for_more_than_there_is_is_refused(ctx, asked, text):
    with pytest.raises(Invalid, match=text) as caught:
        submit(ctx, "a", resources=asked)
    assert caught.value.problems[0].place.field in {f"resources.{name}" for name in asked}


def test_several_instances_on_one_machine_take_one_slot_unless_they_say_more(ctx):
    submit(ctx, "a", resources={"instance_count": 9})
    turn(ctx)
    assert started(ctx) == ["a"]


def test_each_job_sees_its_own_gpus_only(ctx, compute):
    submit(ctx, "two", resources={"gpus": 2})
    submit(ctx, "one", resources={"gpus": 1})
    submit(ctx, "none")
    submit(ctx, "more", resources={"gpus": 1})
    turn(ctx)
    seen = {
        name: plan["env"]["CUDA_VISIBLE_DEVICES"] for name, plan in sorted(compute.plans.items())
    }
    assert seen == {"none": "", "one": "2", "two": "0,1"}
    assert reason(ctx, "more") == "Waits for 1 GPU: 0 of 3 free."
    compute.end("two")
    turn(ctx)
    turn(ctx)
    assert compute.plans["more"]["env"]["CUDA_VISIBLE_DEVICES"] == "0"


def test_two_pools_never_give_one_gpu_twice(ctx, compute):
    make(ctx, "side", LocalComputeSpec(gpus=[0, 1]))
    submit(ctx, "a", resources={"gpus": 2}, compute="side")
    submit(ctx, "b", resources={"gpus": 2})
    turn(ctx)
    assert started(ctx) == ["a"]
    assert reason(ctx, "b") == "Waits for 2 GPUs: 1 of 3 free."
    compute.end("a")
    turn(ctx)
    turn(ctx)
    assert compute.plans["b"]["env"]["CUDA_VISIBLE_DEVICES"] == "0,1"


def test_without_gpus_jobs_are_not_told_which_to_see(tmp_path):
    with job_context(tmp_path / "home") as ctx:
        submit(ctx, "a")
        turn(ctx)
        held = ctx.computes["local"]
        assert isinstance(held, HeldCompute)
        assert "CUDA_VISIBLE_DEVICES" not in held.plans["a"]["env"]


def test_a_stopped_compute_starts_no_job_and_says_so(ctx):
    side = make(ctx, "side", LocalComputeSpec())
    submit(ctx, "a", compute="side")
    ctx.metadata.apply([Put(replace(side, status=ComputeStatus(state=computes.STOPPED)))])
    turn(ctx)
    assert started(ctx) == []
    assert "zaffre compute start -n side" in reason(ctx, "a")


def test_a_name_for_the_local_pool_can_be_stopped_by_itself(ctx):
    cloud = make(ctx, "cloud", ClusterSpec(type="amlcompute"))
    ctx.metadata.apply([Put(replace(cloud, status=ComputeStatus(state=computes.STOPPED)))])
    submit(ctx, "a", compute="cloud")
    submit(ctx, "b")
    turn(ctx)
    assert started(ctx) == ["b"]


def test_a_job_that_no_longer_fits_says_that_it_cannot_start(ctx):
    submit(ctx, "big", resources={"cpus": 4})
    local = ctx.metadata.get(Key("compute", "default", "local"))
    resources.replace_spec(ctx, kind("compute"), local, LocalComputeSpec(slots=2))
    submit(ctx, "a")
    turn(ctx)
    assert started(ctx) == ["a"]
    assert "its compute has 2 CPUs: it cannot start there" in reason(ctx, "big")


def test_urgent_jobs_go_first(ctx):
    submit(ctx, "busy", resources={"cpus": 4})
    turn(ctx)
    submit(ctx, "low", queue_settings={"job_tier": "Spot"})
    submit(ctx, "a")
    submit(ctx, "high", queue_settings={"priority": "High"})
    submit(ctx, "higher", queue_settings={"priority": 80})
    listed = [reason(ctx, name) for name in ("higher", "high", "a", "low")]
    assert [text.partition("; ")[2][:1] for text in listed] == ["", "1", "2", "3"]


def test_the_reason_knows_from_others_like_it_when_room_comes(ctx, compute):
    def run(name):
        submit(ctx, name, resources={"cpus": 4}, experiment_name="e")
        turn(ctx)

    run("past")
    usage = {"cpu_seconds": 1.0, "wall_seconds": 600.0}
    compute.end("past", usage=usage)
    turn(ctx)
    run("now")
    begun = ctx.clock.now().timestamp() - 60
    compute.reports["now"] = Report("running", {"started_at": begun})
    turn(ctx)
    submit(ctx, "next")
    assert reason(ctx, "next") == "Waits for 1 CPU: 0 of 4 free; next free in about 9 min."


def test_a_job_that_waits_for_its_environment_says_so(ctx):
    submit(ctx, "a")
    waiting = ctx.metadata.get(key("a"))
    status = status_of(waiting).model_copy(
        update={"status": "Preparing", "environment_hash": "h9"}
    )
    ctx.metadata.apply([Put(replace(waiting, status=status))])
    assert reason(ctx, "a") == "Its environment is being built."
    ctx.builder.told = (
        f"[12:00:01] Solving\n[12:00:02] Installing {'x' * 200}\nResolved 3 packages\n"
    )
    said = reason(ctx, "a")
    assert said.startswith("Its environment is being built. Installing xxx")
    assert len(said) < 160


def test_computes_say_how_busy_they_are_and_who_waits_why(ctx):
    make(ctx, "side", LocalComputeSpec(slots=1, memory="1g", gpus=[]))
    for name in ("a", "b"):
        submit(ctx, name, compute="side")
    submit(ctx, "c", resources={"gpus": 1})
    turn(ctx)
    shown = jobs.show_compute(ctx, Key("compute", "default", "side")).status
    assert isinstance(shown, ComputeStatus)
    assert (shown.running, shown.waiting, shown.capacity, shown.free) == (
        1,
        1,
        "1 CPU, 1 GiB of memory",
        "0 CPUs, 1 GiB of memory",
    )
    assert shown.queue == {"b": "Waits for 1 CPU: 0 of 1 free."}
    by_name = {
        one.key.name: one.status for one in jobs.browse_computes(ctx, Browse("compute")).items
    }
    local = by_name["local"]
    assert isinstance(local, ComputeStatus)
    assert (local.running, local.free) == (1, "3 CPUs, 16 GiB of memory, 2 GPUs")


def test_lists_say_why_jobs_wait_and_pools_are_known_by_name(ctx):
    submit(ctx, "a", resources={"cpus": 4})
    turn(ctx)
    submit(ctx, "b")
    found = {one.key.name: status_of(one).reason for one in jobs.browse(ctx, Browse("job")).items}
    assert found == {"a": None, "b": "Waits for 1 CPU: 0 of 4 free."}
    assert pools.pool_of(ctx, "default", command(compute="azureml:unknown")) == "local"
