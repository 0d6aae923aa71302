"""Keeping the locks of environments: content of its own, named by the environment's status."""

from __future__ import annotations

from dataclasses import replace

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.environment import ENVIRONMENT
from zaffre.kinds.lock import Lock
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.artifacts import ArtifactStore
from zaffre.ports.builder import Ready
from zaffre.ports.metadata import Browse, Put
from zaffre.services.context import Context
from zaffre.services.environments.finding import recipe_of_version, status_of, stored_or_curated

_PAGE = 1000


def keep_locks(ctx: Context) -> None:
    """Keep the locks of environments that were built and have none yet.

    Whoever comes first decides: what is built later, here or elsewhere, is built from that lock.
    """
    query = Browse(ENVIRONMENT.name, versions=True, archived=None, limit=_PAGE)
    while True:
        page = ctx.metadata.browse(query)
        for found in page.items:
            _keep(ctx, found)
        if not page.next:
            return
        query = replace(query, after=page.next)


def lock_of(ctx: Context, key: Key, platform: str | None = None) -> str:
    """Give the text of an environment's lock: of a platform, or of the only one.

    Raises:
        NotFound: there is no such environment, or it was not built on such a platform.
    """
    locks = status_of(stored_or_curated(ctx, key)).locks
    digest = locks.get(platform or next(iter(locks), ""))
    if digest is None:
        known = ", ".join(sorted(locks))
        raise NotFound(
            f"The environment `{key.name}` has no lock{f' for {platform}' if platform else ''}.",
            hint=f"It has one for {known}." if known else "It gets one when it is built.",
        )
    return read_lock(ctx.artifacts, digest)


def read_lock(artifacts: ArtifactStore, digest: str) -> str:
    """Give the text of a lock, "" if it is not there any more."""
    try:
        with artifacts.open(digest) as file:
            return file.read().decode()
    except NotFound:
        return ""


def _keep(ctx: Context, found: Resource) -> None:
    status = status_of(found)
    try:
        built = ctx.builder.look(recipe_of_version(ctx, found))
        if not isinstance(built, Ready) or built.lock is None:
            return
        text = built.lock.read_text(encoding="utf-8")
        platform = Lock.from_text(text).platform
        if platform in status.locks:
            return
        blob = ctx.artifacts.put([text.encode()])
        kept = status.model_copy(update={"locks": {**status.locks, platform: blob.digest}})
        ctx.metadata.apply([Put(replace(found, status=kept))], ctx.actor)
    except (Invalid, NotFound, Conflict, OSError):
        return  # it was deleted or changed meanwhile, or cannot be had here: no lock for now
