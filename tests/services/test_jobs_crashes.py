"""A server that dies at any call into the outside, before or after its effect, loses and doubles nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, command, job_context, journal_line
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.resource import Key
from zaffre.ports.compute import Report
from zaffre.services import files, jobs
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of, status_of

JOB = Key("job", "default", "j1")


class Crash(BaseException):
    """The process is gone at this point."""


class Countdown:
    """Counts the calls that change something, and dies at one of them."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after

    def call(self, act: Any, *args: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash
        answer = act(*args, **named)
        if self.left == 0:
            raise Crash
        return answer


class Dying:
    """A port whose changing calls are counted."""

    def __init__(self, port: Any, countdown: Countdown) -> None:
        self._port = port
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in CHANGING:
            return found
        return lambda *args, **named: self._countdown.call(found, *args, **named)


CHANGING = {
    "apply", "create_run", "ensure_experiment", "update_run", "append_journal",
    "put", "adopt", "start", "cancel", "issue", "revoke",
}  # fmt: skip


def dying(ctx: Context, countdown: Countdown) -> Context:
    return replace(
        ctx,
        metadata=Dying(ctx.metadata, countdown),
        tracking=Dying(ctx.tracking, countdown),
        files=Dying(ctx.files, countdown),
        artifacts=Dying(ctx.artifacts, countdown),
        tokens=Dying(ctx.tokens, countdown),
        computes={"local": Dying(ctx.computes["local"], countdown)},
    )


SPEC = command(
    "x ${{outputs.m}}",
    inputs={"n": 1},
    outputs={"m": {"type": "custom_model", "name": "net"}, "o": None},
)


def lives(ctx: Context, mortal: Context, compute: HeldCompute) -> None:
    """Submit and follow a job; each death is followed by a new life, which takes up what it finds."""
    for world in (mortal, ctx):
        try:
            if not ctx.metadata.browse(_all()).items:
                jobs.submit(world, JOB, SPEC)
            _follow(world, compute)
        except Crash:
            continue
        else:
            return


def _all() -> Any:
    from zaffre.ports.metadata import Browse

    return Browse("job")


def _follow(world: Context, compute: HeldCompute) -> None:
    for _ in range(60):
        jobs.advance(world, JOB)
        report = compute.reports.get("j1")
        state = state_of(world.metadata.get(JOB))
        if state in TERMINAL:
            return
        if report is not None and report.phase == "starting":
            compute.reports["j1"] = Report("running", {"started_at": 10.0})
        elif report is not None and report.phase == "running" and state.value == "Running":
            lines = journal_line("m", "loss", 0.5, 1, 1) + journal_line("p", "a", "b")
            (compute.folder("j1") / "journal.jsonl").write_bytes(lines)
            compute.end(
                "j1",
                outputs={"m": {"w": b"1"}, "o": {"a": b"1", "b": b"2"}},
                artifacts={"x": b"3"},
            )


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_loses_and_doubles_nothing(tmp_path: Path, *, after: bool) -> None:
    at = 0
    while True:
        at += 1
        with job_context(tmp_path / f"home{at}") as ctx:
            compute = ctx.computes["local"]
            assert isinstance(compute, HeldCompute)
            countdown = Countdown(at, after=after)
            lives(ctx, dying(ctx, countdown), compute)
            _check(ctx, compute, at)
            if countdown.left > 0:
                break
    assert at > 20


def _check(ctx: Context, compute: HeldCompute, at: int) -> None:
    status = status_of(ctx.metadata.get(JOB))
    assert status.status == "Completed", (at, status)
    assert compute.starts == ["j1"]
    assert status.results["m"].asset == "azureml:net:1"
    tree = files.load_tree(ctx, str(status.results["o"].tree))
    assert [leaf.path for leaf in tree.leaves] == ["a", "b"]
    assert ctx.files.get("run:default/j1", "x") is not None
    run = ctx.tracking.get_run("default", "j1")
    assert run.info.status == "FINISHED"
    assert len(ctx.tracking.history("default", "j1", "loss").points) == 1
    assert list(run.params) == [("a", "b")]


@pytest.mark.parametrize("after", [False, True])
def test_a_death_during_a_cancel_ends_in_canceled(tmp_path: Path, *, after: bool) -> None:
    for at in range(1, 8):
        with job_context(tmp_path / f"home{at}") as ctx:
            compute = ctx.computes["local"]
            assert isinstance(compute, HeldCompute)
            jobs.submit(ctx, JOB, SPEC)
            for _ in range(5):
                jobs.advance(ctx, JOB)
            mortal = dying(ctx, Countdown(at, after=after))
            for world in (mortal, ctx):
                try:
                    jobs.cancel(world, JOB)
                    if compute.canceled:
                        compute.end("j1", "canceled", exit_code=None)
                    for _ in range(10):
                        jobs.advance(world, JOB)
                    if compute.canceled:
                        compute.end("j1", "canceled", exit_code=None)
                    for _ in range(10):
                        jobs.advance(world, JOB)
                except Crash:
                    continue
            assert status_of(ctx.metadata.get(JOB)).status == "Canceled", at
            assert ctx.tracking.get_info("default", "j1").status == "KILLED"
