"""Routes of experiments."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.mlflow import shown
from zaffre.api.mlflow.asked import asked
from zaffre.api.mlflow.asking import labels_of, search_of
from zaffre.api.mlflow.log import done
from zaffre.api.mlflow.rights import check_experiment, check_writer, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.kinds.search_tracking import EXPERIMENTS
from zaffre.kinds.tracking import Pair, Stage
from zaffre.services import tracking

BASE = "/api/2.0/mlflow/experiments"
PAGE = 1000


async def create(request: Request) -> Response:
    """Create an experiment."""
    check_writer(request)
    sent = await asked(request)
    made = await run_in_threadpool(
        tracking.create_experiment,
        context(request),
        workspace(request),
        sent.text("name"),
        sent.maybe("artifact_location") or "",
        labels_of(sent),
    )
    return shown.answer({"experiment_id": made})


async def get(request: Request) -> Response:
    """Give an experiment."""
    sent = await asked(request)
    store = context(request).tracking
    found = await run_in_threadpool(
        store.get_experiment, workspace(request), sent.text("experiment_id")
    )
    return shown.answer({"experiment": shown.experiment(found)})


async def get_by_name(request: Request) -> Response:
    """Give the experiment of a name."""
    sent = await asked(request)
    found = await run_in_threadpool(
        tracking.find_experiment,
        context(request),
        workspace(request),
        sent.text("experiment_name"),
    )
    return shown.answer({"experiment": shown.experiment(found)})


async def search(request: Request) -> Response:
    """Find experiments."""
    wanted = search_of(await asked(request), EXPERIMENTS, "view_type", PAGE)
    found = await run_in_threadpool(
        tracking.search_experiments, context(request), workspace(request), wanted
    )
    content = {"experiments": [shown.experiment(one) for one in found.items]}
    return shown.answer({**content, **({"next_page_token": found.next} if found.next else {})})


async def update(request: Request) -> Response:
    """Rename an experiment."""
    check_writer(request)
    sent = await asked(request)
    await run_in_threadpool(
        tracking.rename_experiment,
        context(request),
        workspace(request),
        sent.text("experiment_id"),
        sent.text("new_name"),
    )
    return done()


async def delete(request: Request) -> Response:
    """Put an experiment into the bin, with its runs."""
    return await _stage(request, Stage.DELETED)


async def restore(request: Request) -> Response:
    """Take an experiment out of the bin, with its runs."""
    return await _stage(request, Stage.ACTIVE)


async def _stage(request: Request, stage: Stage) -> Response:
    sent = await asked(request)
    store = context(request).tracking
    await run_in_threadpool(
        store.stage_experiment, workspace(request), sent.text("experiment_id"), stage.value
    )
    return done()


async def set_tag(request: Request) -> Response:
    """Set a tag of an experiment. A job tags its own only."""
    sent = await asked(request)
    await check_experiment(request, sent.text("experiment_id"))
    tag = Pair(sent.text("key"), sent.maybe("value") or "")
    await run_in_threadpool(
        tracking.tag_experiment,
        context(request),
        workspace(request),
        sent.text("experiment_id"),
        tag,
    )
    return done()


async def delete_tag(request: Request) -> Response:
    """Take a tag off an experiment."""
    sent = await asked(request)
    store = context(request).tracking
    await run_in_threadpool(
        store.tag_experiment,
        workspace(request),
        sent.text("experiment_id"),
        sent.text("key"),
        None,
    )
    return done()


async def search_datasets(request: Request) -> Response:
    """List the datasets that runs of experiments used."""
    sent = await asked(request)
    found = await run_in_threadpool(
        tracking.search_datasets,
        context(request),
        workspace(request),
        sent.texts("experiment_ids"),
    )
    summaries = [
        {name: value for name, value in one._asdict().items() if value is not None}
        for one in found
    ]
    return shown.answer({"dataset_summaries": summaries})


ROUTES: tuple[Route, ...] = (
    Route("POST", f"{BASE}/create", create, Access.JOB_WRITE, "Create an experiment."),
    Route("GET", f"{BASE}/get", get, Access.JOB, "Give an experiment."),
    Route("GET", f"{BASE}/get-by-name", get_by_name, Access.JOB, "Give it by its name."),
    Route("POST", f"{BASE}/search", search, Access.JOB, "Find experiments.", reads=True),
    Route("GET", f"{BASE}/search", search, Access.JOB, "Find experiments."),
    Route("POST", f"{BASE}/update", update, Access.WRITE, "Rename an experiment."),
    Route("POST", f"{BASE}/delete", delete, Access.WRITE, "Delete an experiment."),
    Route("POST", f"{BASE}/restore", restore, Access.WRITE, "Restore an experiment."),
    Route("POST", f"{BASE}/set-experiment-tag", set_tag, Access.JOB_WRITE, "Set a tag."),
    Route("POST", f"{BASE}/delete-experiment-tag", delete_tag, Access.WRITE, "Delete a tag."),
    Route(
        "POST",
        f"{BASE}/search-datasets",
        search_datasets,
        Access.READ,
        "List datasets.",
        reads=True,
    ),
)
