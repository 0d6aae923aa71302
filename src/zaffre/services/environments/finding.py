"""What a document means by an environment: a version, a curated name, or one written in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import catalogue
from zaffre.kinds.environment import ENVIRONMENT, EnvironmentSpec, EnvironmentStatus
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.recipe import Recipe
from zaffre.kinds.reference import Asset, RegistryAsset, parse_remote
from zaffre.kinds.reference import asset as parse_asset
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.builder import Build, Retry
from zaffre.services import recipes, resources
from zaffre.services.context import Context
from zaffre.services.environments.reading import recipe_of
from zaffre.services.typed import status_as

ANONYMOUS = "anonymous"
"""The name of environments that were written inside documents; the version is their hash."""

_VERSION = 30

Wanted = str | InlineEnvironment | None
"""What a job or deployment says: a reference, an environment written there, or nothing."""


@dataclass(frozen=True)
class Pinned:
    """What a document's environment was found to be. `id` names the same one for ever."""

    id: str
    recipe: Recipe


def pin(ctx: Context, workspace: str, wanted: Wanted) -> Pinned:
    """Find what a document means, and keep what is written in it as an anonymous version.

    Raises:
        NotFound: there is no such environment.
        Invalid: it is written wrong or cannot be had here.
    """
    if wanted is None:
        return Pinned("", recipes.CURRENT)
    if isinstance(wanted, str):
        return _named(ctx, workspace, wanted)
    recipe = recipe_of(ctx, wanted)
    return Pinned(str(_keep(ctx, workspace, wanted, recipe)), recipe)


def ensure(
    ctx: Context,
    workspace: str,
    wanted: Wanted,
    retry: Retry = Retry.NEVER,
    *,
    contained: bool = False,
) -> Build:
    """Give a document's environment ready to use, or begin to build it; never waits.

    `contained` says that the caller can use a container; else something stands in for an image.

    Loops call this again and again; the first call for a new job has `Retry.PAUSED`.

    Raises:
        NotFound: there is no such environment.
        Invalid: it is written wrong or cannot be had here.
    """
    recipe = _find(ctx, workspace, wanted)
    return ctx.builder.ensure(recipe if contained else replace(recipe, image=""), retry)


def _find(ctx: Context, workspace: str, wanted: Wanted) -> Recipe:
    if isinstance(wanted, InlineEnvironment):
        return recipe_of(ctx, wanted)
    return _named(ctx, workspace, wanted).recipe if wanted else recipes.CURRENT


def _named(ctx: Context, workspace: str, text: str) -> Pinned:
    reference = parse_remote(text) if text.startswith("azureml://") else parse_asset(text)
    if isinstance(reference, RegistryAsset):
        return _in_registry(reference)
    if not isinstance(reference, Asset):
        raise Invalid(
            f"`{text}` is no environment.",
            hint="Write `azureml:NAME:VERSION`, `azureml:NAME@latest` or a curated name.",
        )
    version = reference.version or reference.label or "latest"
    if version != "latest" and reference.label:
        raise NotFound(
            f"Environment `{reference.name}` has no label `{reference.label}`.",
            hint="Use `@latest`.",
        )
    found = stored_or_curated(ctx, Key(ENVIRONMENT.name, workspace, reference.name, version))
    if found.revision == 0:
        return _in_registry(_curated_reference(reference.name))
    return Pinned(str(Asset(found.key.name, found.key.version)), recipe_of_version(ctx, found))


def _in_registry(reference: RegistryAsset) -> Pinned:
    recipe = recipes.of_curated(reference.name)
    if (
        reference.kind != "environments"
        or reference.registry not in catalogue.REGISTRIES
        or recipe is None
    ):
        families = ", ".join(f"`{family.begins[0]}-…`" for family in catalogue.FAMILIES)
        raise NotFound(
            f"There is no environment `{reference}` here.",
            hint=f"The catalogue stands in for the registry `azureml`: {families}.",
        )
    return Pinned(str(reference), recipe)


def _curated_reference(name: str) -> RegistryAsset:
    return RegistryAsset(catalogue.REGISTRIES[0], "environments", name, label="latest")


def stored_or_curated(ctx: Context, key: Key) -> Resource:
    """Give a version, or a curated environment (revision 0).

    Raises:
        NotFound: there is neither.
    """
    try:
        return ctx.metadata.get(key)
    except NotFound:
        found = catalogue.find(key.name)
        if found is None:
            raise
        spec = EnvironmentSpec(
            description="Curated: from the catalogue.", requirements=list(found.requirements)
        )
        return Resource(replace(key, version="latest"), spec, EnvironmentStatus())


def _keep(ctx: Context, workspace: str, inline: InlineEnvironment, recipe: Recipe) -> Asset:
    """Store an environment that was written in a document, once for each content."""
    spec = EnvironmentSpec(**inline.model_dump(exclude={"name", "version"}))
    name = inline.name or ANONYMOUS
    version = inline.version or recipe.digest()[:_VERSION]
    key = Key(ENVIRONMENT.name, workspace, name, version)
    status = EnvironmentStatus(is_anonymous=inline.name is None)
    try:
        resources.create(_without_once(ctx), ENVIRONMENT, key, spec, status=status)
    except Conflict:
        kept = ctx.metadata.get(key)
        if recipe_of_version(ctx, kept).digest() != recipe.digest():
            raise
    return Asset(name, version)


def _without_once(ctx: Context) -> Context:
    """Give a context that leaves the request's idempotency to the job or deployment."""
    return ctx.acting(replace(ctx.actor, once=None))


def recipe_of_version(ctx: Context, found: Resource) -> Recipe:
    """Give the recipe of a stored version or a curated environment.

    Raises:
        Invalid: it cannot be had here.
    """
    if found.revision == 0:
        curated = recipes.of_curated(found.key.name)
        if curated is not None:
            return curated
    if not isinstance(found.spec, EnvironmentSpec):
        raise Invalid(f"`{found.key.name}` is no environment.")
    locks = tuple(sorted(status_of(found).locks.items()))
    return replace(recipe_of(ctx, found.spec), locks=locks)


def status_of(found: Resource) -> EnvironmentStatus:
    """Give what is known of an environment."""
    return status_as(EnvironmentStatus, found)
