"""Who does a step when several want it: retries, waiting, and many steps that were done before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import Builder, World, after, chain, made, step
from zaffre.kinds.digest import digest_of
from zaffre.kinds.job_state import JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key
from zaffre.ports.files import File
from zaffre.services import job_types, pipelines
from zaffre.services.jobs.facts import status_of

FLAKY = {"a": step("x", retry_settings={"max_retries": 1})}


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield made(ctx, compute)


def until_second_try(world: World, key: Key) -> None:
    world.failing = (f"{key.name}-a",)
    while f"{key.name}-a-2" not in world.compute.plans:
        world.turn()
    world.failing = ()


def plan(world: World, jobs: dict[str, Any]) -> dict[str, Any]:
    spec = PipelineJobSpec.model_validate({"type": "pipeline", "jobs": jobs})
    return {row["step"]: row for row in pipelines.plan(world.ctx, "default", spec)}


def test_a_step_that_came_right_at_its_second_try_is_reused(world):
    key = world.submit("p", jobs=FLAKY)
    until_second_try(world, key)
    assert world.to_the_end(key).status == JobState.COMPLETED
    assert plan(world, FLAKY)["a"]["action"] == "reuse"
    assert world.run("q", jobs=FLAKY).steps["a"].reused == "p-a-2"


def test_who_waits_for_a_step_waits_for_its_next_try(world):
    first, second = world.submit("p", jobs=FLAKY), world.submit("q", jobs=FLAKY)
    world.failing = ("p-a",)
    while "p-a-2" not in world.compute.plans and "q-a" not in world.compute.plans:
        world.turn()
    world.failing = ()
    one, two = world.to_the_end(first), world.to_the_end(second)
    assert one.status == two.status == JobState.COMPLETED
    assert len(world.compute.starts) == 2  # the try that failed, and one more for both


def test_a_second_try_that_another_has_begun_is_waited_for(world):
    first, second = world.submit("p", jobs=FLAKY), world.submit("q", jobs=FLAKY)
    job_types.advance(world.ctx, first)
    job_types.advance(world.ctx, second)
    world.failing = ("p-a",)
    while "p-a" not in world.compute.plans:
        world.turn(end=False)
    world.finish("p-a")
    while status_of(world.ctx.metadata.get(Key("job", "default", "p-a"))).ended_at is None:
        job_types.advance(world.ctx, Key("job", "default", "p-a"))
    job_types.advance(world.ctx, second)  # it looks first, and takes the step over
    world.failing = ()
    one, two = world.to_the_end(first), world.to_the_end(second)
    assert one.status == two.status == JobState.COMPLETED
    assert world.compute.starts == ["p-a", "q-a"]
    assert one.steps["a"].reused == "q-a"


def test_a_waiting_step_keeps_its_tries(world):
    """It had one, waits for another's, and when that fails has its own again."""
    patient = {"a": step("x", retry_settings={"max_retries": 3})}
    first, second = world.submit("p", jobs=patient), world.submit("q", jobs=FLAKY)
    world.failing = ("p-a", "q-a", "q-a-2", "p-a-2")
    one, two = world.to_the_end(first), world.to_the_end(second)
    assert JobState.COMPLETED in (one.status, two.status)
    assert len(world.compute.starts) == len(set(world.compute.starts))


def test_a_failed_step_that_stops_the_pipeline_stops_retries(world):
    jobs = {"bad": step("y"), **FLAKY}
    world.failing = ("p-bad", "p-a")
    done = world.run("p", jobs=jobs)
    assert done.status == JobState.FAILED
    assert "p-a-2" not in world.compute.plans


class Counting:
    """A port that counts its calls."""

    def __init__(self, port: Any, calls: list[str]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)

        def call(*args: Any, **named: Any) -> Any:
            self._calls.append(name)
            return found(*args, **named)

        return call


def test_a_long_chain_is_reused_in_few_writes(world):
    jobs = chain(*"abcdefghijkl")
    world.run("p", jobs=jobs)
    key = world.submit("q", jobs=jobs)
    calls: list[str] = []
    ctx = replace(
        world.ctx,
        metadata=Counting(world.ctx.metadata, calls),
        tracking=Counting(world.ctx.tracking, calls),
        files=Counting(world.ctx.files, calls),
        steps=Counting(world.ctx.steps, calls),
    )
    job_types.advance(ctx, key)
    done = status_of(world.ctx.metadata.get(key))
    assert done.status == JobState.COMPLETED
    assert len(calls) < len(jobs) * 2, calls
    assert calls.count("link") == calls.count("create_runs") == 1


def test_reused_steps_have_the_files_and_runs_of_others(world):
    world.run("p", jobs=chain("a", "b"))
    log = File("logs/a.txt", digest_of(b"x"), 1)
    world.ctx.files.put("run:default/p-s1", [log])
    world.run("q", jobs=chain("a", "b"))
    assert log in world.ctx.files.browse("run:default/q-s1")
    assert log not in world.ctx.files.browse("run:default/q-s0")
    for name in ("s0", "s1"):
        assert world.ctx.tracking.get_info("default", f"q-{name}").status == "FINISHED"


def test_what_an_earlier_try_made_decides_what_follows(world):
    """A crash after the first step was reused; meanwhile the same gave other results."""
    world.run("p", jobs=chain("a", "b"))
    key = world.submit("q", jobs=chain("a", "b"))
    interrupted(world, key)
    world.outputs = lambda step, plan: {"f.txt": b"other"}
    world.run("r", jobs=chain("a", "b"), settings={"force_rerun": True})
    done = world.to_the_end(key)
    assert done.steps["s0"].reused == "p-s0"
    assert done.steps["s1"].reused == "p-s1"


def interrupted(world: World, key: Key) -> None:
    """Let the jobs of reused steps be made, and nothing be noted."""

    class Gone(BaseException):
        pass

    class Dying:
        def __getattr__(self, name: str) -> Any:
            def call(*args: Any, **named: Any) -> Any:
                if name == "create_runs":
                    raise Gone
                return getattr(world.ctx.tracking, name)(*args, **named)

            return call

    with pytest.raises(Gone):
        job_types.advance(replace(world.ctx, tracking=Dying()), key)


def test_steps_side_by_side_in_a_reused_graph(world):
    jobs = {"a": step("a"), "b": step("b", inputs=after("a")), "c": step("c", inputs=after("a"))}
    jobs["d"] = step("d", inputs=after("b", "c"))
    world.run("p", jobs=jobs)
    jobs["c"]["command"] = "C"
    done = world.run("q", jobs=jobs)
    assert sorted(world.started("q")) == ["c", "d"]
    assert done.steps["b"].reused == "p-b"
