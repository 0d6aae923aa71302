"""The promises of the compute socket, as tests to inherit."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from zaffre.errors import Unavailable
from zaffre.ports.compute import Compute, Report

PATIENCE = 60.0
"""Seconds that slow machines get."""


def wait_for(holds: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
    """Give the first true answer of a question asked again and again.

    Raises:
        AssertionError: none came in time.
    """
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        if time.monotonic() > deadline:
            raise AssertionError("this did not come true in time")
        threading.Event().wait(0.01)
    return answer


def ended(compute: Compute, name: str) -> Report:
    """Wait for a job's end."""

    def look() -> Report | None:
        found = compute.report(name)
        return found if found is not None and found.phase == "ended" else None

    found: Report = wait_for(look)
    return found


def plan(name: str, command: str, **facts: Any) -> dict[str, Any]:
    """Give a plan that any compute can run."""
    return {
        "job": name,
        "workspace": "default",
        "command": command,
        "env": {},
        "grace": 1.0,
        **facts,
    }


class ComputeContract:
    """Inherit, and give a fixture `compute` on which nothing runs."""

    def test_a_job_runs_to_its_end(self, compute: Compute) -> None:
        """The end is told with exit code and times, the log is there."""
        compute.start("a", plan("a", "echo out; echo err >&2"))
        facts = ended(compute, "a").facts
        assert (facts["outcome"], facts["exit_code"], facts["error"]) == ("completed", 0, None)
        assert facts["started_at"] <= facts["ended_at"]
        assert sorted(compute.logs("a", 0, 1000).split()) == [b"err", b"out"]

    def test_a_failing_job_says_how(self, compute: Compute) -> None:
        """The exit code and the cause are told."""
        compute.start("a", plan("a", "echo reason; exit 3"))
        facts = ended(compute, "a").facts
        assert (facts["outcome"], facts["exit_code"]) == ("failed", 3)
        assert "reason" in facts["error"]["message"]

    def test_starting_twice_runs_once(self, compute: Compute) -> None:
        """Also when both calls come at the same moment, and after the end."""
        calls = [
            threading.Thread(target=compute.start, args=("a", plan("a", "echo once")))
            for _ in range(4)
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        ended(compute, "a")
        compute.start("a", plan("a", "echo twice"))
        ended(compute, "a")
        assert compute.logs("a", 0, 1000) == b"once\n"

    def test_an_unknown_job_has_no_report(self, compute: Compute) -> None:
        """Nothing is said of what was never started, and asking it to stop is harmless."""
        assert compute.report("none") is None
        compute.cancel("none")
        compute.forget("none")
        assert compute.logs("none", 0, 10) == b""
        assert compute.report("none") is None

    def test_cancel_ends_a_job(self, compute: Compute) -> None:
        """Asked twice, before and after the end."""
        compute.start("a", plan("a", "echo begun; sleep 1000"))
        wait_for(lambda: compute.logs("a", 0, 100))
        compute.cancel("a")
        compute.cancel("a")
        assert ended(compute, "a").facts["outcome"] == "canceled"
        compute.cancel("a")
        assert ended(compute, "a").facts["outcome"] == "canceled"

    def test_logs_come_from_an_offset_while_the_job_runs(self, compute: Compute) -> None:
        """What was read once need not be read again."""
        compute.start("a", plan("a", "echo one; sleep 1000"))
        wait_for(lambda: compute.logs("a", 0, 100) == b"one\n")
        assert compute.logs("a", 2, 1) == b"e"
        assert compute.logs("a", 4, 100) == b""
        compute.cancel("a")
        ended(compute, "a")

    def test_a_forgotten_job_is_gone(self, compute: Compute) -> None:
        """Its place is free again; forgetting it again is harmless."""
        compute.start("a", plan("a", "true"))
        ended(compute, "a")

        def forget() -> bool:
            compute.forget("a")
            return compute.report("a") is None

        wait_for(forget)
        compute.forget("a")

    def test_a_job_begins_anew_in_its_place(self, compute: Compute) -> None:
        """Its log goes on, the rest is gone."""
        compute.start("a", plan("a", "echo first; exit 3"))
        ended(compute, "a")

        def again() -> bool:
            with contextlib.suppress(Unavailable):
                compute.again("a")
            return compute.report("a") is None

        wait_for(again)
        compute.start("a", plan("a", "echo second"))
        assert ended(compute, "a").facts["outcome"] == "completed"
        assert compute.logs("a", 0, 1000) == b"first\nsecond\n"
