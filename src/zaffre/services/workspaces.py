"""Workspaces: what each has from its first moment on."""

from __future__ import annotations

import contextlib

from zaffre.errors import Conflict, NotFound
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Add, Write
from zaffre.services import datastores
from zaffre.services.context import Context

DEFAULT = "default"
FIRST: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("compute", "local", {"type": "local", "description": "This machine."}),
    (
        "datastore",
        "workspaceblobstore",
        {"type": "local", "description": "The workspace's own folder for data."},
    ),
)


def key_of(name: str) -> Key:
    """Give the key of a workspace; workspaces lie in none."""
    return Key("workspace", "", name)


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Make a workspace with its local compute and its datastore.

    Raises:
        Conflict: there is one of that name.
    """
    writes: list[Write] = [Add(Resource(key, spec, kind("workspace").status()))]
    for noun, called, document in FIRST:
        defined = kind(noun)
        own, made = (
            Key(noun, key.name, called),
            defined.spec_for(document).model_validate(document),
        )
        status = datastores.first_status(ctx, own) if noun == "datastore" else defined.status()
        writes.append(Add(Resource(own, made, status)))
    return ctx.metadata.apply(writes, ctx.actor)[0]


def ensure_default(ctx: Context) -> None:
    """Make the workspace `default` where there is none yet."""
    try:
        ctx.metadata.get(key_of(DEFAULT))
    except NotFound:
        defined = kind("workspace")
        spec = defined.spec.model_validate({"description": "The first workspace."})
        with contextlib.suppress(Conflict):  # another server made it meanwhile
            create(ctx, key_of(DEFAULT), spec)


def require(ctx: Context, name: str) -> None:
    """Refuse a workspace that is not there.

    Raises:
        NotFound: it is not.
    """
    try:
        ctx.metadata.get(key_of(name))
    except NotFound as error:
        error.hint = "`zaffre workspace list` shows what there is."
        raise


def delete(ctx: Context, key: Key) -> None:
    """Refuse to delete a workspace: it would take everything in it along.

    Raises:
        Conflict: always, with what to do instead.
    """
    require(ctx, key.name)
    raise Conflict(
        f"Workspace `{key.name}` cannot be deleted, for everything in it would go.",
        hint=f"Archive it: `zaffre workspace archive -n {key.name}`.",
    )
