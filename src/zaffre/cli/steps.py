"""What a job is made of, at the terminal: a live tree, plain lines in a pipe, and its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

import click

from zaffre.cli import output
from zaffre.ml.durations import elapsed, spoken
from zaffre.ml.job_tree import NESTED, Branch, Look, branches, said

SKIPPED = "–"  # noqa: RUF001 (a mark, no hyphen)
MARKS = {
    "Completed": ("✓", "green"),
    "Failed": ("✗", "red"),
    "Canceled": (SKIPPED, "yellow"),
    "Skipped": (SKIPPED, "white"),
    "Running": ("▶", "cyan"),
    "Finalizing": ("▶", "cyan"),
}
WAITING = ("·", "white")
ACTIONS = {
    "run": "▶ run",
    "reuse": "✓ reuse",
    "depends": "? depends",
    "decide": "? decide",
    "skip": f"{SKIPPED} skip",
}
MOST = 60
"""Lines of a live tree: what is longer would scroll away."""


class Steps:
    """Shows how the steps of a pipeline, or the trials of a sweep, go."""

    def __init__(self, stream: TextIO, look: Look) -> None:
        self._stream = stream
        self._look = look
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
        lines = [_head(job), *_drawn(branches(job, self._look))][:MOST]
        if self._lines:
            self._stream.write(f"\x1b[{self._lines}A\x1b[J")
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._lines = len(lines)

    def _tell(self, job: Mapping[str, Any]) -> None:
        for name, facts in _flat(branches(job, self._look)):
            if not facts:
                continue
            now = (facts.get("status", "NotStarted"), facts.get("attempt", 1))
            if self._seen.get(name) != now:
                self._seen[name] = now
                self._stream.write(f"· {output.harmless(name)}: {output.harmless(said(facts))}\n")
        self._stream.flush()


def has_parts(job: Mapping[str, Any]) -> bool:
    """Say whether a job is made of others: steps or trials."""
    return job.get("type") in NESTED


def logs_of(job: Mapping[str, Any]) -> str:
    """Name the logs of a job that is made of others and has none itself; "" where none has."""
    names = [one.facts["job"] for one in branches(job) if one.facts.get("job")]
    commands = "".join(f"\n  zaffre job logs -n {name}" for name in names[:MOST])
    return (
        f"Job `{job['name']}` is made of others, which have the logs:{commands}" if names else ""
    )


def plan_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Write a plan: a line for each step."""
    width = max((len(row["step"]) for row in rows), default=0)
    for row in rows:
        action = ACTIONS.get(row["action"], row["action"])
        yield f"{row['step']:<{width}}  {action:<9}  {row['reason']}"
    count = Counter(row["action"] for row in rows)
    depends = count["depends"] + count["decide"]
    tail = f", {depends} depending on steps before" if depends else ""
    tail += f", {count['skip']} skipped" if count["skip"] else ""
    yield f"{len(rows)} steps: {count['run']} to run, {count['reuse']} reused{tail}."


def _head(job: Mapping[str, Any]) -> str:
    seconds = elapsed(job)
    time_ = f", {spoken(seconds)}" if seconds is not None else ""
    return click.style(f"{job['name']}: {job.get('status')}{time_}", bold=True)


def _drawn(found: Sequence[Branch], indent: str = "  ") -> Iterator[str]:
    wide = max((len(one.name) for one in found), default=0)
    for one in found:
        mark, color = MARKS.get(one.facts.get("status", ""), WAITING)
        text = output.harmless(f"{one.name:<{wide}}  {said(one.facts)}")
        yield f"{indent}{click.style(mark, fg=color)} {text}"
        yield from _drawn(one.below, f"{indent}  ")


def _flat(found: Sequence[Branch], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give all parts, each by its way from the top."""
    for one in found:
        name = f"{above}{one.name}"
        yield name, one.facts
        yield from _flat(one.below, f"{name}/")
