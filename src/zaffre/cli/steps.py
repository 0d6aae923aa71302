"""The steps of a pipeline at the terminal: a live tree, plain lines in a pipe, and its plan."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

import click

from zaffre.cli import output

MARKS = {
    "Completed": ("✓", "green"),
    "Failed": ("✗", "red"),
    "Canceled": ("–", "yellow"),  # noqa: RUF001 (a mark, no hyphen)
    "Running": ("▶", "cyan"),
    "Finalizing": ("▶", "cyan"),
}
WAITING = ("·", "white")
ACTIONS = {"run": "▶ run", "reuse": "✓ reuse", "depends": "? depends"}
MOST = 60
"""Lines of a live tree: what is longer would scroll away."""


class Steps:
    """Shows how the steps of a pipeline go."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lines = 0
        self._seen: dict[str, tuple[str, int]] = {}

    def show(self, job: Mapping[str, Any]) -> None:
        """Show the present states: drawn anew on a terminal, what changed in a pipe."""
        if self._live:
            self._draw(job)
        else:
            self._tell(job)

    def _draw(self, job: Mapping[str, Any]) -> None:
        lines = [_head(job), *(f"  {line}" for line in _drawn(job))][:MOST]
        if self._lines:
            self._stream.write(f"\x1b[{self._lines}A\x1b[J")
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._lines = len(lines)

    def _tell(self, job: Mapping[str, Any]) -> None:
        for name, step in (job.get("steps") or {}).items():
            now = (step.get("status", ""), step.get("attempt", 1))
            if self._seen.get(name) != now:
                self._seen[name] = now
                self._stream.write(f"· {name}: {said(step)}\n")
        self._stream.flush()


def is_pipeline(job: Mapping[str, Any]) -> bool:
    """Say whether a job has steps."""
    return job.get("type") == "pipeline"


def said(step: Mapping[str, Any]) -> str:
    """Say how a step goes: state, time, what was reused, what went wrong."""
    text = str(step.get("status") or "NotStarted")
    if step.get("reused"):
        return f"{text} (reused from {step['reused']})"
    if step.get("waits_for"):
        return f"{text} (waits for {step['waits_for']})"
    if int(step.get("attempt") or 1) > 1:
        text += f" (try {step['attempt']})"
    seconds = _seconds(step)
    if seconds is not None:
        text += f", {output.duration(seconds)}"
    if step.get("error"):
        text += f": {output.harmless(str(step['error']))}"
    return text


def names(job: Mapping[str, Any]) -> list[str]:
    """List the steps of a pipeline in the order written."""
    component = job.get("component")
    body = component if isinstance(component, dict) else job
    return list(body.get("jobs") or job.get("steps") or {})


def plan_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Write a plan: a line for each step."""
    width = max((len(row["step"]) for row in rows), default=0)
    for row in rows:
        action = ACTIONS.get(row["action"], row["action"])
        yield f"{row['step']:<{width}}  {action:<9}  {row['reason']}"
    run = sum(row["action"] == "run" for row in rows)
    reused = sum(row["action"] == "reuse" for row in rows)
    depends = len(rows) - run - reused
    tail = f", {depends} depending on steps before" if depends else ""
    yield f"{len(rows)} steps: {run} to run, {reused} reused{tail}."


def _head(job: Mapping[str, Any]) -> str:
    seconds = _seconds(job)
    time_ = f", {output.duration(seconds)}" if seconds is not None else ""
    return click.style(f"{job['name']}: {job.get('status')}{time_}", bold=True)


def _drawn(job: Mapping[str, Any]) -> Iterator[str]:
    steps = job.get("steps") or {}
    known = names(job)
    width = max((len(name) for name in known), default=0)
    for name in known:
        step = steps.get(name) or {}
        mark, color = MARKS.get(step.get("status", ""), WAITING)
        yield f"{click.style(mark, fg=color)} {name:<{width}}  {said(step)}"


def _seconds(one: Mapping[str, Any]) -> float | None:
    started = one.get("started_at")
    if started is None:
        return None
    ended = one.get("ended_at")
    return max(0.0, float((ended if ended is not None else time.time()) - started))
