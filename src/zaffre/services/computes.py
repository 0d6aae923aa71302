"""Computes: the local pool, and names that stand for it."""

from __future__ import annotations

from collections.abc import Mapping

from zaffre.errors import Conflict, NotFound
from zaffre.kinds.resource import Key
from zaffre.services import resources
from zaffre.services.context import Context

LOCAL = "local"
STOPPED = "Stopped"
RUNNING = "Running"

BACKENDS: Mapping[str, str] = {}
"""What runs the jobs of a type of compute, where that is not this machine's own pool."""


def delete(ctx: Context, key: Key) -> None:
    """Delete a compute.

    Raises:
        Conflict: it is the machine itself.
        NotFound: there is none.
    """
    if key.name == LOCAL:
        raise Conflict(f"`{LOCAL}` is this machine and stays.", hint="Change its `slots` instead.")
    resources.delete(ctx, key)


def name_of(compute: str | None) -> str:
    """Give the bare name of what a document calls its compute."""
    return (compute or LOCAL).removeprefix("azureml:").partition(":")[0] or LOCAL


def backend(ctx: Context, workspace: str, compute: str | None) -> str:
    """Give the name of the backend of what a document calls its compute."""
    name = name_of(compute)
    if name == LOCAL:
        return LOCAL
    try:
        spec = ctx.metadata.get(Key("compute", workspace, name)).spec
    except NotFound:
        return LOCAL
    return BACKENDS.get(getattr(spec, "type", LOCAL), LOCAL)
