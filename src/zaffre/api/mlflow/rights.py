"""Who may do what on MLflow's routes: readers read, a job reaches its own run and those below."""

from __future__ import annotations

from collections import OrderedDict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from zaffre.api.routing import Caller
from zaffre.errors import Forbidden
from zaffre.ports.tokens import Role
from zaffre.services import artifact_rights
from zaffre.services.context import Context

_KNOWN = 10_000
_own_runs: OrderedDict[tuple[str, str, str], None] = OrderedDict()
"""Runs found to be a job's own, so that each is looked up once: (workspace, job, run)."""


def context(request: Request) -> Context:
    """Give what services work with."""
    found: Context = request.scope["context"]
    return found


def caller(request: Request) -> Caller:
    """Give who calls."""
    found: Caller = request.scope["zaffre"]
    return found


def workspace(request: Request) -> str:
    """Give the workspace that the call is about."""
    return caller(request).workspace


async def check_run(request: Request, run_id: str, *, writing: bool = True) -> None:
    """Refuse readers who write, and jobs that speak of another's run.

    Raises:
        Forbidden: the caller may not.
    """
    who = caller(request)
    if writing:
        check_writer(request)
    if who.principal.role is not Role.JOB or who.job == run_id:
        return
    key = (who.workspace, who.job, run_id)
    if key in _own_runs:
        return
    await run_in_threadpool(
        artifact_rights.check_run, context(request), who.principal, who.workspace, run_id
    )
    _own_runs[key] = None
    if len(_own_runs) > _KNOWN:
        _own_runs.popitem(last=False)


async def check_experiment(request: Request, experiment: str) -> None:
    """Refuse jobs that change another experiment than their run's.

    Raises:
        Forbidden: the caller may not.
    """
    who = caller(request)
    if who.principal.role is not Role.JOB:
        return
    store = context(request).tracking
    run = await run_in_threadpool(store.get_info, who.workspace, who.job)
    if run.experiment_id != experiment:
        raise Forbidden("A job's token reaches its own experiment only.")


def check_writer(request: Request) -> None:
    """Refuse readers.

    Raises:
        Forbidden: the caller is one.
    """
    if caller(request).principal.role is Role.READER:
        raise Forbidden("Your role `reader` does not allow this.")


def check_not_job(request: Request) -> None:
    """Refuse jobs.

    Raises:
        Forbidden: the caller is one.
    """
    if caller(request).principal.role is Role.JOB:
        raise Forbidden("A job's token does not allow this.")
