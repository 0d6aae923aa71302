"""One history: the jobs of a workspace and the runs that programs outside logged, in one list.

A job's display name, tags and experiment are those of its run, where MLflow's clients change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from zaffre.errors import NotFound
from zaffre.kinds.job import JobStatus, TrackedRunSpec
from zaffre.kinds.job_state import JobState
from zaffre.kinds.listing import check_state
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import OF_MLFLOW, Pair, RunInfo, RunRow, RunStatus, Stage
from zaffre.ports.metadata import Browse, Page
from zaffre.ports.tracking import BrowseRuns
from zaffre.services.context import Context

STATES = {
    RunStatus.SCHEDULED: JobState.QUEUED,
    RunStatus.RUNNING: JobState.RUNNING,
    RunStatus.FINISHED: JobState.COMPLETED,
    RunStatus.FAILED: JobState.FAILED,
    RunStatus.KILLED: JobState.CANCELED,
}
"""What the state of a run is called as a job's."""

STATUSES: dict[JobState, RunStatus] = {
    JobState.NOT_STARTED: RunStatus.SCHEDULED,
    JobState.QUEUED: RunStatus.SCHEDULED,
    JobState.PREPARING: RunStatus.SCHEDULED,
    JobState.STARTING: RunStatus.SCHEDULED,
    JobState.RUNNING: RunStatus.RUNNING,
    JobState.FINALIZING: RunStatus.RUNNING,
    JobState.CANCEL_REQUESTED: RunStatus.RUNNING,
    JobState.COMPLETED: RunStatus.FINISHED,
    JobState.FAILED: RunStatus.FAILED,
    JobState.CANCELED: RunStatus.KILLED,
}
"""What the state of a job is called as a run's."""


def browse(ctx: Context, query: Browse) -> Page:
    """List jobs and runs, newest first; a page with fewer than asked may still have a next one.

    Raises:
        Invalid: no job is ever in the state asked for.
    """
    if _is_of_type(query):
        return _of_type(ctx, query)
    found = ctx.tracking.browse_runs(_runs_query(query))
    return Page(listed(ctx, query, found.items), found.next)


def _is_of_type(query: Browse) -> bool:
    """Say whether only jobs of a type are wanted, by what is stored of jobs themselves."""
    kind = query.where.get("type")
    more = query.where.keys() - {"type", "state"} or query.tags or query.name_contains
    return isinstance(kind, str) and kind != "run" and not more


def _of_type(ctx: Context, query: Browse) -> Page:
    """List the jobs of a type: among a hundred thousand runs they may be few."""
    _check_states(query.where.get("state", ()))
    page = ctx.metadata.browse(query)
    names = tuple(job.key.name for job in page.items)
    asked = BrowseRuns(query.workspace, where={"id": names}, stage="", limit=max(1, len(names)))
    rows = {row.id: row for row in ctx.tracking.browse_runs(asked).items} if names else {}
    told = [_told(job, rows[job.key.name]) if job.key.name in rows else job for job in page.items]
    return Page([job for job in told if _wanted(job, query)], page.next)


def _check_states(wanted: str | tuple[str, ...]) -> None:
    for one in wanted if isinstance(wanted, tuple) else (wanted,):
        check_state(one)


def listed(ctx: Context, query: Browse, rows: Sequence[RunRow]) -> list[Resource]:
    """Give the jobs of these runs, or the runs themselves, as far as a list wants them."""
    known = _jobs_named(ctx, query.workspace, tuple(row.id for row in rows))
    found = [_told(known[row.id], row) if row.id in known else _tracked(row) for row in rows]
    return [job for job in found if _wanted(job, query)]


def statuses_of(states: Iterable[str]) -> tuple[str, ...]:
    """Give the states of runs that jobs in these states have.

    Raises:
        Invalid: no job is ever in one of them.
    """
    for one in (wanted := tuple(states)):
        check_state(one)
    found = {STATUSES[state].value for state in JobState if state.value in wanted}
    return tuple(found) or ("NONE",)


def _runs_query(query: Browse) -> BrowseRuns:
    where: dict[str, tuple[str, ...]] = {}
    for fact, value in query.where.items():
        values = value if isinstance(value, tuple) else (value,)
        if fact == "state":
            where["status"] = statuses_of(values)
        elif fact == "experiment_name":
            where[fact] = values
        elif fact == "parent_job_name":
            where["parent"] = values
        elif fact == "name":
            where["id"] = values
    return BrowseRuns(
        query.workspace,
        where=where,
        tags=query.tags,
        name_contains=query.name_contains,
        limit=query.limit,
        after=query.after,
    )


def _jobs_named(ctx: Context, workspace: str, names: tuple[str, ...]) -> dict[str, Resource]:
    if not names:
        return {}
    query = Browse("job", workspace, where={"name": names}, archived=None, limit=len(names))
    return {job.key.name: job for job in ctx.metadata.browse(query).items}


def _wanted(job: Resource, query: Browse) -> bool:
    if query.archived is not None and job.archived != query.archived:
        return False
    state, kind = query.where.get("state"), query.where.get("type")
    return _matches(getattr(job.status, "status", ""), state) and _matches(
        getattr(job.spec, "type", ""), kind
    )


def _matches(value: str, wanted: str | tuple[str, ...] | None) -> bool:
    if wanted is None:
        return True
    return value in wanted if isinstance(wanted, tuple) else value == wanted


def show(ctx: Context, key: Key) -> Resource:
    """Give a job, or the run of that id.

    Raises:
        NotFound: there is neither.
    """
    query = BrowseRuns(key.workspace, where={"id": (key.name,)}, stage="", limit=1)
    row = next(iter(ctx.tracking.browse_runs(query).items), None)
    try:
        job = ctx.metadata.get(key)
    except NotFound:
        if row is None:
            raise NotFound(
                f"There is no job `{key.name}` in workspace `{key.workspace}`.",
                hint="`zaffre job list` shows what there is.",
            ) from None
        return _tracked(row)
    return _told(job, row) if row is not None else job


def run_of(ctx: Context, workspace: str, name: str) -> RunInfo:
    """Give a run by its id, in the words of our own API where there is none.

    Raises:
        NotFound: there is none.
    """
    try:
        return ctx.tracking.get_info(workspace, name)
    except NotFound:
        raise NotFound(
            f"There is no job or run `{name}` in workspace `{workspace}`.",
            hint="`zaffre job list` shows what there is.",
        ) from None


def _told(job: Resource, run: RunRow) -> Resource:
    spec = job.spec
    known = getattr(spec, "display_name", None) or job.key.name
    own = [Pair(key, value) for key, value in spec.tags.items() if key.startswith(OF_MLFLOW)]
    told: dict[str, object] = {"tags": _mapping([*own, *run.tags])}
    if run.name != known:
        told["display_name"] = run.name
    if getattr(spec, "experiment_name", None):
        told["experiment_name"] = run.experiment_name
    gone = run.stage != Stage.ACTIVE
    return replace(job, spec=spec.model_copy(update=told), archived=job.archived or gone)


def _mapping(tags: Iterable[Pair]) -> dict[str, str]:
    return {tag.key: tag.value for tag in tags}


def _tracked(run: RunRow) -> Resource:
    spec = TrackedRunSpec(
        display_name=run.name or None,
        experiment_name=run.experiment_name,
        parent_job_name=run.parent or None,
        tags=_mapping(run.tags),
    )
    status = JobStatus(
        status=STATES[RunStatus(run.status)].value,
        started_at=_seconds(run.start_time),
        ended_at=_seconds(run.end_time),
    )
    begun = datetime.fromtimestamp((run.start_time or 0) / 1000, UTC)
    gone = run.stage != Stage.ACTIVE
    key = Key("job", run.workspace, run.id)
    return Resource(key, spec, status, 1, begun, begun, created_by=run.user, archived=gone)


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds is not None else None
