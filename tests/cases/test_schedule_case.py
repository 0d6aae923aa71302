"""The published schedule, on a clock in hand: what the case says of spans of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from conftest import CASES
from services.job_context import job_context
from zaffre.kinds import registry, yaml_text
from zaffre.kinds.loading import check
from zaffre.kinds.resource import Key
from zaffre.ml.checking import check as checked
from zaffre.ml.job_documents import job_document
from zaffre.ports.metadata import Browse
from zaffre.services import job_types, schedules
from zaffre.testing.clock import FakeClock

FILE = CASES / "files" / "cli" / "schedules" / "cron-job-schedule.yml"
KEY = Key("schedule", "default", "simple_cron_job_schedule")


@pytest.mark.skipif(not FILE.is_file(), reason="the cases are not beside the repository")
def test_the_hour_starts_one_job_and_disabled_none(tmp_path):
    found = yaml_text.read_file(FILE)
    job = job_document(found.data["create_job"], found, ("create_job",))
    inner = checked(registry.kind("job"), job).data
    document = {**found.data, "create_job": inner}
    document.pop("$schema")
    clock = FakeClock(datetime.fromisoformat("2026-01-15T10:59:30-08:00"))
    with job_context(tmp_path / "home") as made:
        steps = SimpleNamespace()  # no step is run here
        ctx = replace(made, clock=clock, job_types=job_types.OWN, steps=steps)
        schedules.create(ctx, KEY, check(registry.kind("schedule"), document).spec)
        assert turn(ctx) == 0
        clock.pass_by(timedelta(minutes=1))
        assert turn(ctx) == 1
        schedules.enable(ctx, KEY, enabled=False)
        clock.pass_by(timedelta(hours=1))
        assert turn(ctx) == 0


def turn(ctx):
    """Do what the loop does with schedules; say how many jobs there are more."""
    before = count(ctx)
    while any([schedules.advance(ctx, key) for key in schedules.unfinished(ctx)]):  # noqa: C419
        pass
    return count(ctx) - before


def count(ctx):
    return len(ctx.metadata.browse(Browse("job", archived=None)).items)
