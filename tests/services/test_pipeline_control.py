"""Control nodes on real stores: what is chosen, repeated and fanned out, and what a crash leaves of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import HERE, Builder, after, made, step
from zaffre.errors import Invalid
from zaffre.kinds.job_state import JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import Batch, Metric
from zaffre.services import pipelines, trees
from zaffre.services.jobs.facts import status_of


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield made(ctx, compute)


def component(
    outputs: dict[str, str], inputs: dict[str, Any] | None = None, command: str = "true"
) -> dict[str, Any]:
    return {
        "type": "command",
        "command": " ".join([command, *(f"${{{{outputs.{name}}}}}" for name in outputs)]),
        "environment": HERE,
        "inputs": inputs or {},
        "outputs": {name: {"type": kind} for name, kind in outputs.items()},
    }


def answers(world, **texts: str):
    """Let steps write texts to all their outputs."""
    world.outputs = lambda step, plan: {
        "f": texts.get(step, f"{step}: {plan['command']}").encode()
    }


def choice(condition: Any, **more: Any) -> dict[str, Any]:
    return {
        "yes": step("yes"),
        "no": step("no"),
        "which": {
            "type": "if_else",
            "condition": condition,
            "true_block": "${{parent.jobs.yes}}",
            "false_block": "${{parent.jobs.no}}",
        },
        **more,
    }


FLAG = {"check": {"component": component({"flag": "boolean"})}}
ON_FLAG = "${{parent.jobs.check.outputs.flag}}"


@pytest.mark.parametrize(("condition", "chosen"), [(True, "yes"), (False, "no"), ("2 > 3", "no")])
def test_a_condition_chooses_one_step(world, condition, chosen):
    done = world.run("p", jobs=choice(condition))
    assert done.status == JobState.COMPLETED
    assert world.started("p") == [chosen]
    other = {"yes": "no", "no": "yes"}[chosen]
    assert done.steps[other].status == "Skipped"
    assert "which" in done.steps[other].note


def test_a_condition_reads_what_a_step_wrote(world):
    answers(world, check="false\n")
    done = world.run("p", jobs=choice(ON_FLAG, **FLAG))
    assert world.started("p") == ["check", "no"]
    assert done.steps["check"].values == {"flag": False}
    assert done.steps["which"].values == {"condition": False}


def test_a_condition_compares_an_input(world):
    world.run("p", jobs=choice("${{parent.inputs.epochs}} >= 10"), inputs={"epochs": 9})
    world.run("q", jobs=choice('${{parent.inputs.mode}} == "fast"'), inputs={"mode": "fast"})
    assert world.started("p") == ["no"]
    assert world.started("q") == ["yes"]


def test_a_condition_looks_at_a_metric(world):
    jobs = choice("${{parent.jobs.train.metrics.accuracy}} > 0.8", train=step("train"))
    key = world.submit("p", jobs=jobs)
    world.turn(end=False)
    metric = Metric("accuracy", 0.9, 0, 0)
    world.ctx.tracking.record("default", "p-train", Batch(metrics=(metric,))).result()
    world.to_the_end(key)
    assert world.started("p") == ["train", "yes"]


def test_what_needs_a_skipped_step_is_skipped_unless_it_can_do_without(world):
    optional = {name: {"type": "uri_folder", "optional": True} for name in ("a", "b")}
    given = {
        "a": "${{parent.jobs.yes.outputs.o}}",
        "b": "${{parent.jobs.no.outputs.o}}",
    }
    join = {
        "component": component(
            {"o": "uri_folder"}, optional, "join $[[${{inputs.a}}]] $[[${{inputs.b}}]]"
        ),
        "inputs": given,
    }
    more = {"join": join, "onlyno": step("x", inputs=after("no"))}
    done = world.run("p", jobs=choice(True, **more))
    assert done.status == JobState.COMPLETED
    assert world.started("p") == ["yes", "join"]
    assert done.steps["onlyno"].status == "Skipped"


def test_an_output_of_the_pipeline_is_that_of_the_chosen_step(world):
    jobs = choice(False)
    for name in ("yes", "no"):
        jobs[name]["outputs"] = {"o": "${{parent.outputs.result}}"}
    done = world.run("p", jobs=jobs, outputs={"result": {}})
    assert done.results["result"] == done.steps["no"].results["o"]


def test_a_value_that_is_none_fails_the_step_that_wrote_it(world):
    answers(world, check="perhaps")
    done = world.run("p", jobs=choice(ON_FLAG, **FLAG))
    assert done.status == JobState.FAILED
    assert "`flag`" in done.steps["check"].error
    assert world.started("p") == ["check"]


def test_a_literal_goes_on_as_a_value(world):
    answers(world, check="7")
    jobs = {
        "check": {"component": component({"n": "integer"})},
        "use": step("use ${{inputs.n}}", inputs={"n": "${{parent.jobs.check.outputs.n}}"}),
    }
    world.run("p", jobs=jobs)
    spec: Any = world.ctx.metadata.get(Key("job", "default", "p-use")).spec
    assert spec.inputs == {"n": 7}


LOOP_BODY = component(
    {"more": "boolean", "model": "uri_folder"},
    {"model": {"type": "uri_folder", "optional": True}, "rate": {"type": "number"}},
    "train $[[${{inputs.model}}]] ${{inputs.rate}}",
)
LOOP = {
    "train": {"component": LOOP_BODY, "inputs": {"rate": 0.1}},
    "loop": {
        "type": "do_while",
        "body": "${{parent.jobs.train}}",
        "condition": "${{parent.jobs.train.outputs.more}}",
        "mapping": {"model": "${{parent.jobs.train.inputs.model}}"},
        "limits": {"max_iteration_count": 5},
    },
    "use": step("use", inputs={"m": "${{parent.jobs.train.outputs.model}}"}),
}


def turns(world, last: int) -> None:
    """Let a loop go on until an iteration."""

    def flag(step: str, _: Any) -> dict[str, bytes]:
        return {"f": b"false" if step == f"i{last}" else b"true"}

    world.by_port = {"more": flag}
    world.outputs = lambda step, plan: {"f": step.encode()}


def test_a_loop_goes_on_while_its_condition_is_true(world):
    turns(world, 3)
    done = world.run("p", jobs=LOOP)
    assert done.status == JobState.COMPLETED
    assert world.started("p") == ["i1", "i2", "i3", "use"]
    assert done.steps["loop"].iteration == 3
    third: Any = world.ctx.metadata.get(Key("job", "default", "p-loop-i3")).spec
    assert third.inputs["model"].path == "azureml://jobs/p-loop-i2/outputs/model"
    use: Any = world.ctx.metadata.get(Key("job", "default", "p-use")).spec
    assert use.inputs["m"].path == "azureml://jobs/p-loop-i3/outputs/model"


def test_a_loop_ends_at_its_limit(world):
    turns(world, 99)
    done = world.run("p", jobs=LOOP)
    assert done.status == JobState.COMPLETED
    assert done.steps["loop"].iteration == 5


def test_a_loop_is_reused_iteration_by_iteration(world):
    turns(world, 3)
    world.run("p", jobs=LOOP)
    done = world.run("q", jobs=LOOP)
    assert world.started("q") == []
    assert done.steps["loop"].iteration == 3
    assert done.steps["loop"].reused == "p-loop-i3"


def test_a_failed_iteration_is_tried_again_with_what_the_one_before_left(world):
    turns(world, 3)
    world.failing = ("p-loop-i2",)
    retried = {**LOOP, "train": {**LOOP["train"], "retry_settings": {"max_retries": 1}}}
    done = world.run("p", jobs=retried)
    assert done.status == JobState.COMPLETED
    again: Any = world.ctx.metadata.get(Key("job", "default", "p-loop-i2-2")).spec
    assert again.inputs["model"].path == "azureml://jobs/p-loop-i1/outputs/model"


def test_a_loop_that_failed_is_resubmitted_at_its_failed_iteration(world):
    turns(world, 3)
    world.failing = ("p-loop-i2",)
    jobs = {**LOOP, "train": {**LOOP["train"], "is_deterministic": False}}
    assert world.run("p", jobs=jobs).status == JobState.FAILED
    done = world.run("q", jobs=jobs, properties={"zaffre.resumes": "p"})
    assert done.status == JobState.COMPLETED
    assert world.started("q") == ["i2", "i3", "use"]


FAN = {
    "train": {
        "component": component(
            {"o": "uri_folder"}, {"rate": {"type": "number"}}, "t ${{inputs.rate}}"
        )
    },
    "fan": {
        "type": "parallel_for",
        "body": "${{parent.jobs.train}}",
        "items": [{"rate": 0.1}, {"rate": 0.2}, {"rate": 0.3}],
    },
    "join": step("join", inputs={"all": "${{parent.jobs.fan.outputs.o}}"}),
}


def paths(world, result) -> list[str]:
    return [leaf.path for leaf in trees.load_tree(world.ctx, result.tree).leaves]


def test_a_fan_out_runs_its_body_for_each_item(world):
    done = world.run("p", jobs=FAN)
    assert done.status == JobState.COMPLETED
    assert sorted(world.started("p")[:-1]) == ["item_0", "item_1", "item_2"]
    assert world.started("p")[-1] == "join"
    fan = done.steps["fan"]
    assert paths(world, fan.results["o"]) == [f"item_{at}/f.txt" for at in range(3)]
    second: Any = world.ctx.metadata.get(Key("job", "default", "p-fan-item_1")).spec
    assert second.inputs == {"rate": 0.2}


def test_items_have_names_where_these_are_given(world):
    items = json.dumps({"slow": {"rate": 0.1}, "fast": {"rate": 1}})
    jobs = {**FAN, "fan": {**FAN["fan"], "items": "${{parent.inputs.rates}}"}}
    world.run("p", jobs=jobs, inputs={"rates": items})
    assert sorted(world.started("p")[:-1]) == ["fast", "slow"]


def test_items_are_what_lies_in_a_folder_that_a_step_made(world):
    body = component({"o": "uri_folder"}, {"file": {"type": "uri_file"}}, "t ${{inputs.file}}")
    jobs = {
        "split": step("split"),
        "one": {"component": body},
        "fan": {
            "type": "parallel_for",
            "body": "one",
            "items": "${{parent.jobs.split.outputs.o}}",
        },
    }
    world.outputs = lambda name, plan: {"a.csv": b"a", "b.csv": b"b"}
    done = world.run("p", jobs=jobs)
    assert done.status == JobState.COMPLETED, done.error
    assert sorted(world.started("p")) == ["item_0", "item_1", "split"]


def test_values_of_items_are_gathered_as_a_list(world):
    body = component({"score": "number"}, {"rate": {"type": "number"}}, "t ${{inputs.rate}}")
    jobs = {
        "train": {"component": body},
        "fan": FAN["fan"],
        "best": step("b ${{inputs.s}}", inputs={"s": "${{parent.jobs.fan.outputs.score}}"}),
    }
    answers(world, item_0="1", item_1="2.5", item_2="3")
    done = world.run("p", jobs=jobs)
    assert done.status == JobState.COMPLETED, done.error
    assert json.loads(done.steps["fan"].values["score"]) == [1, 2.5, 3]


def test_a_changed_item_alone_runs_again(world):
    world.run("p", jobs=FAN)
    changed = {**FAN["fan"], "items": [{"rate": 0.1}, {"rate": 9}, {"rate": 0.3}]}
    world.run("q", jobs={**FAN, "fan": changed})
    assert world.started("q") == ["item_1"]


def test_no_items_are_a_step_that_is_skipped(world):
    jobs = {**FAN, "fan": {**FAN["fan"], "items": "${{parent.inputs.rates}}"}}
    done = world.run("p", jobs=jobs, inputs={"rates": "[]"})
    assert done.status == JobState.COMPLETED, done.error
    assert done.steps["join"].status == "Skipped"


def test_a_cancel_ends_what_a_control_node_began(world):
    key = world.submit("p", jobs=FAN)
    for _ in range(3):
        world.turn(end=False)
    pipelines.cancel(world.ctx, key)
    for _ in range(20):
        world.turn(end=False)
        for name in list(world.compute.canceled):
            world.compute.end(name, "canceled")
    assert world.ctx.metadata.get(key).status.status == JobState.CANCELED
    assert {status_of(job).status for job in children(world, "p-fan")} == {JobState.CANCELED}


def children(world, parent: str) -> list[Any]:
    names = [f"{parent}-item_{at}" for at in range(3)]
    return [world.ctx.metadata.get(Key("job", "default", name)) for name in names]


def planned(world, jobs: dict[str, Any], **fields: Any) -> dict[str, str]:
    spec = PipelineJobSpec.model_validate({"type": "pipeline", "jobs": jobs, **fields})
    return {row["step"]: row["action"] for row in pipelines.plan(world.ctx, "default", spec)}


def test_a_plan_says_what_is_decided_and_what_is_not(world):
    answers(world, check="true")
    jobs = choice(ON_FLAG, **FLAG)
    before = planned(world, jobs)
    assert (before["which"], before["yes"], before["no"]) == ("decide", "depends", "depends")
    world.run("p", jobs=jobs)
    assert planned(world, jobs) == {
        "check": "reuse",
        "which": "decide",
        "yes": "reuse",
        "no": "skip",
    }


def test_a_plan_follows_a_loop_as_far_as_it_is_known(world):
    assert planned(world, LOOP) == {"loop": "run", "use": "run"}
    turns(world, 2)
    world.run("p", jobs=LOOP)
    assert planned(world, LOOP) == {"loop": "reuse", "use": "reuse"}


def test_a_plan_lists_the_items_of_a_fan_out(world):
    world.run("p", jobs=FAN)
    rows = planned(world, FAN)
    assert rows == {**{f"fan/item_{at}": "reuse" for at in range(3)}, "join": "reuse"}


def test_a_wrong_condition_is_refused_before_the_run(world):
    with pytest.raises(Invalid, match="no output `flagg`"):
        world.submit("p", jobs=choice("${{parent.jobs.check.outputs.flagg}}", **FLAG))


def test_the_inputs_of_a_nested_pipeline_are_its_own(world):
    inner = {
        "type": "pipeline",
        "inputs": {"x": {"type": "integer"}},
        "jobs": {"s": step("s ${{inputs.x}}", inputs={"x": "${{parent.inputs.x}}"})},
    }
    world.run(
        "p",
        jobs={"n": {"type": "pipeline", "component": inner, "inputs": {"x": 5}}},
        inputs={"x": 1},
    )
    spec: Any = world.ctx.metadata.get(Key("job", "default", "p-n-s")).spec
    assert spec.inputs == {"x": 5}
