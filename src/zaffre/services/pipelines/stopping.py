"""Stop the steps of a pipeline that is to end."""

from __future__ import annotations

import contextlib

from zaffre.errors import Conflict, NotFound
from zaffre.kinds.job import StepStatus
from zaffre.services.context import Context
from zaffre.services.pipelines.children import jobs_named


def cancel_child(ctx: Context, workspace: str, step: StepStatus) -> None:
    """Ask the job of a step to stop, if it is under way."""
    child = jobs_named(ctx, workspace, [step.job]).get(step.job) if step.job else None
    if child is None:
        return
    kind = ctx.job_types.get(str(getattr(child.spec, "type", "")))
    if kind is not None:
        with contextlib.suppress(Conflict, NotFound):
            kind.cancel(ctx, child.key)
