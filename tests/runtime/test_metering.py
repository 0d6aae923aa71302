"""What a job takes of its machine: seen while it runs, told at its end."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from zaffre.adapters.local import LocalCompute, LocalSettings
from zaffre.runtime.launcher.metering import Meter, tree_usage
from zaffre.runtime.launcher.plan import Plan
from zaffre.testing.compute import ended, plan, wait_for

SEEN = "while ! grep -q system/ $ZAFFRE_JOURNAL; do :; done"
"""Works hard until it was looked at."""


def run(root: Path, command: str, isolation: str = "auto", **facts: Any) -> dict[str, Any]:
    settings = LocalSettings(
        jobs=root / "jobs",
        blobs=root / "blobs",
        environment={**os.environ, **facts.pop("environment", {})},
        isolation=isolation,
    )
    compute = LocalCompute(settings)
    compute.start("a", plan("a", command, **facts))
    return ended(compute, "a").facts


def series(root: Path) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for line in (root / "jobs" / "a" / "journal.jsonl").read_text().splitlines():
        _, name, value, _, _ = json.loads(line)
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("isolation", ["auto", "none"])
def test_work_in_children_is_seen_while_it_is_done(tmp_path: Path, isolation: str) -> None:
    holder = f"{sys.executable} -c 'held = b\"x\" * 200_000_000; input()'"
    much = SEEN.replace("system/", "'megabytes., 2[0-9][0-9]'")
    facts = run(tmp_path, f"(sleep 1000 | {holder}) & {much}", isolation)
    assert facts["outcome"] == "completed"
    found = series(tmp_path)
    assert found["system/cpu_utilization_percentage"][-1] > 10
    assert found["system/system_memory_usage_megabytes"][-1] > 200
    usage = facts["usage"]
    assert usage["peak_memory_bytes"] > 200_000_000
    assert usage["memory_byte_seconds"] > 200_000_000
    assert usage["cpu_seconds"] > 0.1
    assert usage["gpu_seconds"] == 0


def test_a_job_that_is_over_at_once_has_its_totals(tmp_path: Path) -> None:
    usage = run(tmp_path, "true", cpus=2.0, gpus=["0", "1"])["usage"]
    assert usage["peak_memory_bytes"] > 0
    assert usage["memory_byte_seconds"] > 0
    assert usage["gpu_seconds"] > 0
    assert series(tmp_path) == {}


def test_where_mlflow_does_it_the_names_are_left_to_it(tmp_path: Path) -> None:
    own = {"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true"}
    assert run(tmp_path, "sleep 1.3", env=own)["usage"]["memory_byte_seconds"] > 0
    assert series(tmp_path) == {}


def test_each_node_has_series_of_its_own(tmp_path: Path) -> None:
    run(tmp_path, SEEN, node="node_1", cpus=2.0)
    assert "system/node_1/cpu_utilization_percentage" in series(tmp_path)


def test_a_journal_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """A job that replaces its journal cannot have the launcher write where it wants."""
    target = tmp_path / "target"
    target.write_text("")
    run(tmp_path, f"rm $ZAFFRE_JOURNAL; ln -s {target} $ZAFFRE_JOURNAL; sleep 1.3", "none")
    assert target.read_text() == ""


def test_what_ended_meanwhile_counts_by_who_waited_for_it() -> None:
    before = tree_usage(os.getpid())[0]
    child = os.fork()
    if child == 0:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        os._exit(0)
    wait_for(lambda: tree_usage(os.getpid())[0] >= before + 0.1)
    os.waitpid(child, 0)
    assert tree_usage(os.getpid())[0] >= before + 0.15


def test_a_sample_costs_little_and_pauses_grow(tmp_path: Path) -> None:
    """Of a job of an hour, less than one part in a hundred, on the busiest machine."""
    document = {"job": "a", "command": "x"}
    meter = Meter(Plan(str(tmp_path), document), os.getpid())
    meter.began = meter.last = time.monotonic() - 600
    meter.due = 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    begun = time.monotonic()
    meter.look()
    took = time.monotonic() - begun
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    assert meter.count == 1
    assert meter.due - begun >= max(29, 100 * took)
    spent = cpu.ru_utime + cpu.ru_stime - used.ru_utime - used.ru_stime
    assert spent < 0.01 * (meter.due - begun)
    meter.look()
    assert meter.count == 1
