"""Computes: the local pool, and names that stand for it."""

from __future__ import annotations

from zaffre.errors import Conflict
from zaffre.kinds.resource import Key
from zaffre.services import resources
from zaffre.services.context import Context

LOCAL = "local"


def delete(ctx: Context, key: Key) -> None:
    """Delete a compute.

    Raises:
        Conflict: it is the machine itself.
        NotFound: there is none.
    """
    if key.name == LOCAL:
        raise Conflict(f"`{LOCAL}` is this machine and stays.", hint="Change its `slots` instead.")
    resources.delete(ctx, key)
