"""The cold path by itself: what a view's batch endpoint has scored, and a new batch on request."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Invalid
from zaffre.kinds.job_state import JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.scoring_job import DEPLOYMENT_TAG, ENDPOINT_TAG
from zaffre.ports.metadata import Browse
from zaffre.services import resources
from zaffre.services.batch import jobs as batch_jobs
from zaffre.services.context import Context
from zaffre.services.predictions.loading import load, read_at
from zaffre.services.predictions.parts import invocation_of, room_of, spec_of, status_of


def followed(ctx: Context) -> list[Key]:
    """List the views whose history a batch endpoint makes."""
    views = resources.every(ctx, Browse("prediction_view", archived=None))
    return [view.key for view in views if spec_of(view.spec).batch_endpoint]


def follow(ctx: Context, key: Key) -> bool:
    """Let the last batch that is complete become the history; true if there was a new one."""
    view = ctx.metadata.get(key)
    newest = _last_batch(ctx, view)
    if newest is None or any(one.job == newest.key.name for one in status_of(view).loads):
        return False
    current = ctx.predictions.open(room_of(view)).generation
    if current is not None and read_at(newest) <= current.read_at:
        return False
    load(ctx, key, newest.key.name)
    return True


def refresh(ctx: Context, key: Key) -> Resource:
    """Start a batch over `batch_input` whose output becomes the history; give its job.

    Raises:
        NotFound: there is no such view, or no such data.
        Invalid: the view names no batch endpoint or no data.
    """
    view = ctx.metadata.get(key)
    spec = spec_of(view.spec)
    if spec.batch_endpoint is None or not (spec.batch_input or spec.batch_request):
        raise Invalid(
            f"View `{key.name}` names no batch endpoint and data to score.",
            hint="Give it `batch_endpoint` and `batch_input`, or `load` the output of a job.",
        )
    asked = invocation_of(spec).model_copy(update={"display_name": f"refresh {key.name}"})
    endpoint = Key("batch_endpoint", key.workspace, spec.batch_endpoint)
    job = batch_jobs.invoke(ctx, endpoint, asked)
    load(replace(ctx, actor=replace(ctx.actor, once=None)), key, job.key.name)
    return job


def _last_batch(ctx: Context, view: Resource) -> Resource | None:
    """Give the job of the batch endpoint that was created last of those that are complete."""
    spec = spec_of(view.spec)
    tags = {ENDPOINT_TAG: spec.batch_endpoint or ""}
    tags |= {DEPLOYMENT_TAG: spec.batch_deployment} if spec.batch_deployment else {}
    query = Browse(
        "job", view.key.workspace, {"state": JobState.COMPLETED}, tags, archived=None, limit=1
    )
    found = ctx.metadata.browse(query).items
    return found[0] if found else None
