"""Reuse beyond plain commands: sweeps, and steps that read the artifacts of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import HERE, Builder, World, after, made, step
from zaffre.kinds.job_state import JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import Batch, Metric
from zaffre.ports.files import File
from zaffre.services import pipelines
from zaffre.services.jobs.facts import status_of


class Logging(World):
    """Trials log how good they are before they end."""

    def finish(self, name: str) -> None:
        if "_" in name:
            points = [Metric("loss", float(name.rpartition("_")[2]) + 1, 1, 0)]
            self.ctx.tracking.record("default", name, Batch(metrics=points)).result()
        super().finish(name)


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield Logging(made(ctx, compute).ctx, compute)


def plan(world: World, jobs: dict[str, Any]) -> dict[str, Any]:
    spec = PipelineJobSpec.model_validate({"type": "pipeline", "jobs": jobs})
    return {row["step"]: row for row in pipelines.plan(world.ctx, "default", spec)}


def searching(**fields: Any) -> dict[str, Any]:
    sweep = {
        "type": "sweep",
        "trial": {
            "command": "train ${{inputs.i0}} ${{inputs.x}}",
            "environment": HERE,
            "inputs": {"i0": {"type": "uri_folder"}, "x": {"type": "number"}},
            "outputs": {"o": {"type": "uri_folder"}},
        },
        "inputs": after("prep"),
        "search_space": {"x": {"type": "choice", "values": [1, 2]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "minimize", "primary_metric": "loss"},
        "limits": {"max_total_trials": 2},
        **fields,
    }
    return {"prep": step("p"), "tune": sweep, "use": step("u", inputs=after("tune"))}


def test_an_unchanged_sweep_is_not_run_again(world):
    first = world.run("p", jobs=searching())
    assert first.status == JobState.COMPLETED, first
    assert {row["action"] for row in plan(world, searching()).values()} == {"reuse"}
    done = world.run("q", jobs=searching())
    assert world.started("q") == []
    assert done.steps["tune"].reused == "p-tune"
    job = world.ctx.metadata.get(Key("job", "default", "q-tune"))
    assert status_of(job).best_child == "p-tune_0"
    assert [one.job for one in status_of(job).trials] == ["p-tune_0", "p-tune_1"]
    assert job.spec.properties["best_child_run_id"] == "p-tune_0"


def test_a_changed_search_runs_and_says_why(world):
    world.run("p", jobs=searching())
    jobs = searching(limits={"max_total_trials": 1})
    rows = plan(world, jobs)
    assert rows["prep"]["action"] == "reuse"
    assert rows["tune"]["changed"] == ["settings"]
    done = world.run("q", jobs=jobs)
    assert done.steps["tune"].reused is None
    assert done.steps["use"].reused == "p-use"  # the best trial left the same


def test_a_sweep_of_what_is_not_deterministic_runs(world):
    jobs = searching()
    jobs["tune"]["trial"]["is_deterministic"] = False
    world.run("p", jobs=jobs)
    assert plan(world, jobs)["tune"]["reason"] == "Never reused: it is not deterministic."
    assert world.run("q", jobs=jobs).steps["tune"].reused is None


def test_a_sweep_of_changed_data_runs(world):
    world.run("p", jobs=searching())
    jobs = searching()
    jobs["prep"]["command"] = "P"
    world.run("q", jobs=jobs)
    assert [one for one in world.compute.starts if one.startswith("q-tune")]


READING = {
    "a": step("a"),
    "b": step("b", inputs={"i": "${{parent.jobs.a.outputs.artifacts}}"}),
    "c": step("c", inputs=after("b")),
}


def leave(world: World, job: str, text: bytes) -> None:
    """Let a job have an artifact, as its own logging would have."""
    blob = world.ctx.artifacts.put([text])
    world.ctx.files.put(f"run:default/{job}", [File("m.txt", blob.digest, blob.size)])


@pytest.fixture
def read(world):
    """A pipeline whose second step has read the artifacts of the first."""
    key = world.submit("p", jobs=READING)
    while "p-a" not in world.compute.plans:
        world.turn(end=False)
    leave(world, "p-a", b"one")
    assert world.to_the_end(key).status == JobState.COMPLETED
    return world


def test_who_reads_artifacts_is_reused(read):
    assert {row["action"] for row in plan(read, READING).values()} == {"reuse"}
    done = read.run("q", jobs=READING)
    assert [one.reused for one in done.steps.values()] == ["p-a", "p-b", "p-c"]
    again = read.run("r", jobs=READING)  # of what was reused itself
    assert [one.reused for one in again.steps.values()] == ["p-a", "p-b", "p-c"]


def test_artifacts_that_changed_since_are_read_anew(read):
    leave(read, "p-a", b"two")
    assert plan(read, READING)["b"]["action"] == "run"
    done = read.run("q", jobs=READING)
    assert done.steps["a"].reused == "p-a"
    assert read.started("q")[0] == "b"


def test_a_step_reads_the_artifacts_that_it_was_known_by(world):
    """They may change between the decision and the start."""
    key = world.submit("p", jobs=READING)
    while "p-a" not in world.compute.plans:
        world.turn(end=False)
    leave(world, "p-a", b"one")
    while not _is_there(world, "p-b"):
        world.turn()
    leave(world, "p-a", b"two")
    world.to_the_end(key)
    (given,) = [one for one in world.compute.plans["p-b"]["inputs"] if one["name"] == "i"]
    digests = [row[1] for row in given["tree"]["files"]]
    assert world.ctx.artifacts.put([b"one"]).digest in digests
    assert world.ctx.artifacts.put([b"two"]).digest not in digests


def _is_there(world: World, name: str) -> bool:
    return bool(pipelines.children.jobs_named(world.ctx, "default", [name]))
