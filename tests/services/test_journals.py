"""Journals of jobs: each whole line counts once, and a bad one stops nothing."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served import context_at
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import JournalGap, NewRun, Pair
from zaffre.services import jobs, tracking
from zaffre.services.context import Context

W = "default"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with context_at(tmp_path) as context:
        yield context


@pytest.fixture
def job(ctx: Context) -> Key:
    return Key("job", W, tracking.create_run(ctx, W, NewRun("0")).info.id)


def lines(*entries: Any) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def test_a_journal_is_kept_once(ctx: Context, job: Key):
    first = lines(["m", "loss", 0.5, 1000, 1], ["p", "lr", "0.1"], ["t", "stage", "dev"])
    rest = lines(["m", "loss", "NaN", 1001, 2], ["m", "big", "-Infinity", 1, 0], ["p", "lr", "9"])
    end = jobs.journal(ctx, job, 0, first + rest[:10])
    assert end == len(first)
    with pytest.raises(JournalGap) as gap:
        jobs.journal(ctx, job, 0, first)
    assert gap.value.stored == end
    assert jobs.journal(ctx, job, end, rest) == end + len(rest)
    assert jobs.journal(ctx, job, end + len(rest), b"") == end + len(rest)
    found = ctx.tracking.get_run(W, job.name)
    metrics = {one.key: one.value for one in found.metrics}
    assert math.isnan(metrics["loss"])
    assert metrics["big"] == -math.inf
    assert list(found.params) == [Pair("lr", "0.1")]
    assert len(ctx.tracking.history(W, job.name, "loss").points) == 2


def test_bad_lines_do_not_stop_a_journal(ctx: Context, job: Key):
    bad = b"nonsense\n\n\xff\n" + b"[" * 100_000 + b"\n"
    data = lines(
        ["m", "good", 1, 2, 3], ["m", "../x", 1, 2, 3], ["m", "a", "x", 2, 3], ["m", "a"], ["q", "a", "b"], 5, {}, [],
        ["m", 7, 1, 2, 3], ["m", "inf", 1, math.inf, 3], ["m", "f", 1, 2.5, 3], ["m", "n", None, 2, 3],
        ["m", "big", 1, 2**63, 3], ["m", "s\ud800", 1, 2, 3], ["t", "a", "\x00"], ["t", "b", "\ud800"], ["p", "p", None],
        ["p", "k" * 251, "v"], ["t", "ok", ""],
    )  # fmt: skip
    assert jobs.journal(ctx, job, 0, bad + data) == len(bad + data)
    found = ctx.tracking.get_run(W, job.name)
    assert [(one.key, one.value) for one in found.metrics] == [("good", 1.0)]
    assert Pair("ok", "") in found.tags
    assert not found.params
