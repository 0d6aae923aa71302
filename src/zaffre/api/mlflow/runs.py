"""Routes of runs, but for what they log."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.mlflow import shown
from zaffre.api.mlflow.asked import Asked, asked
from zaffre.api.mlflow.asking import (
    dataset_of,
    integer,
    labels_of,
    models_of,
    search_of,
)
from zaffre.api.mlflow.log import done
from zaffre.api.mlflow.rights import caller, check_run, check_writer, context, workspace
from zaffre.api.routing import Access, Route
from zaffre.errors import Invalid
from zaffre.kinds.search_tracking import RUNS
from zaffre.kinds.tracking import PARENT_RUN, NewRun, RunStatus
from zaffre.kinds.tracking_rules import wrong
from zaffre.ports.tracking import Search
from zaffre.services import tracking, tracking_log

BASE = "/api/2.0/mlflow/runs"
PAGE = 1000
MOST_EXPERIMENTS = 10_000

_STATUSES = {str(number): status for number, status in enumerate(RunStatus, start=1)}


def _run_id(sent: Asked) -> str:
    return sent.maybe("run_id") or sent.maybe("run_uuid") or sent.text("run_id")


def _status(sent: Asked) -> str | None:
    found = sent.fields.get("status")
    if found is None:
        return None
    if isinstance(found, (str, int)) and not isinstance(found, bool):
        return _STATUSES.get(str(found), str(found))
    raise wrong("status", str(found)[:100])


async def create(request: Request) -> Response:
    """Create a run. One that a job creates is a child of the job's."""
    check_writer(request)
    sent = await asked(request)
    tags = labels_of(sent)
    job = caller(request).job
    parent = next((tag.value for tag in tags if tag.key == PARENT_RUN), "")
    if job and parent:
        await check_run(request, parent)
    run = NewRun(
        sent.maybe("experiment_id") or "",
        sent.maybe("run_name") or "",
        sent.maybe("user_id") or "",
        integer(sent, "start_time"),
        tags,
    )
    made = await run_in_threadpool(_create, request, run, job)
    return shown.answer({"run": made})


def _create(request: Request, run: NewRun, job: str) -> shown.Json:
    return shown.run(tracking.create_run(context(request), workspace(request), run, below=job))


async def get(request: Request) -> Response:
    """Give a run."""
    run_id = _run_id(await asked(request))
    await check_run(request, run_id, writing=False)
    store = context(request).tracking
    found = await run_in_threadpool(store.get_run, workspace(request), run_id)
    return shown.answer({"run": shown.run(found)})


async def update(request: Request) -> Response:
    """Change a run's status, end or name."""
    sent = await asked(request)
    run_id = _run_id(sent)
    await check_run(request, run_id)
    info = await run_in_threadpool(_update, request, run_id, sent)
    return shown.answer({"run_info": info})


def _update(request: Request, run_id: str, sent: Asked) -> shown.Json:
    info = tracking.update_run(
        context(request),
        workspace(request),
        run_id,
        status=_status(sent),
        end_time=integer(sent, "end_time"),
        name=sent.maybe("run_name"),
    )
    return shown.run_info(info)


async def delete(request: Request) -> Response:
    """Put a run into the bin."""
    run_id = _run_id(await asked(request))
    await check_run(request, run_id)
    await run_in_threadpool(tracking.delete_run, context(request), workspace(request), run_id)
    return done()


async def restore(request: Request) -> Response:
    """Take a run out of the bin."""
    run_id = _run_id(await asked(request))
    await check_run(request, run_id)
    await run_in_threadpool(tracking.restore_run, context(request), workspace(request), run_id)
    return done()


async def delete_tag(request: Request) -> Response:
    """Take a tag off a run."""
    sent = await asked(request)
    run_id = _run_id(sent)
    await check_run(request, run_id)
    store = context(request).tracking
    await run_in_threadpool(store.untag_run, workspace(request), run_id, sent.text("key"))
    return done()


async def search(request: Request) -> Response:
    """Find runs. A job finds its own only."""
    sent = await asked(request)
    wanted = search_of(sent, RUNS, "run_view_type", PAGE)
    experiments = sent.texts("experiment_ids")
    if len(experiments) > MOST_EXPERIMENTS:
        raise Invalid(f"A search may name at most {MOST_EXPERIMENTS} experiments.")
    content = await run_in_threadpool(_search, request, experiments, wanted, caller(request).job)
    return shown.answer(content)


def _search(request: Request, experiments: list[str], wanted: Search, job: str) -> shown.Json:
    found = tracking.search_runs(
        context(request), workspace(request), experiments, wanted, below=job
    )
    content: shown.Json = {"runs": [shown.run(one) for one in found.items]}
    if found.next:
        content["next_page_token"] = found.next
    return content


async def log_inputs(request: Request) -> Response:
    """Record what a run used."""
    sent = await asked(request)
    run_id = _run_id(sent)
    await check_run(request, run_id)
    datasets = [dataset_of(one) for one in sent.parts("datasets")]
    await run_in_threadpool(
        tracking.log_inputs,
        context(request),
        workspace(request),
        run_id,
        datasets,
        models_of(sent),
    )
    return done()


async def log_outputs(request: Request) -> Response:
    """Record which logged models a run made."""
    sent = await asked(request)
    run_id = _run_id(sent)
    await check_run(request, run_id)
    await run_in_threadpool(
        tracking.log_outputs, context(request), workspace(request), run_id, models_of(sent)
    )
    return done()


async def log_model(request: Request) -> Response:
    """Record that a run logged a model."""
    sent = await asked(request)
    run_id = _run_id(sent)
    await check_run(request, run_id)
    await run_in_threadpool(
        tracking_log.record_model,
        context(request),
        workspace(request),
        run_id,
        sent.text("model_json"),
    )
    return done()


ROUTES: tuple[Route, ...] = (
    Route("POST", f"{BASE}/create", create, Access.JOB_WRITE, "Create a run."),
    Route("GET", f"{BASE}/get", get, Access.JOB, "Give a run."),
    Route("POST", f"{BASE}/update", update, Access.JOB_WRITE, "Change a run."),
    Route("POST", f"{BASE}/delete", delete, Access.JOB_WRITE, "Delete a run."),
    Route("POST", f"{BASE}/restore", restore, Access.JOB_WRITE, "Restore a run."),
    Route("POST", f"{BASE}/delete-tag", delete_tag, Access.JOB_WRITE, "Delete a tag of a run."),
    Route("POST", f"{BASE}/search", search, Access.JOB, "Find runs.", reads=True),
    Route(
        "POST",
        f"{BASE}/log-inputs",
        log_inputs,
        Access.JOB_WRITE,
        "Record what a run used.",
        max_body=64 * 2**20,
    ),
    Route("POST", f"{BASE}/log-model", log_model, Access.JOB_WRITE, "Record a logged model."),
    Route("POST", f"{BASE}/outputs", log_outputs, Access.JOB_WRITE, "Record models a run made."),
)
