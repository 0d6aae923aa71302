"""A job that is submitted again; a failed pipeline goes on where it failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, command, job_context
from services.pipeline_world import Builder, World, after, chain, made, step
from zaffre.errors import Conflict
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key
from zaffre.services import job_types, jobs
from zaffre.services.jobs.facts import spec_of, status_of
from zaffre.services.pipelines.resuming import RESUMES

PLACE = "azureml://datastores/workspaceblobstore/paths/${{name}}/here"


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield made(ctx, compute)


def again(world: World, name: str, new: str = "q") -> Any:
    key = job_types.resubmit(world.ctx, Key("job", "default", name), new).key
    return world.to_the_end(key)


def failed(world: World, *failing: str, **fields: Any) -> None:
    """Run a pipeline `p` whose last step fails; what failed will not fail again."""
    world.failing = failing
    assert world.run("p", **fields).status == JobState.FAILED
    world.failing = ()


def dated(**fields: Any) -> dict[str, Any]:
    """Give two steps that are never reused, and one that needs both."""
    return {
        "date": step("date", is_deterministic=False),
        "named": step("echo ${{name}}", outputs={"o": {"path": PLACE}}),
        "last": step("z", inputs=after("date", "named"), **fields),
    }


def test_steps_that_are_never_reused_are_taken_over(world):
    failed(world, "-last", jobs=dated())
    done = again(world, "p")
    assert done.status == JobState.COMPLETED
    assert world.started("q") == ["last"]
    assert [done.steps[name].reused for name in ("date", "named")] == ["p-date", "p-named"]


def test_forced_steps_are_taken_over_and_the_rest_is_forced(world):
    world.run("o", jobs=chain("a", "b"))
    failed(world, "p-s1", jobs=chain("a", "b"), settings={"force_rerun": True})
    again(world, "p")
    assert world.started("q") == ["s1"]


def test_what_comes_after_another_result_runs_again(world):
    """The results of the first step are gone, and come out otherwise."""
    jobs = {**chain("a", "b", "c")}
    for one in jobs.values():
        one["is_deterministic"] = False
    failed(world, "p-s2", jobs=jobs)
    before = status_of(world.ctx.metadata.get(Key("job", "default", "p-s0")))
    world.ctx.artifacts.discard(before.results["o"].tree)
    world.outputs = lambda step, plan: {"f.txt": b"other"}
    assert again(world, "p").status == JobState.COMPLETED
    assert world.started("q") == ["s0", "s1", "s2"]


def test_a_pipeline_inside_goes_on_too(world):
    inner = {"type": "pipeline", "jobs": dated(), "outputs": {}}
    failed(world, "-last", jobs={"n": {"type": "pipeline", "component": inner}})
    done = again(world, "p")
    assert done.status == JobState.COMPLETED
    assert world.started("q") == ["last"]


def test_a_second_failure_is_gone_on_from_too(world):
    failed(world, "-last", jobs=dated())
    world.failing = ("q-last",)
    assert again(world, "p").status == JobState.FAILED
    world.failing = ()
    assert again(world, "q", "r").status == JobState.COMPLETED
    assert world.started("r") == ["last"]


def test_a_canceled_pipeline_goes_on(world):
    key = world.submit("p", jobs=dated())
    while "p-last" not in world.compute.plans:
        world.turn(end="p-last" not in _jobs(world))
    job_types.cancel(world.ctx, key)
    world.compute.end("p-last", "canceled")
    assert world.to_the_end(key).status == JobState.CANCELED
    assert again(world, "p").status == JobState.COMPLETED
    assert world.started("q") == ["last"]


def _jobs(world: World) -> list[str]:
    return [key.name for _, key in job_types.unfinished(world.ctx)]


def test_a_completed_pipeline_runs_what_is_never_reused(world):
    world.run("p", jobs=dated())
    again(world, "p")
    assert world.started("q") == ["date", "named"]


def test_the_property_alone_gives_nobody_another_result(world):
    failed(world, "-last", jobs=dated())
    jobs = dated()
    jobs["date"]["command"] = "date +%Y"
    world.run("q", jobs=jobs, properties={RESUMES: "p"})
    assert sorted(world.started("q")) == ["date", "last"]


def test_a_command_is_submitted_again_as_it_was(world):
    job = jobs.submit(world.ctx, Key("job", "default", "c"), command("false", tags={"a": "b"}))
    with pytest.raises(Conflict, match="has not ended"):
        job_types.resubmit(world.ctx, job.key)
    job_types.cancel(world.ctx, job.key)
    while job_types.advance(world.ctx, job.key):
        pass
    new = job_types.resubmit(world.ctx, job.key)
    assert new.key.name != "c"
    assert spec_of(new).command == "false"
    assert new.spec.tags == {"a": "b"}
    with pytest.raises(Conflict, match="already"):
        job_types.resubmit(world.ctx, job.key, new.key.name)


def test_a_step_is_resubmitted_with_its_pipeline(world):
    world.run("p", jobs=chain("a"))
    with pytest.raises(Conflict, match="part of job `p`") as caught:
        job_types.resubmit(world.ctx, Key("job", "default", "p-s0"))
    assert "zaffre job resubmit -n p" in caught.value.hint
