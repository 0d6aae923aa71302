"""Parallel steps go on: tries of the step, and what an attempt keeps for the next one."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import zaffre.runtime
from services.job_context import HeldCompute, job_context, journal_line
from services.pipeline_world import HERE, Builder, World, made
from zaffre.kinds.parallel import HAD_TRIES, UNFINISHED
from zaffre.kinds.resource import Key
from zaffre.services import job_types, jobs
from zaffre.services.jobs import attempts
from zaffre.services.jobs.facts import status_of

sys.path.append(str(Path(zaffre.runtime.__file__).parent / "guest"))
from zaffre_parallel import __main__ as runner


@pytest.fixture
def world(tmp_path: Path):
    compute = HeldCompute(tmp_path / "home" / "jobs")
    with job_context(tmp_path / "home", compute, Builder()) as ctx:
        yield made(ctx, compute)


def score(**fields: Any) -> dict[str, Any]:
    return {
        "type": "parallel",
        "task": {
            "type": "run_function",
            "entry_script": "score.py",
            "environment": HERE,
            "append_row_to": "${{outputs.o}}",
        },
        "inputs": {
            "data": {
                "type": "uri_folder",
                "path": "azureml://datastores/workspaceblobstore/paths/x",
            }
        },
        "input_data": "${{inputs.data}}",
        "outputs": {"o": {"type": "uri_folder"}},
        **fields,
    }


def turns(world: World) -> None:
    for _ in range(6):
        world.turn(end=False)


def failed(world: World, pipeline: str, exit_code: int | None, **fields: Any) -> list[str]:
    """Let the first try of a parallel step fail; give what was started then."""
    world.submit(pipeline, jobs={"s": score(**fields)})
    turns(world)
    world.compute.end(f"{pipeline}-s", "failed", exit_code=exit_code)
    turns(world)
    return [name for name in world.compute.starts if name.startswith(f"{pipeline}-")]


def test_a_parallel_step_is_tried_again(world):
    assert failed(world, "p", 137, retry_settings={"max_retries": 1}) == ["p-s", "p-s-2"]


def test_a_step_whose_script_had_its_tries_is_not_tried_again(world):
    assert failed(world, "p", HAD_TRIES, retry_settings={"max_retries": 1}) == ["p-s"]
    assert runner.HAD_TRIES == HAD_TRIES


def test_what_failed_within_the_threshold_is_told(world):
    world.submit("p", jobs={"s": score()})
    turns(world)
    counts = {"items": 3, "failed_items": 2, "mini_batches": 5, "failed_mini_batches": 2}
    told = json.dumps({**counts, "first_error": "ValueError: bad"})
    journal = world.compute.folder("p-s") / "journal.jsonl"
    journal.write_bytes(journal_line("t", "zaffre.processed", told))
    world.finish("p-s")
    turns(world)
    for name, where in (("p-s", ""), ("p", "Step `s`: ")):
        status = status_of(world.ctx.metadata.get(Key("job", "default", name)))
        assert status.status == "Completed"
        assert status.processed is not None
        assert status.processed.model_dump(include=set(counts)) == counts
        (warning,) = status.warnings
        assert warning == (
            f"{where}2 of 5 items failed, in 2 of 5 mini-batches. The first: ValueError: bad."
        )


def place(world: World, job: str) -> str | None:
    found: str | None = world.compute.plans[job]["keep"]
    assert world.compute.plans[job]["env"].get(UNFINISHED) == found
    return found


def test_tries_of_a_step_share_what_is_done(world):
    failed(world, "p", None, retry_settings={"max_retries": 1})
    first = place(world, "p-s")
    assert first is not None
    assert first == place(world, "p-s-2")
    assert Path(first).is_dir()


def test_another_pipeline_goes_on_too_unless_something_differs(world):
    failed(world, "p", None)
    failed(world, "q", None, retry_settings={"timeout": 9}, max_concurrency_per_instance=2)
    failed(world, "r", None, mini_batch_size="7")
    assert place(world, "p-s") == place(world, "q-s")
    assert place(world, "p-s") != place(world, "r-s")


def test_a_step_that_is_not_deterministic_goes_on_in_its_own_pipeline(world):
    failed(world, "p", None, is_deterministic=False, retry_settings={"max_retries": 1})
    failed(world, "q", None, is_deterministic=False)
    assert place(world, "p-s") == place(world, "p-s-2")
    assert place(world, "p-s") != place(world, "q-s")


def test_a_resubmitted_pipeline_goes_on_with_steps_that_are_not_deterministic(world):
    failed(world, "p", None, is_deterministic=False)
    job_types.resubmit(world.ctx, Key("job", "default", "p"), "again")
    turns(world)
    assert place(world, "p-s") == place(world, "again-s")


@pytest.mark.parametrize(
    "fields",
    [
        {"outputs": {"o": {}, "more": {}}},
        {
            "inputs": {
                "data": {
                    "type": "uri_folder",
                    "path": "azureml://datastores/workspaceblobstore/paths/x",
                },
                "model": {
                    "type": "uri_folder",
                    "path": "azureml://datastores/workspaceblobstore/paths/y",
                },
            }
        },
        {"environment_variables": {"WHO": "${{name}}"}},
    ],
)
def test_a_step_starts_anew_where_more_than_the_rows_may_differ(world, fields):
    failed(world, "p", None, **fields)
    assert place(world, "p-s") is None


def test_what_nobody_went_on_with_is_deleted(world):
    failed(world, "p", None)
    folder = Path(place(world, "p-s") or "")
    (folder / "finished").touch()
    stamp = world.ctx.clock.now().timestamp()
    for one in (folder / "finished", folder):
        os.utime(one, (stamp, stamp))
    jobs.tidy(world.ctx)
    assert folder.is_dir()
    world.ctx.clock.pass_by(attempts.KEPT + timedelta(seconds=1))
    jobs.tidy(world.ctx)
    assert not folder.exists()
