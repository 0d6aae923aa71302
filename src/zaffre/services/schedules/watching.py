"""What data triggers see: the latest version of an asset, or what lies at a path."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.reference import DatastorePath, parse_remote
from zaffre.kinds.resource import Key, Resource
from zaffre.services import datastores
from zaffre.services.context import Context
from zaffre.services.schedules.jobs_of import spec_of

SETTLED_SECONDS = 2.0
"""How long nothing at a path must have changed: a file may still be written."""

_MOST_FILES = 100_000


def seen(ctx: Context, schedule: Resource) -> str | None:
    """Give what a data trigger sees now; None for one of time, "" while there is nothing.

    A path that changes just now is seen as before.
    """
    trigger = spec_of(schedule).trigger
    if trigger.type != "data":
        return None
    if trigger.data:
        return _version(ctx, schedule.key.workspace, trigger.data)
    before = getattr(schedule.status, "seen", None)
    return _content(ctx, schedule.key.workspace, trigger.path or "", before)


def _version(ctx: Context, workspace: str, text: str) -> str:
    name = text.removeprefix("azureml:").partition(":")[0].partition("@")[0]
    try:
        return ctx.metadata.get(Key("data", workspace, name, "latest")).key.version
    except NotFound:
        return ""


def _content(ctx: Context, workspace: str, text: str, before: str | None) -> str:
    try:
        place = datastores.folder(ctx, workspace, cast("DatastorePath", parse_remote(text)))
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
