"""Pipelines on real stores and a compute that the test holds: order, reuse, failure, cancel, crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import Builder, after, chain, made, step
from zaffre.errors import Invalid
from zaffre.kinds.job_state import JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key
from zaffre.services import job_types, pipelines
from zaffre.services.jobs.facts import state_of, status_of


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield made(ctx, compute)


def test_steps_run_in_the_order_of_what_they_need(world):
    done = world.run("p", jobs=dict(reversed(chain("a", "b", "c").items())))
    assert done.status == JobState.COMPLETED
    assert world.started("p") == ["s0", "s1", "s2"]


def test_an_unchanged_pipeline_runs_nothing(world):
    world.run("p", jobs=chain("a", "b", "c"))
    done = world.run("q", jobs=chain("a", "b", "c"))
    assert done.status == JobState.COMPLETED
    assert world.started("q") == []
    assert [one.reused for one in done.steps.values()] == ["p-s0", "p-s1", "p-s2"]
    child = world.ctx.metadata.get(Key("job", "default", "q-s1"))
    assert status_of(child).reused_from == "p-s1"
    before = world.ctx.metadata.get(Key("job", "default", "p-s1"))
    assert status_of(child).results == status_of(before).results


def test_a_change_travels_to_what_depends_on_it(world):
    world.run("p", jobs=chain("a", "b", "c"))
    done = world.run("q", jobs=chain("a", "B", "c"))
    assert world.started("q") == ["s1", "s2"], done


def test_an_equal_output_stops_a_change(world):
    world.outputs = lambda step, plan: {"f.txt": step.encode()}
    world.run("p", jobs=chain("a", "b", "c"))
    done = world.run("q", jobs=chain("a", "B", "c"))
    assert world.started("q") == ["s1"]
    assert done.steps["s2"].reused == "p-s2"


def test_a_step_that_is_not_deterministic_runs_again(world):
    jobs = {"s0": step("date", is_deterministic=False)}
    world.run("p", jobs=jobs)
    world.run("q", jobs=jobs)
    assert world.started("q") == ["s0"]


def test_force_rerun_runs_all_and_is_reused_after(world):
    world.run("p", jobs=chain("a", "b"))
    world.run("q", jobs=chain("a", "b"), settings={"force_rerun": True})
    assert world.started("q") == ["s0", "s1"]
    done = world.run("r", jobs=chain("a", "b"))
    assert [one.reused for one in done.steps.values()] == ["q-s0", "q-s1"]


def test_two_at_once_compute_a_shared_step_once(world):
    first = world.submit("p", jobs=chain("a", "b"))
    second = world.submit("q", jobs=chain("a", "b"))
    one, two = world.to_the_end(first), world.to_the_end(second)
    assert one.status == two.status == JobState.COMPLETED
    assert sorted(name.rpartition("-")[2] for name in world.compute.starts) == ["s0", "s1"]


def test_a_waiting_step_runs_itself_when_the_other_fails(world):
    world.failing = ("p-s0",)
    first = world.submit("p", jobs=chain("a"))
    second = world.submit("q", jobs=chain("a"))
    assert world.to_the_end(first).status == JobState.FAILED
    assert world.to_the_end(second).status == JobState.COMPLETED
    assert world.started("q") == ["s0"]


def test_two_equal_steps_of_one_pipeline_run_once(world):
    done = world.run("p", jobs={"a": step("same"), "b": step("same")})
    assert done.status == JobState.COMPLETED
    assert len(world.compute.starts) == 1
    assert done.steps["b"].reused == "p-a"


def test_a_failed_step_fails_the_pipeline_and_stops_the_rest(world):
    world.failing = ("-bad",)
    jobs = {
        "bad": step("x"),
        "next": step("y", inputs=after("bad")),
        "z": step("w", inputs=after("next")),
    }
    done = world.run("p", jobs=jobs)
    assert done.status == JobState.FAILED
    assert "bad" in done.error.message
    assert world.started("p") == ["bad"]


def test_other_branches_go_on_where_that_is_wanted(world):
    world.failing = ("-bad",)
    jobs = {
        "bad": step("x"),
        "after": step("y", inputs=after("bad")),
        "l0": step("a"),
        "l1": step("b", inputs=after("l0")),
    }
    done = world.run("p", jobs=jobs, settings={"continue_on_step_failure": True})
    assert done.status == JobState.FAILED
    assert done.steps["l1"].status == JobState.COMPLETED
    assert "after" not in done.steps


def test_a_step_is_tried_again(world):
    world.failing = ("p-a",)
    key = world.submit("p", jobs={"a": step("x", retry_settings={"max_retries": 2})})
    while "p-a-2" not in world.compute.plans:
        world.turn()
    world.failing = ()
    done = world.to_the_end(key)
    assert done.status == JobState.COMPLETED
    assert done.steps["a"].attempt == 2


def test_resubmitting_goes_on_at_the_failed_step(world):
    world.failing = ("p-s1",)
    assert world.run("p", jobs=chain("a", "b", "c")).status == JobState.FAILED
    done = world.run("q", jobs=chain("a", "b", "c"))
    assert done.status == JobState.COMPLETED
    assert world.started("q") == ["s1", "s2"]


def test_cancel_ends_the_whole_tree(world):
    inner = {"type": "pipeline", "jobs": chain("a", "b"), "outputs": {}}
    key = world.submit("p", jobs={"n": {"type": "pipeline", "component": inner}, "m": step("c")})
    for _ in range(4):
        world.turn(end=False)
    job_types.cancel(world.ctx, key)
    for name in list(world.compute.plans):
        world.compute.end(name, "canceled")
    done = world.to_the_end(key)
    assert done.status == JobState.CANCELED
    inner_job = world.ctx.metadata.get(Key("job", "default", "p-n"))
    assert state_of(inner_job) == JobState.CANCELED


def test_a_nested_pipeline_gives_its_outputs(world):
    inner = {
        "type": "pipeline",
        "inputs": {"d": {"type": "uri_folder"}, "k": {"type": "integer", "default": 3}},
        "outputs": {"r": {"type": "uri_folder"}},
        "jobs": {
            "x": step(
                "x ${{inputs.i}} ${{inputs.k}}",
                inputs={"i": "${{parent.inputs.d}}", "k": "${{parent.inputs.k}}"},
                outputs={"o": "${{parent.outputs.r}}"},
            )
        },
    }
    jobs = {
        "first": step("a"),
        "n": {
            "type": "pipeline",
            "component": inner,
            "inputs": {"d": "${{parent.jobs.first.outputs.o}}"},
        },
        "last": step("z", inputs={"i": "${{parent.jobs.n.outputs.r}}"}),
    }
    done = world.run("p", jobs=jobs)
    assert done.status == JobState.COMPLETED, done
    world.run("q", jobs=jobs)
    assert world.started("q") == []


def test_outputs_are_promoted(world):
    jobs = {"a": step("x", outputs={"o": "${{parent.outputs.result}}"})}
    done = world.run("p", jobs=jobs, outputs={"result": {"mode": "upload"}})
    assert done.results["result"].tree == done.steps["a"].results["o"].tree


def test_a_plan_says_what_runs_and_why(world):
    def plan(jobs: dict[str, Any]) -> dict[str, Any]:
        spec = PipelineJobSpec.model_validate({"type": "pipeline", "jobs": jobs})
        return {row["step"]: row for row in pipelines.plan(world.ctx, "default", spec)}

    jobs = chain("a ${{inputs.k}}", "b", "c")
    jobs["s0"]["inputs"]["k"] = 1
    assert {row["action"] for row in plan(jobs).values()} == {"run"}
    world.run("p", jobs=jobs)
    assert {row["action"] for row in plan(jobs).values()} == {"reuse"}
    jobs["s0"]["inputs"]["k"] = 2
    rows = plan(jobs)
    assert rows["s0"]["changed"] == ["input k"]
    assert rows["s1"]["action"] == rows["s2"]["action"] == "depends"
    jobs["s1"]["command"] = "B"
    assert plan(jobs)["s1"]["changed"] == ["command"]
    jobs["s2"]["environment_variables"] = {"A": "1"}
    assert plan(jobs)["s2"]["changed"] == ["settings"]


def test_all_that_is_not_there_is_listed_at_once(world):
    jobs = {
        "a": {"component": "azureml:nothere:1"},
        "b": step(environment="azureml:noenv:1"),
        "c": step(inputs={"d": {"type": "uri_folder", "path": "azureml:nodata:1"}}),
    }
    with pytest.raises(Invalid) as caught:
        world.submit("p", jobs=jobs)
    assert {one.place.field for one in caught.value.problems} == {
        "jobs.a.component",
        "jobs.b.environment",
        "jobs.c.inputs.d.path",
    }


def test_all_that_is_not_there_is_said_at_once(world):
    jobs = {
        "a": step(component="azureml:none:1"),
        "b": {"component": "azureml:other@latest"},
    }
    jobs["a"].pop("command")
    with pytest.raises(Invalid) as caught:
        world.submit("p", jobs=jobs)
    assert len(caught.value.problems) == 2
