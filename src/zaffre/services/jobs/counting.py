"""How much of its data a job has processed: what its runner told its run."""

from __future__ import annotations

from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds import parallel, processed, table_job
from zaffre.kinds.resource import Resource
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, status_of

_RUNNERS = (parallel.VARIABLE, table_job.VARIABLE)
"""Variables of jobs whose runner counts."""


def counted(ctx: Context, job: Resource) -> dict[str, Any]:
    """Give the counts of a job as facts of its status, with a warning where something failed.

    {} for jobs that do not go through data in parts.
    """
    if not any(name in spec_of(job).environment_variables for name in _RUNNERS):
        return {}
    try:
        run = ctx.tracking.get_run(job.key.workspace, job.key.name)
    except NotFound:  # somebody deleted it
        return {}
    found = processed.read(run.tags)
    if found is None:
        return {}
    warnings = [*status_of(job).warnings, *filter(None, [found.warning()])]
    return {"processed": found, "warnings": tuple(dict.fromkeys(warnings))}
