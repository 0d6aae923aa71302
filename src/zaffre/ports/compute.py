"""The compute socket: where jobs run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Report:
    """What is known of a started job: the content of its `state.json`, or that it was lost.

    `phase` is one of starting, preparing, running, finalizing, ended, lost.
    """

    phase: str
    facts: dict[str, Any]


class Compute(Protocol):
    """Runs jobs on one backend. Every method may be called again without harm."""

    def start(self, name: str, plan: dict[str, Any]) -> None:
        """Begin the job, or do nothing if it has begun.

        Raises:
            Unavailable: the backend cannot take it now.
            Failed: it will never begin.
        """

    def report(self, name: str) -> Report | None:
        """Say how the job is, or None if it was never started here."""

    def cancel(self, name: str) -> None:
        """Ask the job to stop; it ends soon after, or nothing happens if it has ended."""

    def logs(self, name: str, offset: int, limit: int) -> bytes:
        """Give bytes of the job's merged output from an offset."""

    def folder(self, name: str) -> Path | None:
        """Give the job's folder on this machine, or None where it is elsewhere."""

    def again(self, name: str) -> None:
        """Let a job that has ended begin anew in its place; its log and its metrics go on.

        Raises:
            Unavailable: not now.
        """

    def forget(self, name: str) -> None:
        """Free what the ended job holds (its working folder)."""
