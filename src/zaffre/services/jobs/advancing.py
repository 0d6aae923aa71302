"""Take an unfinished job one step. Steps may be repeated: the next call repairs a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from zaffre.errors import Conflict, Failed, Invalid, NotFound, Stale, ZaffreError
from zaffre.kinds.job import JobError, JobUsage
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.table_job import COMMAND as TABLES
from zaffre.ports.builder import Broken, Build, Building, Ready, Retry
from zaffre.ports.compute import Compute, Report
from zaffre.ports.metadata import Link
from zaffre.services import environments
from zaffre.services.context import Context
from zaffre.services.jobs import pools, retrying, runs
from zaffre.services.jobs.backends import compute_of
from zaffre.services.jobs.costs import charged
from zaffre.services.jobs.counting import counted
from zaffre.services.jobs.facts import place_name, spec_of, state_of, status_of
from zaffre.services.jobs.finalizing import finalize
from zaffre.services.jobs.moving import fail, move, note
from zaffre.services.jobs.planning import make_plan
from zaffre.services.jobs.registering import register_outputs

_OUTCOMES = {
    "completed": JobState.COMPLETED,
    "failed": JobState.FAILED,
    "canceled": JobState.CANCELED,
}


def advance(ctx: Context, key: Key) -> bool:
    """Take a job as far as it goes now; say whether it ended, for then others have their turn.

    A job that is moved by somebody else meanwhile is left to the next call.
    """
    ended = False
    try:
        job: Resource | None = ctx.metadata.get(key)
        while job is not None and state_of(job) not in TERMINAL:
            job = _STEPS[state_of(job)](ctx, job)
            ended = job is not None and state_of(job) in TERMINAL
    except NotFound:
        return False
    except Stale:
        return True
    return ended


def _queue(ctx: Context, job: Resource) -> Resource:
    return move(ctx, job, JobState.QUEUED, queued_at=ctx.clock.now().timestamp())


def _claim(ctx: Context, job: Resource) -> Resource | None:
    """Take a part of the pool, if there is room; whose turn it is was decided before."""
    with pools.claiming:
        room = pools.room(ctx, job)
        if room is None:
            return None
        runs.ensure(ctx, job)
        return move(ctx, job, JobState.PREPARING, devices=room.devices, server=ctx.server)


def _prepare(ctx: Context, job: Resource) -> Resource | None:
    """Wait for the environment, then start the job."""
    status = status_of(job)
    retry = Retry.NEVER if status.environment_hash else Retry.PAUSED
    try:
        build = _environment(ctx, job, retry)
    except (Invalid, NotFound) as error:
        return fail(ctx, job, "environment", error.message)
    if isinstance(build, Broken):
        return _broken(ctx, job, build)
    if isinstance(build, Building):
        if status.environment_hash == build.hash:
            return None
        return note(ctx, job, environment_hash=build.hash)
    compute = compute_of(ctx, job)
    try:
        plan, links = make_plan(ctx, job, build, folder_of(compute, job.key))
    except (Invalid, NotFound, Conflict) as error:
        return _unusable(ctx, job, error)
    links += _environment_links(job, build)
    warnings = tuple(dict.fromkeys((*status.warnings, *build.warnings)))
    facts = {"environment_hash": build.hash, "warnings": warnings}
    started = move(ctx, job, JobState.STARTING, links=links, **facts)
    return _launch(ctx, started, plan) or started


def _environment(ctx: Context, job: Resource, retry: Retry = Retry.NEVER) -> Build:
    wanted = status_of(job).environment_id or None
    contained = spec_of(job).command != TABLES  # whose program is ours
    return environments.ensure(ctx, job.key.workspace, wanted, retry, contained=contained)


def _broken(ctx: Context, job: Resource, build: Broken) -> Resource:
    message = f"{build.error} {build.hint}".strip()
    return fail(ctx, job, "environment", message, environment_hash=build.hash)


def _unusable(ctx: Context, job: Resource, error: ZaffreError) -> Resource:
    return fail(ctx, job, "inputs", f"{error.message} {error.hint or ''}".strip())


def _environment_links(job: Resource, build: Ready) -> list[Link]:
    target = job.key.reference
    found = [Link(f"environment_build:{build.hash}", "environment", target)]
    name = str(status_of(job).environment_id or "").removeprefix("azureml:")
    if name:
        found.append(Link(f"environment:{job.key.workspace}/{name}", "environment", target))
    return found


def _start(ctx: Context, job: Resource) -> Resource | None:
    """Follow a job that was started; one whose start was cut off is started now."""
    compute = compute_of(ctx, job)
    report = compute.report(place_name(job.key))
    if report is not None:
        return _follow(ctx, job, report)
    build = _environment(ctx, job)
    if isinstance(build, Broken):
        return _broken(ctx, job, build)
    if isinstance(build, Building):
        return None  # it was deleted after it had been built
    try:
        plan, _ = make_plan(ctx, job, build, folder_of(compute, job.key))
    except (Invalid, NotFound, Conflict) as error:
        return _unusable(ctx, job, error)
    return _launch(ctx, job, plan)


def _launch(ctx: Context, job: Resource, plan: dict[str, Any]) -> Resource | None:
    try:
        compute_of(ctx, job).start(place_name(job.key), plan)
    except Failed as error:
        return fail(ctx, job, "launcher", error.message)
    return None


def folder_of(compute: Compute, key: Key) -> Path:
    """Give the job's folder on this machine."""
    folder = compute.folder(place_name(key))
    if folder is None:
        raise Invalid("This compute keeps no folders on this machine.")
    return folder


def _look(ctx: Context, job: Resource) -> Resource | None:
    """Let the state of a job that has begun be what its compute reports."""
    report = compute_of(ctx, job).report(place_name(job.key))
    return _missing(ctx, job) if report is None else _follow(ctx, job, report)


def _follow(ctx: Context, job: Resource, report: Report) -> Resource | None:
    """Let the job's state be what was reported: asked again, a cluster may say otherwise."""
    if report.phase == "lost":
        return _lost(ctx, job)
    if retrying.may_begin_anew(ctx, job, report):
        return retrying.begin_anew(ctx, job, report)
    if report.phase == "ended" and state_of(job) in (JobState.STARTING, JobState.RUNNING):
        return _keep(ctx, job, report)
    if report.phase in ("finalizing", "ended"):
        return move(ctx, job, JobState.FINALIZING, **_facts(job, report))
    if report.phase == "running" and state_of(job) is JobState.STARTING:
        return move(ctx, job, JobState.RUNNING, **_facts(job, report))
    return None


def _missing(ctx: Context, job: Resource) -> Resource:
    """A job that nobody has heard of: canceled before it began, or its folder is gone."""
    if state_of(job) is JobState.CANCEL_REQUESTED:
        return move(ctx, job, JobState.CANCELED, ended_at=ctx.clock.now().timestamp())
    text = "The job's folder is gone, and with it what became of the job."
    return fail(ctx, job, "lost", text)


def _lost(ctx: Context, job: Resource) -> Resource:
    text = "The job's launcher was killed, and what was left of it could not be repaired."
    return fail(ctx, job, "launcher_lost", text)


def _cancel(ctx: Context, job: Resource) -> Resource | None:
    """See a wish to cancel through."""
    compute_of(ctx, job).cancel(place_name(job.key))
    return _look(ctx, job)


def _finish(ctx: Context, job: Resource) -> Resource | None:
    """Keep what the job made; then, and only then, it has ended."""
    report = compute_of(ctx, job).report(place_name(job.key))
    if report is None:
        return _missing(ctx, job)
    if report.phase == "lost":
        return _lost(ctx, job)
    return _keep(ctx, job, report) if report.phase == "ended" else None


def _keep(ctx: Context, job: Resource, report: Report) -> Resource:
    kept = finalize(ctx, job, report.facts, folder_of(compute_of(ctx, job), job.key))
    facts = _facts(job, report) | {"results": kept.results} | counted(ctx, job)
    if "usage" in facts:
        facts["usage"] = charged(ctx, job, facts["usage"])
    state = _OUTCOMES.get(str(report.facts.get("outcome")), JobState.FAILED)
    if kept.error is not None and state is JobState.COMPLETED:
        state, facts["error"] = JobState.FAILED, kept.error
    if state is JobState.COMPLETED and any(one.name for one in spec_of(job).outputs.values()):
        job = note(ctx, job, results=kept.results)
        facts["results"], problems = register_outputs(ctx, job)
        facts["warnings"] = (*facts.get("warnings", status_of(job).warnings), *problems)
    return move(ctx, job, state, links=kept.links, **facts)


def _facts(job: Resource, report: Report) -> dict[str, Any]:
    """Give what a report tells as facts of the job's status."""
    told = report.facts
    found: dict[str, Any] = {
        key: told[key]
        for key in ("started_at", "ended_at", "exit_code", "signal")
        if told.get(key) is not None
    }
    if told.get("error"):
        found["error"] = JobError.model_validate(told["error"])
    if told.get("usage", {}).get("wall_seconds") is not None:
        found["usage"] = JobUsage.model_validate(told["usage"])
    return found | {"attempt": max(status_of(job).attempt, 1)}


_STEPS: dict[JobState, Callable[[Context, Resource], Resource | None]] = {
    JobState.NOT_STARTED: _queue,
    JobState.QUEUED: _claim,
    JobState.PREPARING: _prepare,
    JobState.STARTING: _start,
    JobState.RUNNING: _look,
    JobState.CANCEL_REQUESTED: _cancel,
    JobState.FINALIZING: _finish,
}
