"""The cold path: the output of a job becomes a view's history, whole and at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from zaffre.errors import Conflict, Failed, Invalid, NotFound, Stale
from zaffre.kinds import entity
from zaffre.kinds.job import JobStatus
from zaffre.kinds.job_ports import JobInput
from zaffre.kinds.job_state import TERMINAL, JobState
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.prediction import Generation, Scored
from zaffre.kinds.prediction_view import PredictionViewStatus, ViewLoad
from zaffre.kinds.reference import parse_remote
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.scored_call import Columns
from zaffre.kinds.tree import Tree
from zaffre.ports.metadata import Browse, Link, Put
from zaffre.ports.predictions import View
from zaffre.services import files, trees
from zaffre.services.batch import jobs as batch_jobs
from zaffre.services.context import Context
from zaffre.services.predictions.keeping import shown
from zaffre.services.predictions.parts import room_of, spec_of, status_of
from zaffre.services.predictions.reading import rows

WAITING, LOADED, SUPERSEDED, FAILED = "Waiting", "Loaded", "Superseded", "Failed"
SUCCEEDED, UPDATING = "Succeeded", "Updating"
INPUT = "input"
CHUNK = 5000
KEPT = 50
TRIES = 10
Change = Callable[[PredictionViewStatus], PredictionViewStatus]


def load(ctx: Context, key: Key, job: str, output: str | None = None) -> Resource:
    """Let a job's output become the view's history as soon as the job is done.

    Raises:
        NotFound: there is no such view or job.
        Conflict: the job failed, or is on its way into the view already.
    """
    view = ctx.metadata.get(key)
    state = _state(ctx.metadata.get(Key("job", key.workspace, job)))
    if state in (JobState.FAILED, JobState.CANCELED):
        raise Conflict(f"Job `{job}` is {state} and has no output to load.")
    asked = ViewLoad(
        job=job,
        output=output or spec_of(view.spec).batch_output,
        asked_at=_text(ctx.clock.now()),
    )

    def add(status: PredictionViewStatus) -> PredictionViewStatus:
        if any(one.job == job and one.state == WAITING for one in status.loads):
            raise Conflict(f"Job `{job}` is on its way into the view already.")
        return _with_loads(status, (asked, *status.loads))

    return shown(ctx, change(ctx, key, add))


def unfinished(ctx: Context) -> list[Key]:
    """List the views that await a batch."""
    query = Browse("prediction_view", where={"state": UPDATING}, archived=None, limit=1000)
    return [found.key for found in ctx.metadata.browse(query).items]


def advance(ctx: Context, key: Key) -> bool:
    """Load the batches whose jobs are done; true if one was settled. Twice does no harm."""
    try:
        view = ctx.metadata.get(key)
        waiting = [one for one in status_of(view).loads if one.state == WAITING]
        settled = [_settle(ctx, view, one) for one in reversed(waiting)]
    except (NotFound, Stale):
        return False  # deleted meanwhile
    return any(settled)


def _settle(ctx: Context, view: Resource, asked: ViewLoad) -> bool:
    """Load one batch if its job is done, and note how it went."""
    try:
        job = ctx.metadata.get(Key("job", view.key.workspace, asked.job))
        if _state(job) not in TERMINAL:
            return False
        done, links = _loaded(ctx, view, job, asked)
    except (Invalid, NotFound, Failed, Conflict) as error:
        text = f"{error.message} {error.hint or ''}".strip()
        done, links = asked.model_copy(update={"state": FAILED, "error": text}), []
    done = done.model_copy(update={"ended_at": _text(ctx.clock.now())})

    def note(status: PredictionViewStatus) -> PredictionViewStatus:
        return _with_loads(status, tuple(done if one == asked else one for one in status.loads))

    change(ctx, view.key, note, *links)
    return True


def _loaded(
    ctx: Context, view: Resource, job: Resource, asked: ViewLoad
) -> tuple[ViewLoad, list[Link]]:
    """Stage the rows of an output, then let them take the place of the batch before.

    Raises:
        Invalid: a row cannot be read, or there is none.
        NotFound: the job has no such output.
        Failed: some content is damaged.
    """
    if _state(job) is not JobState.COMPLETED:
        raise Invalid(f"The job is {_state(job)}.")
    room, spec = room_of(view), spec_of(view.spec)
    tree = trees.load_tree(ctx, _tree_of(job, asked.output))
    columns = Columns(spec.entity_key, spec.event_time, spec.prediction_column)
    ctx.predictions.open(room)
    found = rows(ctx, tree, columns, spec.batch_columns, _input_of(ctx, job))
    count, watermark = _stage(ctx, room, asked.job, found)
    if not count:
        raise Invalid(f"Output `{asked.output}` of job `{asked.job}` has no rows.")
    model = _model_of(ctx, job)
    generation = Generation(asked.job, read_at(job), watermark, count, model)
    state = LOADED if ctx.predictions.publish(room, generation) else SUPERSEDED
    facts = {"state": state, "rows": count, "watermark": entity.text_of(watermark)}
    links = [Link(one, "history", view.key.reference) for one in (job.key.reference, model) if one]
    return asked.model_copy(update=facts), links


def read_at(job: Resource) -> int:
    """Say when a job read what it scored: not before it was created."""
    return round(job.created_at.timestamp() * 1_000_000) if job.created_at else 0


def _stage(ctx: Context, room: View, job: str, found: Iterator[Scored]) -> tuple[int, int]:
    """Stage rows, some at a time, and give how many they are and their last event."""
    count, last = 0, 0
    while some := list(islice(found, CHUNK)):
        ctx.predictions.stage(room, job, some, count)
        latest = max(row.event_time for row in some)
        last = max(last, latest) if count else latest
        count += len(some)
    return count, last


def _tree_of(job: Resource, output: str) -> str:
    status = job.status
    results = status.results if isinstance(status, JobStatus) else {}
    result = results.get(output)
    if result is None or result.tree is None:
        raise NotFound(
            f"Job `{job.key.name}` has no output `{output}` that is kept here.",
            hint=f"It has: {', '.join(sorted(results)) or 'none'}. See `batch_output`.",
        )
    return result.tree


def _input_of(ctx: Context, job: Resource) -> Tree | None:
    """Give what a batch endpoint's job scored, if it is kept here."""
    given = job.spec.inputs.get(INPUT) if isinstance(job.spec, PipelineJobSpec) else None
    try:
        place = parse_remote(given.path) if isinstance(given, JobInput) else None
        return files.resolve(ctx, job.key.workspace, place).tree if place else None
    except (Invalid, NotFound, Conflict):
        return None


def _model_of(ctx: Context, job: Resource) -> str:
    """Give the model that a job scored with, by what it came of."""
    deployment = batch_jobs.deployment_of(ctx, job.key)
    ends = [job.key.reference, *([deployment.reference] if deployment else [])]
    sources = [link.source for end in ends for link in ctx.metadata.links(end, up=True)]
    return next((one for one in sources if one.startswith("model:")), "")


def change(ctx: Context, key: Key, do: Change, *links: Link) -> Resource:
    """Change a view's status, again where somebody else changed it meanwhile.

    Raises:
        NotFound: there is no such view.
        Stale: it was changed again and again.
    """
    for attempt in range(1, TRIES + 1):
        found = ctx.metadata.get(key)
        changed = replace(found, status=do(status_of(found)))
        try:
            return ctx.metadata.apply([Put(changed), *links], ctx.actor)[0]
        except Stale:
            if attempt == TRIES:
                raise
    raise AssertionError


def _with_loads(status: PredictionViewStatus, loads: tuple[ViewLoad, ...]) -> PredictionViewStatus:
    """Give a status with these loads, of those that are settled only the last ones."""
    kept = tuple(one for at, one in enumerate(loads) if at < KEPT or one.state == WAITING)
    awaited = any(one.state == WAITING for one in kept)
    state = UPDATING if awaited else SUCCEEDED
    return status.model_copy(update={"loads": kept, "provisioning_state": state})


def _state(job: Resource) -> JobState:
    status = job.status
    return JobState(status.status) if isinstance(status, JobStatus) else JobState.NOT_STARTED


def _text(moment: datetime) -> str:
    return entity.text_of(round(moment.timestamp() * 1_000_000))
