"""Environments as people see them: versions, and how the build of each is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.environment import ENVIRONMENT, EnvironmentSpec, EnvironmentStatus
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.builder import Broken, Build, Building, Ready, Retry, Stored
from zaffre.ports.metadata import Browse, Page
from zaffre.services import resources
from zaffre.services.context import Context
from zaffre.services.environments.finding import ANONYMOUS, recipe_of_version, stored_or_curated
from zaffre.services.environments.reading import recipe_of

LOG_TAIL = 4096


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a version of an environment whose files can be read and mean something.

    Raises:
        Invalid: its conda file or a requirement cannot be used.
        Conflict: the version exists already.
    """
    if not isinstance(spec, EnvironmentSpec):
        raise Invalid("This is no environment.")
    if spec.build is None:
        recipe_of(ctx, spec)
    return resources.create(ctx, ENVIRONMENT, key, spec)


def show(ctx: Context, key: Key) -> Resource:
    """Give an environment with how its build is now; curated names are known in every workspace.

    Raises:
        NotFound: there is none.
    """
    return _alive(ctx, stored_or_curated(ctx, key))


def browse(ctx: Context, query: Browse) -> Page:
    """List environments, a page at a time; anonymous ones only when asked for by name."""
    page = ctx.metadata.browse(query)
    kept = [each for each in page.items if each.key.name != ANONYMOUS or "name" in query.where]
    return Page([_brief(_alive(ctx, each)) for each in kept], page.next)


def build(ctx: Context, key: Key) -> Resource:
    """Begin to build an environment, unless it is built, and show how that goes.

    Raises:
        NotFound: there is none.
        Invalid: it cannot be built on this installation.
    """
    found = stored_or_curated(ctx, key)
    ctx.builder.ensure(recipe_of_version(ctx, found), Retry.NOW)
    return _alive(ctx, found)


def tend(ctx: Context) -> None:
    """Begin again builds that were interrupted; a step of the server's loop."""
    ctx.builder.tend()


def unused(ctx: Context, used: Sequence[str], before: float) -> list[Stored]:
    """List built environments whose hash is not in `used`, unused since `before` (unix time)."""
    return [
        each
        for each in ctx.builder.stored()
        if each.hash not in used and each.used_at < before and each.state != "building"
    ]


def _alive(ctx: Context, found: Resource) -> Resource:
    """Give an environment with what the builder knows of it now."""
    status = found.status if isinstance(found.status, EnvironmentStatus) else EnvironmentStatus()
    try:
        known = ctx.builder.look(recipe_of_version(ctx, found))
    except (Invalid, NotFound) as error:
        return replace(found, status=status.model_copy(update={"build_error": error.message}))
    return replace(found, status=status.model_copy(update=_facts(ctx, known)))


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
            return {
                "build_state": "ready",
                "hash": known.hash,
                "python_path": str(known.python),
                "python_version": known.version,
                "packages": list(known.packages),
                "warnings": list(known.warnings),
                "relaxed": list(known.relaxed),
                "build_seconds": known.seconds,
                "log_tail": ctx.builder.log(known.hash, LOG_TAIL),
            }
