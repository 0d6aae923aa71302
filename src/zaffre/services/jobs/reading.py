"""What can be seen of a job: its log, its outputs, its files."""

from __future__ import annotations

from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds.artifact_path import owner
from zaffre.kinds.job import JobStatus
from zaffre.kinds.resource import Key
from zaffre.services import history, run_files
from zaffre.services.context import Context
from zaffre.services.jobs.backends import compute_at
from zaffre.services.jobs.facts import place_name

LOG = "user_logs/std_log.txt"


def logs(ctx: Context, key: Key, offset: int, limit: int) -> bytes:
    """Give bytes of a job's merged output from an offset; none at its present end."""
    compute = compute_at(ctx, key)
    data = compute.logs(place_name(key), offset, limit)
    folder = compute.folder(place_name(key))
    here = folder is not None and (folder / LOG).exists()
    return data if data or here else _kept_log(ctx, key, offset, limit)


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
