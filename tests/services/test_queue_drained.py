"""A thousand queued jobs, through the server's own loop, on a compute that ends each at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.job_context import HeldCompute, command, job_context
from zaffre.kinds.job_state import UNFINISHED, JobState
from zaffre.kinds.machine import Machine
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.compute import Report
from zaffre.ports.metadata import Add, Browse
from zaffre.server.loop import Loop, Step
from zaffre.services import jobs, resources
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, state_of, status_of
from zaffre.testing.compute import wait_for

COUNT = 1000
CPUS = 8


class Instant(HeldCompute):
    """Ends a job when it is looked at, and says so as launchers do; knows the most under way."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.guard = threading.Lock()
        self.sizes: dict[str, float] = {}
        self.begun: Counter[str] = Counter()
        self.under_way = 0.0
        self.most = 0.0
        self.tell: Callable[[str], object] = str

    def start(self, name: str, plan: dict[str, Any]) -> None:
        with self.guard:
            if name not in self.plans:
                self.begun[name] += 1
                self.under_way += plan["cpus"]
                self.most = max(self.most, self.under_way)
                super().start(name, {"cpus": plan["cpus"]})
        self.tell(Key("job", "default", name).reference)

    def report(self, name: str) -> Report | None:
        with self.guard:
            found = self.reports.get(name)
            if found is not None and found.phase == "starting":
                self.under_way -= self.plans[name]["cpus"]
                self.end(name)
            return self.reports.get(name)


@pytest.fixture
def compute(tmp_path: Path) -> Instant:
    return Instant(tmp_path / "jobs")


@pytest.fixture
def ctx(tmp_path: Path, compute: Instant) -> Iterator[Context]:
    with job_context(tmp_path / "home", compute, machine=Machine(cpus=CPUS)) as made:
        yield made


def fill(ctx: Context) -> None:
    """Queue them in one write: of several sizes, experiments and priorities."""
    first = status_of(jobs.submit(ctx, Key("job", "default", "j0"), command()))
    made = []
    for place in range(1, COUNT):
        fields: dict[str, Any] = {"type": "command", "experiment_name": f"e{place % 5}"}
        if place % 3 == 0:
            fields["resources"] = {"cpus": 1 + place % 7}
        if place % 11 == 0:
            fields["queue_settings"] = {"priority": ("low", "high")[place % 2]}
        key = Key("job", "default", f"j{place}")
        made.append(Add(Resource(key, command(**fields), first)))
    ctx.metadata.apply(made)


def loop_of(ctx: Context) -> Loop:
    def source() -> Iterator[Step]:
        for key in jobs.unfinished(ctx):
            yield Step(key.reference, partial(jobs.advance, ctx, key), inward=True)

    return Loop([source])


def is_drained(ctx: Context) -> bool:
    return not ctx.metadata.browse(Browse("job", where={"state": UNFINISHED}, limit=1)).items


@pytest.mark.slow
def test_a_thousand_queued_jobs_are_drained_none_lost_doubled_or_stuck(ctx, compute):
    """In the middle of it, the loop ends and another one goes on, as when a server restarts."""
    fill(ctx)
    for over in (lambda: len(compute.begun) > COUNT // 3, lambda: is_drained(ctx)):
        loop = loop_of(ctx)
        compute.tell = loop.wake
        loop.start()
        wait_for(over, seconds=200)
        loop.stop()
    ended = resources.every(ctx, Browse("job"))
    assert Counter(state_of(one) for one in ended) == {JobState.COMPLETED: COUNT}
    assert set(compute.begun.values()) == {1}
    assert len(compute.begun) == COUNT
    assert compute.under_way == 0
    sizes = [spec_of(one).resources for one in ended]
    assert max(one.cpus or 1 for one in sizes if one) == 7
    assert compute.most <= CPUS
    assert jobs.unfinished(ctx) == []
