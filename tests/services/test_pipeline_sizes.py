"""A thousand steps, wired by chance: they run, are listed, planned and reused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import Builder, World, after, made, step
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Browse
from zaffre.services import history, job_types, pipelines, resources
from zaffre.services.jobs.facts import state_of, status_of

STEPS, WIDTH, MOST_TURNS = 1000, 100, 200


def graph(seed: int) -> dict[str, Any]:
    """Give steps in layers, each needing up to three of the layers before."""
    draw = random.Random(seed)
    jobs: dict[str, Any] = {}
    for at in range(STEPS):
        earlier = range(at // WIDTH * WIDTH)
        needed = sorted(draw.sample(earlier, min(len(earlier), draw.randint(1, 3))))
        jobs[f"s{at}"] = step(f"c{at}", inputs=after(*(f"s{one}" for one in needed)))
    names = list(jobs)
    draw.shuffle(names)
    return {name: jobs[name] for name in names}


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        pool = ctx.metadata.get(Key("compute", "default", "local"))
        resources.replace_spec(ctx, kind("compute"), pool, LocalComputeSpec(slots=2 * WIDTH))
        yield made(ctx, compute)


def to_the_end(world: World, key: Key) -> Any:
    for _ in range(MOST_TURNS):
        job = world.ctx.metadata.get(key)
        if state_of(job) in TERMINAL:
            return status_of(job)
        world.turn()
    raise AssertionError(f"it needs more than {MOST_TURNS} turns")


def listed(world: World, pipeline: str) -> list[str]:
    found: list[str] = []
    after_ = ""
    while True:
        query = Browse(
            "job", "default", where={"parent_job_name": pipeline}, limit=100, after=after_
        )
        page = history.browse(world.ctx, query)
        found += [job.key.name for job in page.items]
        after_ = page.next
        if not after_:
            return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_steps_run_are_listed_and_reused(world):
    jobs = graph(7)
    done = to_the_end(world, world.submit("p", jobs=jobs))
    assert done.status == JobState.COMPLETED
    order = {name: at for at, name in enumerate(world.started("p"))}
    assert len(order) == STEPS
    for name, one in jobs.items():
        needed = [text.split(".")[2] for text in one["inputs"].values()]
        assert all(order[before] < order[name] for before in needed)
    assert sorted(listed(world, "p")) == sorted(f"p-{name}" for name in jobs)
    spec = PipelineJobSpec.model_validate({"type": "pipeline", "jobs": jobs})
    assert {row["action"] for row in pipelines.plan(world.ctx, "default", spec)} == {"reuse"}
    key = world.submit("q", jobs=jobs)
    job_types.advance(world.ctx, key)  # one look is enough
    again = status_of(world.ctx.metadata.get(key))
    assert again.status == JobState.COMPLETED
    assert all(one.reused == f"p-{name}" for name, one in again.steps.items())
    assert sorted(listed(world, "q")) == sorted(f"q-{name}" for name in jobs)
