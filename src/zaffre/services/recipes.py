"""From what a document says to a recipe. Pure: it looks at no machine and opens no file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from zaffre.errors import Invalid
from zaffre.kinds import catalogue, image, requirement
from zaffre.kinds.conda import CondaFile
from zaffre.kinds.environment import EnvironmentSpec
from zaffre.kinds.recipe import Recipe, Relax

CURRENT = Recipe(interpreter="current", own=False)
"""The interpreter that the server runs in, as it is: what a job without an environment gets."""

_VERSION = re.compile(r"\d+(?:\.\d+){0,2}")


@dataclass(frozen=True)
class Sources:
    """The contents of the files that a spec names."""

    conda: CondaFile | None = None
    lines: tuple[str, ...] = ()


def recipe_of(spec: EnvironmentSpec, sources: Sources) -> Recipe:
    """Give the recipe of an environment.

    Raises:
        Invalid: it cannot be had on this kind of installation.
    """
    if spec.build is not None:
        raise Invalid(
            "An environment with a Dockerfile needs a container engine, and there is none here.",
            hint="Give `conda_file` or `requirements`, or an interpreter as `python`.",
            code="needs_container_engine",
        )
    if sources.conda is not None:
        return _unused_image(spec.image, of_conda(sources.conda))
    if spec.python is not None:
        return _unused_image(spec.image, _of_python(spec.python, sources.lines))
    if spec.image is not None:
        return _of_image(spec.image, sources.lines)
    return Recipe(requirements=sources.lines)


def of_conda(file: CondaFile) -> Recipe:
    """Give the recipe of a conda file. `pip` is always there: only a version of it counts."""
    packages = [p for p in file.packages if p.name != "pip" or p.version]
    lines = requirement.checked(file.pip, "dependencies.pip")
    pinned = [p for p in packages if p.name == "pip"]
    others = [p for p in packages if p.name != "pip"]
    warnings = (
        ("`variables` of the conda file are not set: use `environment_variables`.",)
        if file.variables
        else ()
    )
    if not others:
        own = tuple(f"pip{p.specifier() or ''}" for p in pinned)
        return Recipe(
            python=file.python, requirements=own + lines, relax=Relax.ABSENT, warnings=warnings
        )
    return Recipe(
        python=file.python,
        requirements=lines,
        conda=tuple(p.match_spec() for p in packages),
        channels=file.channels or ("conda-forge",),
        relax=Relax.ABSENT,
        warnings=warnings,
    )


def of_curated(name: str) -> Recipe | None:
    """Give the recipe of a curated name, or None if the catalogue has none."""
    found = catalogue.find(name)
    return Recipe(requirements=found.requirements, relax=Relax.ALWAYS) if found else None


def _of_python(python: str, lines: tuple[str, ...]) -> Recipe:
    if _VERSION.fullmatch(python):
        return Recipe(python=_specifier(python), requirements=lines)
    if python != "current" and not python.startswith("/"):
        raise Invalid(
            f"`{python}` is no interpreter.",
            hint="Write `current`, an absolute path, or a version such as `3.12`.",
        )
    return Recipe(interpreter=python, own=bool(lines), requirements=lines)


def _of_image(name: str, lines: tuple[str, ...]) -> Recipe:
    known = image.read(name)
    if known.python:
        python = _specifier(known.version) if known.version else ""
        used = "" if lines else name
        return Recipe(python=python, requirements=lines, relax=Relax.ABSENT, image=used)
    curated = of_curated(known.curated) if known.curated else None
    found = (
        replace(curated, requirements=curated.requirements + lines)
        if curated
        else Recipe(requirements=lines, image="" if lines else name)
    )
    return _unused_image(name, found)


def _specifier(version: str) -> str:
    return f"=={version}" if version.count(".") > 1 else f"=={version}.*"


def _unused_image(name: str | None, recipe: Recipe) -> Recipe:
    if name is None:
        return recipe
    return recipe.warned(f"The image `{name}` is not used: there is no container engine here.")
