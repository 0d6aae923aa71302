"""What a stored job holds, with its types: spec, status, state, and what others call it."""

from __future__ import annotations

from typing import cast

from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource


def spec_of(job: Resource) -> CommandJobSpec:
    """Give the spec of a job that was submitted here."""
    return cast("CommandJobSpec", job.spec)


def status_of(job: Resource) -> JobStatus:
    """Give the status of a job."""
    return cast("JobStatus", job.status)


def state_of(job: Resource) -> JobState:
    """Give the state of a job."""
    return JobState(status_of(job).status)


def principal_name(key: Key) -> str:
    """Give the name of the principal that a job's own token stands for."""
    return f"job:{key.workspace}/{key.name}"


def place_name(key: Key) -> str:
    """Give what computes call a job: its name, and its workspace where that is not `default`."""
    return key.name if key.workspace == "default" else f"{key.workspace}@{key.name}"


def key_of(place: str) -> Key:
    """Give the key of the job that a compute calls by this name."""
    workspace, at, name = place.rpartition("@")
    return Key("job", workspace if at else "default", name)
