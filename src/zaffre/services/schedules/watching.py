"""What data triggers see: new versions of an asset, or what lies at a path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import NamedTuple, cast

from zaffre.errors import Invalid, NotFound, Place, Problem
from zaffre.kinds.reference import DatastorePath, parse_remote
from zaffre.kinds.resource import Resource
from zaffre.kinds.schedule import Trigger
from zaffre.ports.metadata import Browse
from zaffre.services import datastores
from zaffre.services.context import Context
from zaffre.services.schedules.jobs_of import spec_of

SETTLED_SECONDS = 2.0
"""How long nothing at a path must have changed: a file may still be written."""

_MOST_FILES = 100_000
_MOST_VERSIONS = 1000


class Sight(NamedTuple):
    """What a data trigger came to see: how it is remembered, and the data if a job is wanted."""

    mark: str
    data: str | None = None


def require(ctx: Context, workspace: str, trigger: Trigger) -> None:
    """Refuse a trigger on a place that cannot be watched.

    Raises:
        Invalid: there is no such datastore.
    """
    if not trigger.path:
        return
    try:
        datastores.folder(ctx, workspace, cast("DatastorePath", parse_remote(trigger.path)))
    except NotFound as error:
        hint = "`zaffre datastore list` shows them."
        problem = Problem(error.message, Place(field="trigger.path"), hint)
        raise Invalid(error.message, hint=hint, problems=(problem,)) from None


def present(ctx: Context, schedule: Resource) -> str | None:
    """Give the mark of what is there now: None for a trigger of time, "" for nothing."""
    trigger = spec_of(schedule).trigger
    if trigger.type != "data":
        return None
    if trigger.data:
        versions = _versions(ctx, schedule)
        return _mark(versions[0]) if versions else ""
    return _content(ctx, schedule, None)


def news(ctx: Context, schedule: Resource) -> list[Sight]:
    """Give what a data trigger sees that it has not seen, oldest first.

    Each version of an asset is seen once; one that was archived meanwhile wants no job. A path
    that changes just now is seen as before.
    """
    trigger, before = spec_of(schedule).trigger, getattr(schedule.status, "seen", None) or ""
    if trigger.data:
        name = _asset(trigger.data)
        return [
            Sight(_mark(one), None if one.archived else f"azureml:{name}:{one.key.version}")
            for one in reversed(_newer(_versions(ctx, schedule), before))
        ]
    now = _content(ctx, schedule, before)
    return [Sight(now, trigger.path if now else None)] if now != before else []


def _asset(text: str) -> str:
    return text.removeprefix("azureml:").partition(":")[0].partition("@")[0]


def _versions(ctx: Context, schedule: Resource) -> list[Resource]:
    """Give the versions of the asset, newest first."""
    name = _asset(spec_of(schedule).trigger.data or "")
    query = Browse(
        "data",
        schedule.key.workspace,
        where={"name": name},
        versions=True,
        archived=None,
        limit=_MOST_VERSIONS,
    )
    return list(ctx.metadata.browse(query).items)


def _newer(versions: list[Resource], before: str) -> list[Resource]:
    """Give the versions since the one seen last, which may be deleted by now."""
    marks = [_mark(one) for one in versions]
    if before in marks:
        return versions[: marks.index(before)]
    return [one for one in versions if _stamp(one) > before.partition(" ")[0]]


def _mark(version: Resource) -> str:
    return f"{_stamp(version)} {version.key.version}"


def _stamp(version: Resource) -> str:
    return version.created_at.astimezone(UTC).isoformat() if version.created_at else ""


def _content(ctx: Context, schedule: Resource, before: str | None) -> str:
    reference = cast("DatastorePath", parse_remote(spec_of(schedule).trigger.path or ""))
    try:
        place = datastores.folder(ctx, schedule.key.workspace, reference)
    except (Invalid, NotFound):
        return before or ""
    rows = sorted(_rows(place))
    newest = max((row[2] for row in rows), default=0) / 1e9
    if before is not None and ctx.clock.now().timestamp() - newest < SETTLED_SECONDS:
        return before
    return (
        hashlib.sha256(repr(rows).encode("utf-8", "surrogateescape")).hexdigest() if rows else ""
    )


def _rows(place: Path) -> Iterator[tuple[str, int, int]]:
    if place.is_file():
        found = place.stat()
        yield place.name, found.st_size, found.st_mtime_ns
        return
    count = 0
    for folder, _, files in os.walk(place):
        for name in files:
            path = Path(folder, name)
            count += 1
            if count > _MOST_FILES:
                return
            if path.is_file() and not path.is_symlink():
                found = path.stat()
                yield str(path.relative_to(place)), found.st_size, found.st_mtime_ns
