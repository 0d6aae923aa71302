"""What can be seen of a job: its log, its outputs, its files."""

from __future__ import annotations

from typing import Any

from zaffre.errors import NotFound, Unavailable
from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job import JobStatus
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.resource import Key
from zaffre.services import history, run_files
from zaffre.services.context import Context
from zaffre.services.jobs.backends import compute_at
from zaffre.services.jobs.facts import place_name

LOG = "user_logs/std_log.txt"


def logs(ctx: Context, key: Key, offset: int, limit: int) -> bytes:
    """Give bytes of a job's merged output from an offset; none at its present end.

    There are none while it runs on another server's machine; they all come when it has ended.
    """
    compute = compute_at(ctx, key)
    data = compute.logs(place_name(key), offset, limit)
    folder = compute.folder(place_name(key))
    here = folder is not None and (folder / LOG).exists()
    return data if data or here else _kept_log(ctx, key, offset, limit)


def require_here(ctx: Context, key: Key) -> None:
    """Refuse what only the server can show on whose machine a job runs.

    Raises:
        Unavailable: it runs on another one; the message says where.
    """
    status = ctx.metadata.get(key).status
    if ctx.servers is None or not isinstance(status, JobStatus) or status.status in TERMINAL:
        return
    if status.server in (None, ctx.server):
        return
    there = next((one for one in ctx.servers.members() if one.id == status.server), None)
    where = f"{there.host} ({there.url})" if there else f"server {status.server}"
    raise Unavailable(
        f"Job `{key.name}` runs on {where}, where its log is until it ends.",
        hint=f"Ask there: ZAFFRE_URL={there.url}" if there else None,
        code="elsewhere",
    )


def _kept_log(ctx: Context, key: Key, offset: int, limit: int) -> bytes:
    kept = ctx.files.get(owner("run", key.workspace, key.name), LOG)
    if kept is None or offset >= kept.size:
        return b""
    with ctx.artifacts.open(kept.digest) as file:
        file.seek(offset)
        return file.read(limit)


def outputs(ctx: Context, key: Key) -> dict[str, Any]:
    """List a job's outputs, and the files of its run.

    Raises:
        NotFound: there is no such job or run.
    """
    try:
        status = ctx.metadata.get(key).status
        results = status.results if isinstance(status, JobStatus) else {}
    except NotFound:
        history.run_of(ctx, key.workspace, key.name)
        results = {}
    run = run_files.below(ctx, owner("run", key.workspace, key.name))
    return {
        "outputs": {
            name: result.model_dump(exclude_none=True) for name, result in results.items()
        },
        "artifacts": [{"path": f.path, "digest": f.digest, "size": f.size} for f in run],
    }
