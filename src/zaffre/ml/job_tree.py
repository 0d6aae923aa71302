"""What a job is made of, at every depth: steps of pipelines and trials of sweeps."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zaffre.errors import ZaffreError
from zaffre.kinds.control import LOOPS, Wiring
from zaffre.ml.durations import elapsed, spoken

DEEPEST = 8
NESTED = ("pipeline", "sweep")
LOOPED = (*NESTED, *LOOPS)
Look = Callable[[str], Mapping[str, Any]]
"""Gives the document of a job by its name."""


@dataclass(frozen=True)
class Branch:
    """A step or a trial: its name, how it goes, and what it is made of itself."""

    name: str
    facts: Mapping[str, Any]
    below: tuple[Branch, ...] = ()


def branches(
    job: Mapping[str, Any], look: Look | None = None, depth: int = 0
) -> tuple[Branch, ...]:
    """Give the steps or trials of a job in the order written; `look` fetches nested jobs."""
    if job.get("trials"):
        return tuple(Branch(_trial(one), one) for one in job["trials"])
    steps, written = job.get("steps") or {}, body(job)
    repeated = Wiring(written).bodies
    return tuple(
        Branch(
            name, steps.get(name) or {}, _below(steps.get(name), written.get(name), look, depth)
        )
        for name in (written or steps)
        if name not in repeated
    )


def failed_part(job: Mapping[str, Any], look: Look) -> str | None:
    """Name the job, at any depth, whose failure is that of the whole; None if no part failed."""
    level = branches(job, look)
    found = None
    while failed := [one for one in level if _failed(one.facts)]:
        found, level = str(failed[0].facts["job"]), failed[0].below
    return found


def _failed(facts: Mapping[str, Any]) -> bool:
    return facts.get("status") == "Failed" and bool(facts.get("job"))


def body(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the steps of a pipeline as they are written."""
    component = job.get("component")
    holder = component if isinstance(component, Mapping) else job
    return holder.get("jobs") or {}


def _trial(trial: Mapping[str, Any]) -> str:
    values = ", ".join(f"{name}={value}" for name, value in (trial.get("params") or {}).items())
    return f"{trial['number']} ({values})" if values else str(trial["number"])


def _below(
    facts: Mapping[str, Any] | None, written: Any, look: Look | None, depth: int
) -> tuple[Branch, ...]:
    kind = written.get("type") if isinstance(written, Mapping) else None
    name = (facts or {}).get("job")
    if look is None or kind not in LOOPED or not name or depth >= DEEPEST:
        return ()
    try:
        return branches(look(name), look, depth + 1)
    except ZaffreError:  # what is shown goes on without its parts
        return ()


def said(facts: Mapping[str, Any]) -> str:
    """Say how a step or trial goes: state, time, what was reused, what went wrong."""
    text = str(facts.get("status") or "NotStarted")
    if decided := _decided(facts):
        return f"{text}: {decided}"
    if facts.get("iteration"):
        text += f" (iteration {facts['iteration']})"
    if facts.get("reused"):
        return f"{text} (reused from {facts['reused']})"
    if facts.get("waits_for"):
        return f"{text} (waits for {facts['waits_for']})"
    if int(facts.get("attempt") or 1) > 1:
        text += f" (try {facts['attempt']})"
    if facts.get("stopped"):
        text += f" (stopped by {facts['stopped']})"
    text += _measured(facts)
    if facts.get("error"):
        text += f": {facts['error']}"
    return text


def _measured(facts: Mapping[str, Any]) -> str:
    """Say in figures how a step or trial goes: time, items that failed, the metric."""
    text, seconds = "", elapsed(facts)
    if seconds is not None:
        text += f", {spoken(seconds)}"
    if failed := (facts.get("processed") or {}).get("failed_items"):
        text += f", {failed} items failed"
    if facts.get("value") is not None:
        text += f", {facts['value']:.6g}"
    return text


def _decided(facts: Mapping[str, Any]) -> str:
    """Say how a condition came out, or why a step was skipped; "" of others."""
    came_out = (facts.get("values") or {}).get("condition")
    return str(facts.get("note") or ("" if came_out is None else str(came_out).lower()))


def in_html(job: Mapping[str, Any], look: Look | None) -> str:
    """Draw the parts of a job as nested lists; "" if it has none."""
    return "".join(_list(branches(job, look)))


def _list(found: tuple[Branch, ...]) -> Iterator[str]:
    if not found:
        return
    yield "<ul style='margin:0'>"
    for one in found:
        yield f"<li><b>{html.escape(one.name)}</b>: {html.escape(said(one.facts))}"
        yield from _list(one.below)
        yield "</li>"
    yield "</ul>"
