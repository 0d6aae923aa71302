"""What a job may change in the registry: it registers what it made, and speaks of that only."""

from __future__ import annotations

from collections.abc import Callable

from zaffre.api.mlflow.asked import Asked
from zaffre.api.routing import Caller
from zaffre.errors import Forbidden
from zaffre.kinds.artifact_path import Place, path_of_uri, place_of
from zaffre.kinds.model import ModelStatus
from zaffre.kinds.reference import JobOutput, MlflowModel, RunPath, parse_remote
from zaffre.ports.tokens import Role
from zaffre.services import artifact_rights, registry
from zaffre.services.context import Context

Guard = Callable[[Context, Caller, Asked], None]
"""Refuses what a caller may not do; it runs before the work."""


def allow(_ctx: Context, _caller: Caller, _wanted: Asked) -> None:
    """Let every writer do it, jobs too."""


def check_source(ctx: Context, caller: Caller, wanted: Asked) -> None:
    """Let a job register only what it may read.

    Raises:
        Forbidden: the source is another's.
    """
    if caller.principal.role is not Role.JOB:
        return
    place = _place(wanted.text("source"))
    if place is not None:
        artifact_rights.check(ctx, caller.principal, caller.workspace, place, writing=False)
    run = wanted.maybe("run_id")
    if run:
        artifact_rights.check_run(ctx, caller.principal, caller.workspace, run)


def _place(source: str) -> Place | None:
    """Give the place that a source is at; None for models, which every job may read.

    Raises:
        Forbidden: it is at a place that jobs do not read by name.
    """
    path = path_of_uri(source)
    if path is not None:
        return place_of(path)
    reference = parse_remote(source)
    if isinstance(reference, MlflowModel):
        return None
    if isinstance(reference, RunPath):
        return Place("run", reference.run)
    if isinstance(reference, JobOutput):
        return Place("run", reference.job)
    raise Forbidden("A job registers models from its own run.")


def check_version(ctx: Context, caller: Caller, wanted: Asked) -> None:
    """Let a job change only versions that came of it.

    Raises:
        Forbidden: the version is another's.
        NotFound: there is none.
    """
    if caller.principal.role is not Role.JOB:
        return
    name, version = wanted.text("name"), wanted.text("version")
    status = registry.version_of(ctx, caller.workspace, name, version).status
    run = status.job_name if isinstance(status, ModelStatus) else None
    artifact_rights.check_run(ctx, caller.principal, caller.workspace, run)
