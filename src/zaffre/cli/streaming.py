"""A job at the terminal: its log as it comes, changes of state between, a summary at the end."""

from __future__ import annotations

from typing import Any, TextIO

import click

from zaffre.cli import output, steps
from zaffre.errors import ZaffreError
from zaffre.ml.client import MLClient
from zaffre.ml.durations import elapsed, spoken
from zaffre.ml.job_tree import Look, branches, said
from zaffre.ml.jobs import ENDED
from zaffre.ml.progress import size

FIELDS = ("name", "display_name", "experiment_name", "compute")
MOST_METRICS = 30
SYSTEM = "system/"
"""What the metrics begin with that tell what a job takes of its machine: they are charts."""


class Terminal:
    """Log on standard output, states on standard error."""

    def __init__(self, stream: TextIO, messages: TextIO, look: Look) -> None:
        self._stream = stream
        self._messages = messages
        self._state = ""
        self._reason: str | None = None
        self._at_start = True
        self._steps = steps.Steps(messages, look)

    def text(self, text: str) -> None:
        """Write a piece of the log."""
        if not text:
            return
        self._stream.write(shown(text))
        self._stream.flush()
        self._at_start = text.endswith("\n")

    def state(self, job: dict[str, Any]) -> None:
        """Write a new state on a line of its own, apart from the log."""
        if steps.has_parts(job):
            self._steps.show(job)
            return
        # While its environment is built, each step of that is news.
        reason = job.get("reason") if job["status"] == "Preparing" else None
        if (job["status"], reason) == (self._state, self._reason):
            return
        self._state, self._reason = job["status"], reason
        if self._state not in ENDED:
            why = f" - {job['reason']}" if job.get("reason") else ""
            self.line(f"{job['name']}: {self._state}{why}")

    def end(self, job: dict[str, Any]) -> None:
        """Finish the last line; the summary follows."""
        if steps.has_parts(job):
            self._steps.show(job)
        self._state = job["status"]
        self._finish()

    def line(self, text: str) -> None:
        """Write a message on a line of its own."""
        self._finish()
        styled = click.style(f"· {text}", dim=True) if self._messages.isatty() else f"· {text}"
        self._messages.write(f"{styled}\n")
        self._messages.flush()

    def _finish(self) -> None:
        if not self._at_start:
            self._stream.write("\n")
            self._stream.flush()
            self._at_start = True


def shown(text: str) -> str:
    """Give a log as it may reach standard output: harmless on a terminal, untouched in a pipe."""
    return output.harmless(text) if output.terminal() else text


def summary(client: MLClient, job: dict[str, Any]) -> str:
    """Say how a job is, or how it ended: state, time, exit code, metrics, outputs."""
    facts: dict[str, Any] = {name: job[name] for name in FIELDS if job.get(name)}
    facts |= {name: job[name] for name in ("status", "reason") if job.get(name)}
    seconds = elapsed(job)
    if seconds is not None:
        facts["duration"] = spoken(seconds)
    for name in ("exit_code", "signal"):
        if job.get(name) is not None:
            facts[name] = job[name]
    if job.get("error"):
        facts["error"] = job["error"].get("message")
    if job.get("type") == "pipeline":
        facts["steps"] = {one.name: said(one.facts) for one in branches(job)}
    facts |= _processed(job) | _usage(job) | _results(client, job)
    if job.get("warnings"):
        facts["warnings"] = "\n".join(job["warnings"])
    return output.facts(facts)


def _processed(job: dict[str, Any]) -> dict[str, Any]:
    counts = job.get("processed") or {}
    if not counts:
        return {}
    done, failed = counts.get("items", 0), counts.get("failed_items", 0)
    return {"processed": f"{done} of {done + failed} items"}


def _usage(job: dict[str, Any]) -> dict[str, Any]:
    usage = job.get("usage") or {}
    if not usage:
        return {}
    cpu, memory = usage.get("cpu_seconds", 0), usage.get("peak_memory_bytes", 0)
    parts = [f"{spoken(cpu)} CPU", f"{size(memory)} memory at most"]
    if usage.get("gpu_seconds"):
        parts.append(f"{spoken(usage['gpu_seconds'])} GPU")
    if usage.get("cost") is not None:
        parts.append(f"cost {usage['cost']:.4g}")
    return {"usage": ", ".join(parts)}


def _results(client: MLClient, job: dict[str, Any]) -> dict[str, Any]:
    try:
        logged = client.jobs.metrics(job["name"])
        files = (
            client.jobs.outputs(job["name"]).get("artifacts") or []
            if job.get("status") in ENDED
            else []
        )
    except ZaffreError:
        return {}
    found: dict[str, Any] = {}
    if metrics := {name: one for name, one in logged.items() if not name.startswith(SYSTEM)}:
        found["metrics"] = {
            name: f"{value:.6g}" for name, value in sorted(metrics.items())[:MOST_METRICS]
        }
    if job.get("results"):
        found["outputs"] = {name: result.get("type") for name, result in job["results"].items()}
    if files:
        found["files"] = f"{len(files)}, {size(sum(file['size'] for file in files))}"
    return found
