"""Reading the files that an environment names, and what they say."""

from __future__ import annotations

from zaffre.errors import Invalid
from zaffre.kinds import conda, requirement
from zaffre.kinds.environment import EnvironmentSpec
from zaffre.kinds.recipe import Recipe
from zaffre.kinds.reference import Tree, parse_remote
from zaffre.services import fields, files, recipes
from zaffre.services.context import Context

_LONGEST_FILE = 2**20


def recipe_of(ctx: Context, spec: EnvironmentSpec) -> Recipe:
    """Give the recipe of an environment.

    Raises:
        Invalid: a file of it cannot be read or used, or it cannot be had here.
    """
    return recipes.recipe_of(spec, _sources(ctx, spec))


def _sources(ctx: Context, spec: EnvironmentSpec) -> recipes.Sources:
    return recipes.Sources(conda=_conda(ctx, spec), lines=_lines(ctx, spec))


def _conda(ctx: Context, spec: EnvironmentSpec) -> conda.CondaFile | None:
    if spec.conda_file is None:
        return None
    with fields.at("conda_file"):
        file = spec.conda_file
        return conda.parse(_text(ctx, file, "conda_file") if isinstance(file, str) else file)


def _lines(ctx: Context, spec: EnvironmentSpec) -> tuple[str, ...]:
    given = spec.requirements
    if isinstance(given, str):
        return requirement.lines(_text(ctx, given, "requirements"))
    return requirement.checked(given or ())


def _text(ctx: Context, reference: str, field: str) -> str:
    """Give the text of an uploaded file."""
    place = parse_remote(reference)
    leaf = files.load_tree(ctx, place.digest).find(place.file) if isinstance(place, Tree) else None
    if leaf is None:
        raise Invalid(
            f"`{field}` must be an uploaded file, or its content.",
            hint="The command line and the SDK upload a local file by themselves.",
        )
    if leaf.size > _LONGEST_FILE:
        raise Invalid(f"`{field}` is {leaf.size} bytes long; at most {_LONGEST_FILE} are read.")
    with ctx.artifacts.open(leaf.digest) as file:
        return file.read().decode("utf-8", errors="replace")
