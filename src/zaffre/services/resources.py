"""What all kinds share: create, show, browse, update, archive and delete a resource."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from zaffre.errors import Conflict, Stale
from zaffre.kinds.resource import Key, Kind, Resource, Spec, Status
from zaffre.ports.metadata import Add, Browse, Link, Page, Put, Remove
from zaffre.services.context import Context

IMMUTABLE = frozenset({"path", "conda_file", "image", "build", "requirements", "python", "type"})
"""Fields of a versioned asset that no update may change: others may have used this version."""


def create(
    ctx: Context,
    kind: Kind,
    key: Key,
    spec: Spec,
    *,
    status: Status | None = None,
    links: Sequence[Link] = (),
) -> Resource:
    """Store a new resource; a versioned one without a version gets the next number.

    Links whose target is "" lead to the new resource.

    Raises:
        Conflict: it exists already.
    """
    given = Resource(key, spec, status or kind.status())
    return ctx.metadata.apply([Add(given), *links], ctx.actor)[0]


def store(kind: Kind, ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a resource that does no more than exist.

    Raises:
        Conflict: it exists already.
    """
    return create(ctx, kind, key, spec)


def show(ctx: Context, key: Key) -> Resource:
    """Give a resource.

    Raises:
        NotFound: there is none.
    """
    return ctx.metadata.get(key)


def browse(ctx: Context, query: Browse) -> Page:
    """List resources, a page at a time."""
    return ctx.metadata.browse(query)


def browse_shown(ctx: Context, query: Browse, shown: Callable[[Resource], Resource]) -> Page:
    """List resources, each as it is shown."""
    page = ctx.metadata.browse(query)
    return Page([shown(found) for found in page.items], page.next)


def every(ctx: Context, query: Browse) -> list[Resource]:
    """Give all pages of a list, in ascending order."""
    found: list[Resource] = []
    query = replace(query, ascending=True, limit=1000)
    while True:
        page = ctx.metadata.browse(query)
        found += page.items
        if not page.next:
            return found
        query = replace(query, after=page.next)


def replace_spec(
    ctx: Context, kind: Kind, found: Resource, spec: Spec, *, revision: int | None = None
) -> Resource:
    """Give a resource a new spec.

    Raises:
        Stale: `revision` is not the stored one.
        Conflict: the content of a version would change.
    """
    check_revision(found, revision)
    if spec == found.spec:
        return found
    if kind.versioned and not found.container:
        _check_immutable(found, spec)
    return ctx.metadata.apply([Put(replace(found, spec=spec))], ctx.actor)[0]


def check_revision(found: Resource, revision: int | None) -> None:
    """Refuse a change that was made on another revision.

    Raises:
        Stale: it was.
    """
    if revision is not None and revision != found.revision:
        raise Stale(
            f"{found.key.kind} `{found.key.name}` is at revision {found.revision} now.",
            hint="Read it again and repeat the change.",
        )


def _check_immutable(found: Resource, spec: Spec) -> None:
    for name in sorted(IMMUTABLE & type(spec).model_fields.keys()):
        if getattr(spec, name) != getattr(found.spec, name):
            raise Conflict(
                f"`{name}` of `{found.key.name}` version {found.key.version} cannot change.",
                hint="A version never changes: leave `version` out, or give a new one.",
                code="immutable",
            )


def archive(ctx: Context, key: Key, *, archived: bool = True) -> Resource:
    """Take a resource out of the lists, or back in; what refers to it goes on working."""
    found = ctx.metadata.get(key)
    if found.archived == archived:
        return found
    return ctx.metadata.apply([Put(replace(found, archived=archived))], ctx.actor)[0]


def delete(ctx: Context, key: Key) -> None:
    """Delete a resource.

    Raises:
        NotFound: there is none.
    """
    found = ctx.metadata.get(key)
    ctx.metadata.apply([Remove(found.key)], ctx.actor)
