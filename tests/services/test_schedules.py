"""Schedules on real stores and a clock in hand: one job for a due time, every miss on record."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.job_context import job_context
from zaffre.errors import Conflict, Invalid, Unavailable
from zaffre.kinds import registry
from zaffre.kinds.data import DataSpec
from zaffre.kinds.loading import check
from zaffre.kinds.reference import parse_remote
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Browse, Remove
from zaffre.services import data, datastores, job_types, jobs, resources, schedules
from zaffre.services.schedules import advancing
from zaffre.services.schedules.deciding import Policy, decide, text_of

NIGHTLY = Key("schedule", "default", "nightly")
JOB = {"command": "echo hi", "environment": {"python": "current"}}
HOURLY = {"type": "cron", "expression": "0 * * * *"}


@pytest.fixture
def ctx(tmp_path):
    with job_context(tmp_path / "home") as made:
        yield replace(made, job_types=job_types.OWN)


def make(ctx, trigger=None, key=NIGHTLY, **fields):
    document = {"name": key.name, "trigger": trigger or HOURLY, "create_job": JOB, **fields}
    return schedules.create(ctx, key, check(registry.kind("schedule"), document).spec)


def turn(ctx):
    """Do what the loop does until nothing moves."""
    for _ in range(1000):
        moved = [schedules.advance(ctx, key) for key in schedules.unfinished(ctx)]
        if not any(moved):
            return
    raise AssertionError("it never rests")


def names(ctx):
    page = ctx.metadata.browse(Browse("job", ascending=True, archived=None, limit=1000))
    return [job.key.name for job in page.items]


def pass_by(ctx, **time):
    ctx.clock.pass_by(timedelta(**time))
    turn(ctx)


def test_a_due_time_makes_one_job_of_a_known_name(ctx):
    made = make(ctx)
    assert len(made.status.next_run_times) == 5
    turn(ctx)
    assert names(ctx) == []
    pass_by(ctx, hours=1)
    pass_by(ctx, seconds=1)
    assert names(ctx) == ["nightly_20260101T010000Z"]
    pass_by(ctx, hours=1)
    status = ctx.metadata.get(NIGHTLY).status
    assert status.run_count == 2
    assert status.missed_count == 0
    assert [run.reason for run in status.runs] == ["due", "due"]
    job = ctx.metadata.get(Key("job", "default", names(ctx)[0]))
    assert job.spec.properties == {
        "zaffre.schedule": "nightly",
        "zaffre.due": "2026-01-01T01:00:00Z",
    }


@pytest.mark.parametrize(
    ("catch_up", "made", "missed"),
    [("skip", 0, 5), ("run_once", 1, 4), ("run_all", 5, 0)],
)
def test_what_passed_while_away_follows_the_policy(ctx, catch_up, made, missed):
    make(ctx, catch_up=catch_up)
    pass_by(ctx, hours=5, minutes=30)
    status = ctx.metadata.get(NIGHTLY).status
    assert len(names(ctx)) == status.run_count == made
    assert status.missed_count == missed == sum(one.count for one in status.missed)
    if catch_up == "run_once":
        assert names(ctx) == ["nightly_20260101T050000Z"]
        assert (status.missed[0].first, status.missed[0].last) == (
            "2026-01-01T01:00:00Z",
            "2026-01-01T04:00:00Z",
        )


def test_a_long_outage_is_no_storm(ctx):
    make(ctx, {"type": "cron", "expression": "* * * * *"}, catch_up="run_all")
    pass_by(ctx, days=10)
    status = ctx.metadata.get(NIGHTLY).status
    assert len(names(ctx)) <= 101
    assert status.run_count + status.missed_count == 10 * 24 * 60


def test_a_clock_set_back_fires_nothing_again(ctx):
    make(ctx)
    pass_by(ctx, hours=1)
    pass_by(ctx, minutes=-50)
    pass_by(ctx, minutes=50)
    assert len(names(ctx)) == 1
    pass_by(ctx, hours=1)
    assert len(names(ctx)) == 2


def test_overlapping_times_are_missed_where_that_is_wished(ctx):
    make(ctx, overlap="skip")
    pass_by(ctx, hours=1)
    pass_by(ctx, hours=1)
    status = ctx.metadata.get(NIGHTLY).status
    assert len(names(ctx)) == 1
    assert [one.reason for one in status.missed] == ["overlap"]
    jobs.cancel(ctx, Key("job", "default", names(ctx)[0]))
    pass_by(ctx, hours=1)
    assert len(names(ctx)) == 2


def test_disabled_it_makes_none_and_nothing_is_missed(ctx):
    make(ctx)
    assert schedules.enable(ctx, NIGHTLY, enabled=False).status.next_run_times == ()
    pass_by(ctx, hours=3)
    assert names(ctx) == []
    schedules.enable(ctx, NIGHTLY)
    turn(ctx)
    assert names(ctx) == []
    pass_by(ctx, hours=1)
    status = ctx.metadata.get(NIGHTLY).status
    assert len(names(ctx)) == 1
    assert status.missed_count == 0


def test_a_new_trigger_counts_from_now(ctx):
    made = make(ctx)
    ctx.clock.pass_by(timedelta(minutes=30))
    trigger = {"type": "cron", "expression": "*/10 * * * *"}
    document = {"name": "nightly", "trigger": trigger, "create_job": JOB}
    found = ctx.metadata.get(made.key)
    schedules.update(ctx, found, check(registry.kind("schedule"), document).spec, None)
    turn(ctx)
    assert names(ctx) == []
    pass_by(ctx, minutes=10)
    assert names(ctx) == ["nightly_20260101T004000Z"]


def test_triggered_it_makes_a_job_at_once(ctx):
    make(ctx, is_enabled=False)
    job = schedules.trigger(ctx, NIGHTLY)
    assert job.status.status == "Queued"
    assert ctx.metadata.get(NIGHTLY).status.runs[0].reason == "trigger"


def test_a_job_that_cannot_be_made_is_on_record(ctx):
    data.create(ctx, Key("data", "default", "iris"), DataSpec(type="uri_file", path="https://a/b"))
    job = {**JOB, "inputs": {"iris": {"type": "uri_file", "path": "azureml:iris@latest"}}}
    make(ctx, create_job=job)
    pass_by(ctx, hours=1)
    assert len(names(ctx)) == 1
    for version in list(ctx.metadata.browse(Browse("data", versions=True)).items):
        ctx.metadata.apply([Remove(version.key)])
    pass_by(ctx, hours=1)
    status = ctx.metadata.get(NIGHTLY).status
    assert status.run_count == 1
    assert "iris" in status.runs[0].error
    assert status.pending == ()


def test_its_own_name_and_time_fill_the_inputs(ctx):
    job = {
        **JOB,
        "inputs": {"me": "${{name}}", "at": "${{ creation_context.trigger_time }}", "n": 1},
    }
    make(ctx, create_job=job)
    pass_by(ctx, hours=1)
    spec = ctx.metadata.get(Key("job", "default", names(ctx)[0])).spec
    assert spec.inputs == {"me": names(ctx)[0], "at": "2026-01-01T01:00:00Z", "n": 1}


def test_a_stored_job_is_repeated_with_what_is_said_over_it(ctx):
    first = job_types.submit(
        ctx,
        Key("job", "default", "first"),
        check(registry.kind("job"), {**JOB, "inputs": {"a": 1, "b": 2}, "tags": {"x": "y"}}).spec,
    )
    make(ctx, create_job={"job": f"azureml:{first.key.name}", "inputs": {"b": 3}})
    pass_by(ctx, hours=1)
    spec = ctx.metadata.get(Key("job", "default", "nightly_20260101T010000Z")).spec
    assert spec.inputs == {"a": 1, "b": 3}
    assert spec.tags == {"x": "y"}


@pytest.mark.parametrize(
    "job",
    ["azureml:none", "./job.yml", {"job": "azureml:none"}, {"command": ""}, {"comand": "x"}],
)
def test_a_schedule_without_a_job_is_refused(ctx, job):
    with pytest.raises(Invalid):
        make(ctx, create_job=job)


def test_a_schedule_that_never_comes_is_refused(ctx):
    with pytest.raises(Invalid):
        make(ctx, {**HOURLY, "end_time": "2020-01-01T00:00:00"})


def test_wherever_it_dies_each_due_time_has_one_job(ctx, monkeypatch):
    """Fail at each write in turn, before and after it happened, then go on."""
    real = ctx.metadata.apply
    make(ctx, catch_up="run_all")
    for at in range(40):
        count = 0
        ctx.clock.pass_by(timedelta(hours=2))

        def apply(writes, *rest, at=at):
            nonlocal count
            count += 1
            if count == at % 8 + 1:
                if at % 2:
                    real(writes, *rest)
                raise Unavailable("killed")
            return real(writes, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(ctx.metadata, "apply", apply)
            for _ in range(4):
                try:
                    for key in schedules.unfinished(ctx):
                        schedules.advance(ctx, key)
                except Unavailable:
                    break
        turn(ctx)
    wanted = [f"nightly_{text}" for text in _hours(80)]
    assert sorted(names(ctx)) == wanted
    status = ctx.metadata.get(NIGHTLY).status
    assert status.run_count == 80
    assert status.missed_count == 0


def _hours(count):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return [f"{begin + timedelta(hours=at + 1):%Y%m%dT%H%M%SZ}" for at in range(count)]


def test_two_who_look_at_once_make_one_job(ctx):
    make(ctx)
    ctx.clock.pass_by(timedelta(hours=1))
    schedule = ctx.metadata.get(NIGHTLY)
    assert advancing._decide(ctx, schedule)
    with pytest.raises(Conflict):
        advancing._decide(ctx, schedule)
    turn(ctx)
    assert len(names(ctx)) == 1


IRIS = Key("data", "default", "iris")


def version(ctx):
    return data.create(ctx, IRIS, DataSpec(type="uri_file", path="https://example.org/a")).key


def on_iris(ctx, **fields):
    job = {**JOB, "inputs": {"data": "${{creation_context.data}}"}}
    return make(ctx, {"type": "data", "data": "azureml:iris"}, create_job=job, **fields)


def handed(ctx):
    """Give what the jobs were given, in their order."""
    jobs_made = (ctx.metadata.get(Key("job", "default", name)) for name in names(ctx))
    return [one.spec.inputs["data"] for one in jobs_made]


def test_each_new_version_of_data_starts_a_job(ctx):
    on_iris(ctx)
    look(ctx)
    assert names(ctx) == []
    version(ctx)
    look(ctx)
    look(ctx)
    assert handed(ctx) == ["azureml:iris:1"]
    version(ctx)
    version(ctx)
    look(ctx)
    assert sorted(handed(ctx)) == ["azureml:iris:1", "azureml:iris:2", "azureml:iris:3"]
    status = ctx.metadata.get(NIGHTLY).status
    assert (status.run_count, {run.reason for run in status.runs}) == (3, {"data"})


def test_a_version_that_is_archived_or_comes_back_starts_no_job(ctx):
    versions = [version(ctx), version(ctx)]
    on_iris(ctx)
    resources.archive(ctx, versions[1])
    look(ctx)
    resources.archive(ctx, versions[1], archived=False)
    look(ctx)
    resources.delete(ctx, versions[1])
    look(ctx)
    assert names(ctx) == []
    assert ctx.metadata.get(NIGHTLY).status.run_count == 0
    ctx.clock.pass_by(timedelta(seconds=1))
    version(ctx)
    look(ctx)
    assert len(names(ctx)) == 1


def test_versions_that_come_while_a_job_runs_are_not_forgotten(ctx):
    on_iris(ctx, overlap="skip")
    for _ in range(3):
        version(ctx)
        look(ctx)
    assert handed(ctx) == ["azureml:iris:1"]
    for count in (2, 3, 3):
        for name in names(ctx):
            with contextlib.suppress(Conflict):
                jobs.cancel(ctx, Key("job", "default", name))
        look(ctx)
        assert len(names(ctx)) == count


def test_a_trigger_on_a_datastore_that_is_not_there_is_refused(ctx):
    with pytest.raises(Invalid, match="nowhere") as refused:
        make(ctx, {"type": "data", "path": "azureml://datastores/nowhere/paths/in"})
    assert refused.value.problems[0].place.field == "trigger.path"


def test_files_that_settle_at_a_path_start_jobs(ctx):
    path = "azureml://datastores/workspaceblobstore/paths/in"
    reference = datastores.folder(ctx, "default", parse_remote(path))
    reference.mkdir(parents=True)
    make(ctx, {"type": "data", "path": path})
    look(ctx)
    assert names(ctx) == []
    file = reference / "a.csv"
    file.write_text("1")
    now = ctx.clock.now().timestamp()
    os.utime(file, (now, now))
    look(ctx)
    assert names(ctx) == []  # it may still be written
    ctx.clock.pass_by(timedelta(seconds=3))
    look(ctx)
    look(ctx)
    assert len(names(ctx)) == 1


def look(ctx):
    for key in schedules.watched(ctx):
        schedules.advance(ctx, key)
    turn(ctx)


times = st.lists(st.integers(0, 10_000), min_size=1, max_size=300, unique=True).map(sorted)


@given(
    times,
    st.integers(0, 5),
    st.sampled_from(["skip", "run_once", "run_all"]),
    st.sampled_from(["allow", "skip"]),
    st.booleans(),
)
def test_each_due_time_is_run_or_missed(minutes, late, catch_up, overlap, busy):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    due = [begin + timedelta(minutes=minute) for minute in minutes]
    decision = decide(due, due[-1] + timedelta(minutes=late), Policy(catch_up, overlap, busy))
    run = [one.due for one in decision.run]
    assert len(run) + sum(one.count for one in decision.missed) == len(due)
    assert len(set(run)) == len(run)
    assert set(run) <= {text_of(one) for one in due}
    if catch_up == "run_once" and overlap == "allow":
        assert len(run) in (1, 2)
    if overlap == "skip":
        assert len(run) <= (0 if busy else 1)
    spans = sorted((one.first, one.last) for one in decision.missed)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
