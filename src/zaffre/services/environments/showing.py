"""Environments as people see them: versions, and how the build of each is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.environment import ENVIRONMENT, EnvironmentSpec
from zaffre.kinds.reference import Asset
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.builder import Broken, Build, Building, Ready, Retry, Stored
from zaffre.ports.metadata import Browse, Page
from zaffre.services import resources, uses
from zaffre.services.context import Context
from zaffre.services.environments.finding import (
    ANONYMOUS,
    recipe_of_version,
    status_of,
    stored_or_curated,
)
from zaffre.services.environments.locking import keep_locks
from zaffre.services.environments.reading import recipe_of
from zaffre.services.typed import spec_as

LOG_TAIL = 4096
LONGEST_LOG = 2**20


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a version of an environment whose files can be read and mean something.

    Raises:
        Invalid: its conda file or a requirement cannot be used.
        Conflict: the version exists already.
    """
    spec = spec_as(EnvironmentSpec, spec, "environment")
    if spec.build is None:
        recipe_of(ctx, spec)
    return resources.create(ctx, ENVIRONMENT, key, spec)


def show(ctx: Context, key: Key) -> Resource:
    """Give an environment with how its build is now; curated names are known in every workspace.

    Raises:
        NotFound: there is none.
    """
    found = stored_or_curated(ctx, key)
    return _alive(ctx, found, uses.environments_in_use(ctx, key.workspace))


def build_log(ctx: Context, key: Key) -> str:
    """Give the log of an environment's last build, empty if there was none.

    Raises:
        NotFound: there is no such environment.
    """
    found = ctx.builder.look(recipe_of_version(ctx, stored_or_curated(ctx, key)))
    return ctx.builder.log(found.hash, LONGEST_LOG) if found else ""


def browse(ctx: Context, query: Browse) -> Page:
    """List environments, a page at a time; anonymous ones only when asked for by name."""
    page = ctx.metadata.browse(query)
    kept = [each for each in page.items if each.key.name != ANONYMOUS or "name" in query.where]
    users = uses.environments_in_use(ctx, query.workspace) if kept else {}
    return Page([_brief(_alive(ctx, each, users)) for each in kept], page.next)


def build(ctx: Context, key: Key) -> Resource:
    """Begin to build an environment, unless it is built, and show how that goes.

    Raises:
        NotFound: there is none.
        Invalid: it cannot be built on this installation.
    """
    found = stored_or_curated(ctx, key)
    ctx.builder.ensure(recipe_of_version(ctx, found), Retry.NOW)
    return _alive(ctx, found, {})


def tend(ctx: Context) -> None:
    """Begin again builds that were interrupted, keep locks of those that ended: a loop's step."""
    if ctx.builder.tend():
        keep_locks(ctx)


def unused(ctx: Context, used: Sequence[str], before: float) -> list[Stored]:
    """List built environments whose hash is not in `used`, unused since `before` (unix time)."""
    return [
        each
        for each in ctx.builder.stored()
        if each.hash not in used and each.used_at < before and each.state != "building"
    ]


def _alive(ctx: Context, found: Resource, users: Mapping[str, list[str]]) -> Resource:
    """Give an environment with who needs it, and what the builder knows of it now."""
    known_users = users.get(str(Asset(found.key.name, found.key.version)), [])
    status = status_of(found).model_copy(update={"used_by": known_users})
    try:
        recipe = recipe_of_version(ctx, found)
        facts = {"made_of": recipe.kind} | _facts(ctx, ctx.builder.look(recipe))
    except (Invalid, NotFound) as error:
        facts = {"build_error": error.message}
    return replace(found, status=status.model_copy(update=facts))


def _brief(found: Resource) -> Resource:
    """Leave out what is long and no one reads in a list."""
    status = found.status.model_copy(update={"packages": [], "log_tail": ""})
    return replace(found, status=status)


def _facts(ctx: Context, known: Build | None) -> dict[str, object]:
    match known:
        case None:
            return {"build_state": "not_built"}
        case Building():
            tail = ctx.builder.log(known.hash, LOG_TAIL)
            return {"build_state": "building", "hash": known.hash, "log_tail": tail}
        case Broken():
            tail = ctx.builder.log(known.hash, LOG_TAIL)
            error = f"{known.error} {known.hint}".strip()
            return {
                "build_state": "failed",
                "hash": known.hash,
                "build_error": error,
                "log_tail": tail,
            }
        case Ready():
            if known.container is not None:
                return {"build_state": "ready", "hash": known.hash, "made_of": "image"}
            return {
                "build_state": "ready",
                "hash": known.hash,
                "python_path": str(known.python),
                "python_version": known.version,
                "packages": list(known.packages),
                "warnings": list(known.warnings),
                "relaxed": list(known.relaxed),
                "build_seconds": known.seconds,
                "size_bytes": known.bytes,
                "log_tail": ctx.builder.log(known.hash, LOG_TAIL),
            }
