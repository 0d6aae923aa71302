"""Computes that are started, stopped and let go, by hand and by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.job_context import HeldCompute, command, job_context
from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.amounts import bytes_of
from zaffre.kinds.compute import COMPUTE
from zaffre.kinds.duration import seconds_of_iso
from zaffre.kinds.loading import check
from zaffre.kinds.resource import Key, Resource
from zaffre.services import computes, instances, jobs
from zaffre.services.computes import status_of
from zaffre.services.context import Context
from zaffre.testing.clock import FakeClock


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with job_context(tmp_path / "home") as made:
        yield made


def key(name: str) -> Key:
    return Key("compute", "default", name)


def make(ctx: Context, name: str, **fields) -> Resource:
    spec = check(COMPUTE, {"name": name, **fields}).spec
    return computes.create(ctx, key(name), spec)


def submit(ctx: Context, name: str, compute: str) -> None:
    jobs.submit(ctx, Key("job", "default", name), command(compute=compute))


def turn(ctx: Context) -> None:
    for one in jobs.unfinished(ctx):
        jobs.advance(ctx, one)


def state(ctx: Context, name: str) -> str:
    return status_of(ctx.metadata.get(key(name))).state


def job_state(ctx: Context, name: str) -> str:
    return ctx.metadata.get(Key("job", "default", name)).status.status


def later(ctx: Context, **span: float) -> None:
    assert isinstance(ctx.clock, FakeClock)
    ctx.clock.pass_by(timedelta(**span))


def test_a_stopped_compute_finishes_what_runs_and_starts_nothing(ctx):
    make(ctx, "side", type="local")
    submit(ctx, "a", "side")
    turn(ctx)
    computes.stop(ctx, key("side"))
    computes.stop(ctx, key("side"))
    submit(ctx, "b", "side")
    held = ctx.computes["local"]
    assert isinstance(held, HeldCompute)
    held.end("a")
    turn(ctx)
    assert (job_state(ctx, "a"), job_state(ctx, "b")) == ("Completed", "Queued")
    computes.start(ctx, key("side"))
    turn(ctx)
    assert job_state(ctx, "b") == "Starting"


def test_what_is_not_there_cannot_be_turned(ctx):
    with pytest.raises(NotFound):
        computes.stop(ctx, key("none"))


def test_the_machine_itself_stays(ctx):
    with pytest.raises(Conflict, match="is this machine"):
        computes.delete(ctx, key("local"))


def test_a_compute_with_jobs_is_not_deleted(ctx):
    make(ctx, "side", type="local")
    for name in "abcd":
        submit(ctx, name, "azureml:side")
    with pytest.raises(Conflict, match="`a`, `b`, `c` and 1 more") as caught:
        computes.delete(ctx, key("side"))
    assert caught.value.code == "compute_in_use"
    for name in "abcd":
        jobs.cancel(ctx, Key("job", "default", name))
    computes.delete(ctx, key("side"))
    with pytest.raises(NotFound):
        ctx.metadata.get(key("side"))


def test_only_what_was_attached_is_detached(ctx):
    make(ctx, "side", type="local")
    make(ctx, "far", type="kubernetes")
    with pytest.raises(Conflict, match="not attached"):
        computes.detach(ctx, key("side"))
    computes.detach(ctx, key("far"))
    with pytest.raises(NotFound):
        computes.detach(ctx, key("far"))


def test_a_compute_stays_of_its_type(ctx):
    side = make(ctx, "side", type="local")
    other = check(COMPUTE, {"name": "side", "type": "computeinstance"}).spec
    with pytest.raises(Conflict, match="another type"):
        computes.update(ctx, side, other, None)
    same = check(COMPUTE, {"name": "side", "type": "local", "slots": 3}).spec
    assert computes.update(ctx, side, same, None).revision == 2


def test_an_instance_has_a_pool_of_its_own(ctx):
    make(ctx, "mine", type="computeinstance", size="Standard_DS3_v2")
    for name in ("a", "b"):
        submit(ctx, name, "local")
    submit(ctx, "m", "mine")
    turn(ctx)
    assert job_state(ctx, "m") == "Starting"


@pytest.mark.parametrize(
    "idle", [{"idle_time_before_shutdown": "PT30M"}, {"idle_time_before_shutdown_minutes": 30}]
)
def test_an_instance_on_which_nothing_runs_is_stopped(ctx, idle):
    make(ctx, "mine", type="computeinstance", **idle)
    submit(ctx, "a", "mine")
    turn(ctx)
    for _ in range(4):  # it works for an hour
        later(ctx, minutes=15)
        instances.tend(ctx)
    assert state(ctx, "mine") == "Running"
    held = ctx.computes["local"]
    assert isinstance(held, HeldCompute)
    held.end("a")
    turn(ctx)
    later(ctx, minutes=29)
    instances.tend(ctx)
    assert state(ctx, "mine") == "Running"
    later(ctx, minutes=2)
    instances.tend(ctx)
    status = status_of(ctx.metadata.get(key("mine")))
    assert (status.state, status.state_reason) == ("Stopped", "Nothing ran on it for 30 min.")
    computes.start(ctx, key("mine"))
    instances.tend(ctx)
    assert state(ctx, "mine") == "Running"


def test_a_clock_that_is_set_back_counts_from_there(ctx):
    make(ctx, "mine", type="computeinstance", idle_time_before_shutdown="PT30M")
    later(ctx, days=-2)
    instances.tend(ctx)
    later(ctx, minutes=31)
    instances.tend(ctx)
    assert state(ctx, "mine") == "Stopped"


def times(action: str, expression: str, **more):
    trigger = {"type": "cron", "expression": expression, "time_zone": "UTC"}
    return {"action": action, "trigger": trigger, **more}


def test_an_instance_follows_its_schedules(ctx):
    assert isinstance(ctx.clock, FakeClock)
    planned = [times("stop", "0 18 * * *"), times("start", "0 8 * * *")]
    make(ctx, "mine", type="computeinstance", schedules={"compute_start_stop": planned})
    seen = []
    for _ in range(24):
        later(ctx, hours=1)
        instances.tend(ctx)
        seen.append((ctx.clock.now().hour, state(ctx, "mine")))
    stopped = sorted(hour for hour, now in seen if now == "Stopped")
    assert stopped == [0, *range(18, 24)]
    status = status_of(ctx.metadata.get(key("mine")))
    assert "By its schedule" in str(status.state_reason)


def test_of_what_was_missed_only_the_last_counts(ctx):
    planned = [times("stop", "0 18 * * *"), times("start", "0 8 * * *")]
    made = make(ctx, "mine", type="computeinstance", schedules={"compute_start_stop": planned})
    at_nine = (made.created_at or datetime.now(UTC)).replace(hour=9, minute=0) + timedelta(days=5)
    later(ctx, seconds=(at_nine - ctx.clock.now()).total_seconds())
    instances.tend(ctx)
    assert (state(ctx, "mine"), ctx.metadata.get(key("mine")).revision) == ("Running", 2)


def test_a_new_schedule_begins_when_it_is_written(ctx):
    found = make(ctx, "mine", type="computeinstance")
    later(ctx, days=2)
    planned = {"compute_start_stop": [times("stop", "0 18 * * *")]}
    spec = check(COMPUTE, {"name": "mine", "type": "computeinstance", "schedules": planned}).spec
    computes.update(ctx, found, spec, None)
    instances.tend(ctx)
    assert state(ctx, "mine") == "Running"


def test_a_schedule_that_is_disabled_does_nothing(ctx):
    planned = {"compute_start_stop": [times("stop", "0 18 * * *", state="disabled")]}
    make(ctx, "mine", type="computeinstance", schedules=planned)
    later(ctx, days=2)
    instances.tend(ctx)
    assert state(ctx, "mine") == "Running"


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        ({"type": "cron", "expression": "0 25 * * *"}, "25"),
        ({"type": "recurrence", "frequency": "day"}, "`interval` is missing"),
        ({"type": "data", "data": "azureml:iris"}, "Data cannot start a machine"),
    ],
)
def test_a_wrong_time_is_refused_with_its_place(trigger, text):
    planned = {"compute_start_stop": [{"action": "stop", "trigger": trigger}]}
    with pytest.raises(Invalid, match=text) as caught:
        check(COMPUTE, {"name": "mine", "type": "computeinstance", "schedules": planned})
    field = caught.value.problems[0].place.field or ""
    assert field.startswith("schedules.compute_start_stop")


def test_who_turns_a_compute_that_others_change_tries_again(ctx, monkeypatch):
    make(ctx, "side", type="local")
    apply, refused = type(ctx.metadata).apply, []

    def busy(self, writes, actor=None):
        if len(refused) < 2:
            refused.append(writes)
            raise Stale("Somebody was quicker.")
        return apply(self, writes, actor)

    monkeypatch.setattr(type(ctx.metadata), "apply", busy)
    computes.stop(ctx, key("side"))
    assert state(ctx, "side") == "Stopped"


def test_one_that_changes_all_the_time_is_given_up(ctx, monkeypatch):
    make(ctx, "side", type="local")
    minutely = {"compute_start_stop": [times("stop", "* * * * *")]}
    make(ctx, "mine", type="computeinstance", schedules=minutely)
    later(ctx, hours=1)

    def busy(self, writes, actor=None):
        raise Stale("Somebody was quicker.")

    monkeypatch.setattr(type(ctx.metadata), "apply", busy)
    with pytest.raises(Conflict, match="all the time"):
        computes.stop(ctx, key("side"))
    instances.tend(ctx)
    monkeypatch.undo()
    assert state(ctx, "mine") == "Running"
    instances.tend(ctx)  # the next look sees to it
    assert state(ctx, "mine") == "Stopped"


def test_sizes_and_times_of_another_form_are_none():
    assert (bytes_of("much"), bytes_of(" 1.5 GiB ".strip()), bytes_of("12")) == (
        0,
        3 * 2**29,
        12,
    )
    assert (seconds_of_iso("soon"), seconds_of_iso("P1DT1H")) == (0, 90_000)
