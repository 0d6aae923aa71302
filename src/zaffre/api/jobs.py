"""What only jobs have: cancel, logs, events, outputs, and what their launchers report."""

from __future__ import annotations

from starlette import status as http
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.api.bodies import body_of, number, resource_answer, text_answer
from zaffre.api.errors import problems_of
from zaffre.api.once import once_of
from zaffre.api.routing import Access, Route
from zaffre.api.streams import MOST, job_events, job_key, job_logs
from zaffre.errors import Forbidden, Invalid
from zaffre.kinds.loading import check
from zaffre.kinds.port_values import fitting
from zaffre.kinds.registry import kind_of
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import JournalGap
from zaffre.services import job_types, jobs, pipelines
from zaffre.services.batch import tables as batch_tables
from zaffre.services.context import Context

BASE = "/api/v1/workspaces/{workspace}/jobs/{name}"
JOURNAL_BYTES = 16 * 2**20


async def cancel(request: Request) -> Response:
    """Ask a job to stop."""
    found = await run_in_threadpool(job_types.cancel, request.scope["context"], job_key(request))
    return resource_answer(found)


async def resubmit(request: Request) -> Response:
    """Submit a job again; a repeated idempotency key gives the one made before."""
    raw = await request.body()
    body = body_of(raw) if raw else {}
    name = body.get("name") or "" if isinstance(body, dict) else None
    if not isinstance(name, str) or set(body) - {"name"}:
        raise Invalid('The body is `{"name": "NAME"}`, or nothing.')
    ctx = once_of(request, raw, "job")
    made = await run_in_threadpool(_resubmit, ctx, job_key(request), name)
    return resource_answer(made, http.HTTP_201_CREATED)


def _resubmit(ctx: Context, key: Key, name: str) -> Resource:
    known = ctx.metadata.recall(ctx.actor.once) if ctx.actor.once else None
    return ctx.metadata.get(known) if known else job_types.resubmit(ctx, key, name)


async def plan(request: Request) -> Response:
    """Say what would become of each step of a pipeline, without running it."""
    ctx, workspace = request.scope["context"], request.scope["zaffre"].workspace
    document = body_of(await request.body())
    if not isinstance(document, dict):
        raise Invalid("The body is no JSON object.")
    rows = await run_in_threadpool(
        lambda: pipelines.plan(ctx, workspace, check(kind_of("job"), document).spec)
    )
    return text_answer({"steps": rows, "problems": []})


async def look(request: Request) -> Response:
    """Say what is wrong with a pipeline that is being drawn, or the plan of it if nothing is."""
    try:
        return await plan(request)
    except Invalid as error:
        return text_answer({"steps": [], "problems": problems_of(error)})


async def port_types(_: Request) -> Response:
    """Say which types of outputs fit which types of inputs."""
    return text_answer({"fits": fitting()})


async def outputs(request: Request) -> Response:
    """List a job's outputs and the artifacts of its run."""
    ctx, key = request.scope["context"], job_key(request)
    return text_answer(await run_in_threadpool(jobs.outputs, ctx, key))


async def report(request: Request) -> Response:
    """Take what a launcher says of its job; the loop looks at it at once."""
    ctx, key = request.scope["context"], _own(request)
    state = body_of(await request.body())
    if not isinstance(state, dict):
        raise Invalid("The body is no JSON object.")
    await run_in_threadpool(jobs.report, ctx, key, state)
    return text_answer({})


async def journal(request: Request) -> Response:
    """Take lines of a job's metric journal, each exactly once."""
    ctx, key = request.scope["context"], _own(request)
    offset = number(request.query_params, "offset", 0, least=0, most=MOST)
    lines = await request.body()
    try:
        return text_answer(
            {"offset": await run_in_threadpool(jobs.journal, ctx, key, offset, lines)}
        )
    except JournalGap as gap:
        return text_answer({"offset": gap.stored}, http.HTTP_409_CONFLICT)


async def tables(request: Request) -> Response:
    """Tell a job where its tables are, with what opens them; nobody else is told."""
    ctx, key = request.scope["context"], _own(request)
    if not request.scope["zaffre"].job:
        raise Forbidden("Only the job itself is told what opens its tables.")
    return text_answer(await run_in_threadpool(batch_tables.addresses, ctx, key))


def _own(request: Request) -> Key:
    key = job_key(request)
    caller = request.scope["zaffre"]
    if caller.job and caller.job != key.name:
        raise Forbidden("A job may report of itself only.")
    return key


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/workspaces/{workspace}/jobs/plan",
        plan,
        Access.WRITE,
        "What would become of each step of a pipeline.",
        body="job",
        answer={"type": "object"},
    ),
    Route(
        "POST",
        "/api/v1/workspaces/{workspace}/jobs/check",
        look,
        Access.WRITE,
        "What is wrong with a pipeline, as an answer and no error; its plan if nothing is.",
        body="job",
        answer={"type": "object"},
    ),
    Route(
        "GET",
        "/api/v1/port-types",
        port_types,
        Access.READ,
        "Which types of outputs fit which types of inputs.",
        answer={"type": "object"},
    ),
    Route("POST", f"{BASE}/cancel", cancel, Access.WRITE, "Ask a job to stop.", answer="job"),
    Route(
        "POST",
        f"{BASE}/resubmit",
        resubmit,
        Access.WRITE,
        "Submit an ended job again; a failed pipeline goes on at the failed step.",
        body={"type": "object", "properties": {"name": {"type": "string"}}},
        answer="job",
    ),
    Route(
        "GET", f"{BASE}/logs", job_logs, Access.READ, "A job's output.", query=("offset", "follow")
    ),
    Route("GET", f"{BASE}/events", job_events, Access.READ, "A job's states as events."),
    Route(
        "GET",
        f"{BASE}/outputs",
        outputs,
        Access.READ,
        "A job's outputs.",
        answer={"type": "object"},
    ),
    Route(
        "POST",
        f"{BASE}/report",
        report,
        Access.JOB_WRITE,
        "A launcher's report.",
        body={"type": "object"},
    ),
    Route(
        "POST",
        f"{BASE}/tables",
        tables,
        Access.JOB_WRITE,
        "Where a job's tables are, for the job itself.",
        answer={"type": "object"},
    ),
    Route(
        "POST",
        f"{BASE}/journal",
        journal,
        Access.JOB_WRITE,
        "A job's metrics.",
        query=("offset",),
        max_body=JOURNAL_BYTES,
    ),
)
