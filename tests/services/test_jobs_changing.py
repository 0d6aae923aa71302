"""A job and its run are one: what is said anew of either shows in both, and what ran stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.job_context import command, job_context
from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import NewRun, Pair
from zaffre.ports.metadata import Browse
from zaffre.services import history, job_types, jobs, lineage, tracking, tracking_log
from zaffre.services.context import Context

W = "default"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with job_context(tmp_path / "home") as made:
        yield made


def key(name: str = "j1") -> Key:
    return Key("job", W, name)


def submit(ctx: Context, **fields: Any) -> Resource:
    jobs.submit(ctx, key(), command(**fields))
    return history.show(ctx, key())


def change(ctx: Context, found: Resource, **fields: Any) -> Resource:
    return jobs.update(ctx, found, found.spec.model_copy(update=fields), None)


def listed(ctx: Context) -> Resource:
    return history.browse(ctx, Browse("job", W)).items[0]


def test_names_and_tags_given_to_a_job_reach_its_run(ctx: Context) -> None:
    job = submit(ctx, tags={"a": "1", "b": "", "c": "3"})
    assert job.spec.tags == {"a": "1", "b": "", "c": "3"}
    changed = change(ctx, job, display_name="new", tags={"a": "2", "b": ""}, description="d")
    run = ctx.tracking.get_run(W, "j1")
    told = {tag.key: tag.value for tag in run.tags}
    assert (run.info.name, told["a"], "c" in told) == ("new", "2", False)
    assert (changed.spec.description, changed.revision) == ("d", job.revision + 1)
    assert changed.spec == listed(ctx).spec == history.show(ctx, key()).spec
    assert ctx.tracking.get_info(W, "j1").name == "new"
    named_again = change(ctx, changed, display_name=None)
    assert named_again.spec.display_name is None
    assert ctx.tracking.get_info(W, "j1").name == "j1"


def test_what_a_client_of_mlflow_says_of_the_run_shows_in_the_job(ctx: Context) -> None:
    submit(ctx, tags={"a": "1"}, experiment_name="e", display_name="old")
    tracking.update_run(ctx, W, "j1", name="renamed")
    tracking_log.set_tag(ctx, W, "j1", Pair("b", "2")).result()
    ctx.tracking.untag_run(W, "j1", "a")
    experiment = ctx.tracking.find_experiment(W, "e")
    assert experiment
    tracking.rename_experiment(ctx, W, experiment.id, "f")
    for job in (history.show(ctx, key()), listed(ctx)):
        assert (job.spec.display_name, job.spec.tags) == ("renamed", {"b": "2"})
        assert job.spec.experiment_name == "f"
    assert lineage.walk(ctx, key())["nodes"][0]["label"] == "renamed"
    kept = change(ctx, history.show(ctx, key()), description="still")
    assert (kept.spec.display_name, kept.spec.tags) == ("renamed", {"b": "2"})


def test_the_state_of_a_jobs_run_is_the_jobs(ctx: Context) -> None:
    submit(ctx)
    info = tracking.update_run(ctx, W, "j1", status="FINISHED", end_time=5)
    assert (info.status, info.end_time) == ("SCHEDULED", None)


@pytest.mark.parametrize(
    "field",
    [
        {"command": "echo other"},
        {"environment_variables": {"A": "b"}},
        {"experiment_name": "other"},
        {"inputs": {"x": 1}},
    ],
)
def test_what_a_job_ran_never_changes(ctx: Context, field: dict[str, Any]) -> None:
    job = submit(ctx)
    with pytest.raises(Conflict, match=f"`{next(iter(field))}` of job `j1` cannot change") as said:
        jobs.update(ctx, job, command(**{"text": "echo hi", **_texts(field)}), None)
    assert said.value.code == "immutable"
    assert history.show(ctx, key()) == job


def _texts(field: dict[str, Any]) -> dict[str, Any]:
    return {"text" if name == "command" else name: value for name, value in field.items()}


def test_a_change_of_another_revision_is_refused(ctx: Context) -> None:
    job = submit(ctx)
    with pytest.raises(Stale):
        jobs.update(ctx, job, job.spec, job.revision + 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("tags", {"k" * 300: "v"}), ("experiment_name", "e" * 501), ("display_name", "n" * 100_001)],
)
def test_what_no_run_can_keep_is_refused_at_once(ctx: Context, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as said:
        job_types.submit(ctx, key(), command(**{field: value}))
    assert said.value.problems[0].place.field == field
    with pytest.raises(NotFound):
        history.show(ctx, key())
    job = submit(ctx)
    with pytest.raises(Invalid):
        change(ctx, job, tags={"k" * 300: "v"})


def test_a_run_that_no_job_made_is_renamed_and_tagged(ctx: Context) -> None:
    run = tracking.create_run(ctx, W, NewRun("0", name="n", tags=[Pair("a", "1")])).info.id
    found = history.show(ctx, key(run))
    assert found.spec.tags == {"a": "1"}
    changed = change(ctx, found, display_name="m", tags={"b": "2"})
    assert (changed.spec.display_name, changed.spec.tags) == ("m", {"b": "2"})
    with pytest.raises(Conflict, match="`description`"):
        change(ctx, changed, description="nowhere to keep it")


def test_a_job_whose_run_is_in_the_bin_is_archived(ctx: Context) -> None:
    submit(ctx)
    tracking.delete_run(ctx, W, "j1")
    assert history.show(ctx, key()).archived


def test_a_state_that_no_job_is_ever_in_cannot_be_asked_for(ctx: Context) -> None:
    with pytest.raises(Invalid, match="`Runing` is no state") as said:
        history.browse(ctx, Browse("job", W, where={"state": "Runing"}))
    assert said.value.hint == "Did you mean `Running`?"


def test_a_list_of_a_type_is_full_however_many_others_there_are(ctx: Context) -> None:
    for number in range(4):
        jobs.submit(ctx, key(f"j{number}"), command())
        tracking.create_run(ctx, W, NewRun("0", name=f"r{number}"))
    change(ctx, history.show(ctx, key("j2")), display_name="named")
    asked = Browse("job", W, where={"type": "command"}, limit=2)
    first = history.browse(ctx, asked)
    rest = history.browse(ctx, replace(asked, after=first.next))
    names = [job.key.name for page in (first, rest) for job in page.items]
    assert names == ["j3", "j2", "j1", "j0"]
    assert first.items[1].spec.display_name == "named"
    assert not history.browse(ctx, replace(asked, where={"type": "pipeline"})).items
    with pytest.raises(Invalid):
        history.browse(ctx, replace(asked, where={"type": "command", "state": "Runing"}))
