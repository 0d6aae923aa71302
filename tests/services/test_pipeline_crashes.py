"""The server dies at any call that changes something; the next one finishes, and does nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, job_context
from services.pipeline_world import Builder, World, after, made, step
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Browse
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.services.pipelines import advancing

LEAVES = ("f0", "f1", "f2", "f3", "f4")
TEN = {
    "a": step("a"),
    "b": step("b", inputs=after("a")),
    **{name: step(name, inputs=after("b")) for name in LEAVES},
    "left": step("l", inputs=after("f0", "f1", "f2")),
    "right": step("r", inputs=after("f3", "f4")),
    "join": step("j", inputs=after("left", "right")),
}
CHANGED = {**TEN, "f1": step("F1", inputs=after("b"))}
PORTS = ("metadata", "tracking", "files", "artifacts", "tokens", "steps")
READING = (
    "get",
    "browse",
    "find",
    "links",
    "recall",
    "latest",
    "missing",
    "open",
    "path",
    "report",
    "folder",
    "entries",
    "search",
    "journal_offset",
    "logs",
)


RANDOM = re.compile(r"zaf_[\w-]+|0x[0-9a-f]+")


class Crash(BaseException):
    """The server is gone at this point."""


class Dying:
    """A port at whose changing calls the server dies, when `decide` says so."""

    def __init__(self, port: Any, decide: Callable[[str], bool], *, late: bool) -> None:
        self._port, self._decide, self._late = port, decide, late

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name.startswith(READING) or not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            dies = self._decide(RANDOM.sub("", f"{name} {args!r} {named!r}"))
            if dies and not self._late:
                raise Crash
            answer = found(*args, **named)
            if dies:
                raise Crash
            return answer

        return call


def dying(world: World, decide: Callable[[str], bool], *, late: bool) -> World:
    ports = {name: Dying(getattr(world.ctx, name), decide, late=late) for name in PORTS}
    computes = {"local": Dying(world.compute, decide, late=late)}
    return World(replace(world.ctx, **ports, computes=computes), world.compute, world.outputs)


@contextmanager
def opened(home: Path) -> Iterator[World]:
    compute = HeldCompute(home / "jobs")
    with job_context(home, compute, Builder()) as ctx:
        yield made(ctx, compute)


def crashed_at_each_call(world: World, key: Key, failing: tuple[str, ...], *, late: bool) -> int:
    """Take a pipeline to its end; at each call that was not made before, the server dies."""
    seen: set[str] = set()

    def decide(call: str) -> bool:
        new = call not in seen
        seen.add(call)
        return new

    crashes = 0
    mortal = dying(world, decide, late=late)
    mortal.failing = failing
    while state_of(world.ctx.metadata.get(key)) not in TERMINAL:
        try:
            mortal.turn()
        except Crash:
            crashes += 1
            advancing.LEVELS._known.clear()  # a new server knows no graphs
        assert crashes < 2000
    return crashes


def check_whole(world: World, jobs: dict[str, Any]) -> None:
    """See that all there is of a pipeline `p` is there once, and fits together."""
    done = status_of(world.ctx.metadata.get(Key("job", "default", "p")))
    assert done.status == JobState.COMPLETED, done
    assert set(done.steps) == set(jobs)
    page = world.ctx.metadata.browse(Browse("job", "default", archived=None, limit=1000))
    children = {job.key.name: job for job in page.items if job.key.name.startswith("p-")}
    for name, one in done.steps.items():
        child = status_of(children[one.job])
        assert child.status == JobState.COMPLETED, name
        assert child.results == one.results
        assert world.ctx.artifacts.missing([made.tree for made in child.results.values()]) == []
        assert world.ctx.tracking.get_info("default", one.job).status == "FINISHED"
    starts = world.compute.starts
    assert len(starts) == len(set(starts)), "something was begun twice"


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("before", "begun"),
    [(None, set(TEN)), (TEN, set()), (CHANGED, {"f1", "left"})],
    ids=["fresh", "reused", "changed"],
)
def test_a_crash_at_each_call_doubles_and_loses_nothing(tmp_path, before, begun, late):
    with opened(tmp_path / "home") as world:
        if before:
            world.run("earlier", jobs=before)
        key = world.submit("p", jobs=TEN)
        crashes = crashed_at_each_call(world, key, (), late=late)
        check_whole(world, TEN)
        assert sorted(world.started("p")) == sorted(begun)
        assert crashes > 5 * len(begun)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_crash_at_each_call_tries_a_failed_step_once_more(tmp_path, late):
    jobs = {**TEN, "f2": step("f2", inputs=after("b"), retry_settings={"max_retries": 1})}
    with opened(tmp_path / "home") as world:
        key = world.submit("p", jobs=jobs)
        crashed_at_each_call(world, key, ("p-f2",), late=late)
        check_whole(world, jobs)
        assert len(world.compute.starts) == len(TEN) + 1
        world.failing = ()
        again = world.run("q", jobs=jobs)
        assert all(one.reused for one in again.steps.values())


@pytest.mark.parametrize("at", range(3, 160, 16))
def test_after_one_crash_all_goes_on_as_if_nothing_had_been(tmp_path, at):
    with opened(tmp_path / "home") as world:
        key = world.submit("p", jobs=TEN)
        calls = iter(range(1, 10_000))
        with pytest.raises(Crash):
            dying(world, lambda _: next(calls) == at, late=at % 2 == 0).to_the_end(key)
        world.to_the_end(key)
        check_whole(world, TEN)
        assert sorted(world.started("p")) == sorted(TEN)
