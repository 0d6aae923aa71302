"""The states of a job and the table along which it moves. No state is set anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from zaffre.errors import Conflict


class JobState(StrEnum):
    """How far a job is."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    PREPARING = "Preparing"
    STARTING = "Starting"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


TERMINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELED})
"""States that are never left."""

SKIPPED = "Skipped"
"""What a step is that was not chosen to run; no job is ever so."""

UNFINISHED = tuple(state for state in JobState if state not in TERMINAL)
"""States in which somebody still has work with the job."""

HOLDING = (
    JobState.PREPARING,
    JobState.STARTING,
    JobState.RUNNING,
    JobState.CANCEL_REQUESTED,
    JobState.FINALIZING,
)
"""States in which a job holds a slot of its compute."""

_STOPS = {JobState.CANCEL_REQUESTED, JobState.FAILED, JobState.CANCELED}

NEXT: Mapping[JobState, frozenset[JobState]] = {
    JobState.NOT_STARTED: frozenset({JobState.QUEUED} | _STOPS),
    JobState.QUEUED: frozenset({JobState.PREPARING} | _STOPS),
    JobState.PREPARING: frozenset({JobState.STARTING} | _STOPS),
    JobState.STARTING: frozenset(
        {JobState.RUNNING, JobState.FINALIZING, JobState.COMPLETED, JobState.QUEUED} | _STOPS
    ),
    JobState.RUNNING: frozenset(
        {JobState.FINALIZING, JobState.COMPLETED, JobState.QUEUED} | _STOPS
    ),
    JobState.CANCEL_REQUESTED: frozenset(
        {JobState.FINALIZING, JobState.CANCELED, JobState.FAILED}
    ),
    JobState.FINALIZING: frozenset(TERMINAL),
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELED: frozenset(),
}
"""Where a job may go from each state; one that lost its node is queued again."""


def check_move(name: str, now: str, then: JobState) -> None:
    """Refuse a move that the table does not have.

    Raises:
        Conflict: the job cannot get there from where it is.
    """
    if then not in NEXT[JobState(now)]:
        raise Conflict(f"Job `{name}` is {now} and cannot become {then}.", code="wrong_state")
