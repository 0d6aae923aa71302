"""Which backend runs a job: told by its compute."""

from __future__ import annotations

from zaffre.errors import NotFound
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.compute import Compute
from zaffre.services import computes
from zaffre.services.context import Context


def compute_of(ctx: Context, job: Resource) -> Compute:
    """Give what runs a job.

    Raises:
        NotFound: its backend is not installed.
    """
    asked = job.spec.compute if isinstance(job.spec, CommandJobSpec) else None
    return ctx.compute(computes.backend(ctx, job.key.workspace, asked))


def compute_at(ctx: Context, key: Key) -> Compute:
    """Give what runs, or ran, the job of a key; this machine where no such job is known."""
    try:
        return compute_of(ctx, ctx.metadata.get(key))
    except NotFound:
        return ctx.compute(computes.LOCAL)
