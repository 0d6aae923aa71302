"""The doctor's look at jobs: states against processes, folders against documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from zaffre.errors import NotFound
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services import resources
from zaffre.services.context import Context
from zaffre.services.doctor import Check, Finding
from zaffre.services.jobs.facts import key_of, place_name

SETTLED = timedelta(seconds=30)
"""How long a job's state may differ from its processes: the server needs some seconds."""

_WITH_PROCESS = (JobState.STARTING, JobState.RUNNING, JobState.CANCEL_REQUESTED)


def jobs(alive: Mapping[str, Sequence[int]], *, live: bool) -> Check:
    """Give the check. `alive` are the processes of each job's place; `live` says a server runs."""

    def check(ctx: Context) -> Iterator[Finding]:
        yield from _without_process(ctx, alive, live=live)
        yield from _without_job(ctx, alive)
        yield from _folders(ctx)

    return check


def _without_process(
    ctx: Context, alive: Mapping[str, Sequence[int]], *, live: bool
) -> Iterator[Finding]:
    states = tuple(state.value for state in _WITH_PROCESS)
    for job in resources.every(ctx, Browse("job", where={"state": states}, archived=None)):
        if place_name(job.key) in alive or not _is_settled(ctx, job):
            continue
        state = _state(job)
        if live:
            problem = f"It is {state}, but has no process."
            fix = "Restart the server; if that does not help, cancel the job."
            yield Finding("jobs", job.key.reference, problem, fix)
        else:
            problem = f"It is {state}, and its processes have ended."
            fix = "Start the server: it records how the job ended."
            yield Finding("jobs", job.key.reference, problem, fix, "warning")


def _without_job(ctx: Context, alive: Mapping[str, Sequence[int]]) -> Iterator[Finding]:
    for place, pids in sorted(alive.items()):
        job = _job(ctx, key_of(place))
        shown = ", ".join(str(pid) for pid in pids)
        fix = f"End them: `kill {' '.join(str(pid) for pid in pids)}`."
        if job is None:
            problem = f"Processes {shown} belong to a job that is not there."
            yield Finding("jobs", place, problem, fix)
        elif _state(job) in TERMINAL and _is_settled(ctx, job):
            problem = f"It is {_state(job)}, but its processes {shown} live on."
            yield Finding("jobs", job.key.reference, problem, fix)


def _folders(ctx: Context) -> Iterator[Finding]:
    places = sorted(ctx.home.jobs.iterdir()) if ctx.home.jobs.is_dir() else []
    for place in places:
        if place.is_dir() and _job(ctx, key_of(place.name)) is None:
            fix = f"Delete the folder: `rm -r {place}`."
            yield Finding("jobs", str(place), "It is the folder of no job.", fix, "warning")


def _job(ctx: Context, key: Key) -> Resource | None:
    try:
        return ctx.metadata.get(key)
    except NotFound:
        return None


def _state(job: Resource) -> str:
    return str(getattr(job.status, "status", ""))


def _is_settled(ctx: Context, job: Resource) -> bool:
    return job.updated_at is None or ctx.clock.now() - job.updated_at > SETTLED
