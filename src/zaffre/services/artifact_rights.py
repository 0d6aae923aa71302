"""Who may read and write which artifacts: a job writes only what is its own."""

from __future__ import annotations

from zaffre.errors import Forbidden, NotFound
from zaffre.kinds.artifact_path import Place
from zaffre.ports.tokens import Principal, Role
from zaffre.services.context import Context

_DEEPEST = 20
_WRITERS = (Role.OWNER, Role.CONTRIBUTOR)


def check(
    ctx: Context, principal: Principal, workspace: str, place: Place, *, writing: bool
) -> None:
    """Refuse what a principal may not do at a place.

    Raises:
        Forbidden: it may not.
        NotFound: what is written to is not there.
    """
    if writing:
        _check_exists(ctx, workspace, place)
    if principal.role in _WRITERS or (principal.role is Role.READER and not writing):
        return
    if principal.role is Role.JOB and _is_of_job(
        ctx, principal, workspace, place, writing=writing
    ):
        return
    raise Forbidden("You may not do this to these artifacts.")


def check_writer(principal: Principal) -> None:
    """Refuse readers.

    Raises:
        Forbidden: it is one.
    """
    if principal.role is Role.READER:
        raise Forbidden(f"Your role `{principal.role}` does not allow this.")


def check_run(ctx: Context, principal: Principal, workspace: str, run: str | None) -> None:
    """Refuse a job that speaks of a run which is neither itself nor below itself.

    Raises:
        Forbidden: it is another's.
    """
    check_writer(principal)
    if principal.role is Role.JOB and not _is_own_run(ctx, principal, workspace, run or ""):
        raise Forbidden("A job's token reaches its own run only.")


def _check_exists(ctx: Context, workspace: str, place: Place) -> None:
    if place.kind == "run":
        ctx.tracking.get_info(workspace, place.id)
    if place.kind == "logged_model":
        ctx.logged_models.get(workspace, place.id)


def _is_of_job(
    ctx: Context, principal: Principal, workspace: str, place: Place, *, writing: bool
) -> bool:
    if place.kind == "run":
        return _is_own_run(ctx, principal, workspace, place.id)
    if not writing:
        # A job may load any model that is logged or registered in its workspace.
        return place.kind in ("logged_model", "tree")
    if place.kind == "logged_model":
        run = ctx.logged_models.get(workspace, place.id).source_run_id or ""
        return _is_own_run(ctx, principal, workspace, run)
    return False


def _is_own_run(ctx: Context, principal: Principal, workspace: str, run: str) -> bool:
    """Say whether a run is the job's own or one of its descendants."""
    for _ in range(_DEEPEST):
        if not run or run == principal.job:
            return bool(run)
        try:
            run = ctx.tracking.get_info(workspace, run).parent
        except NotFound:
            return False
    return False
