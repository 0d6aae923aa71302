"""The Python of an environment: one that is here, one that uv fetches, or the nearest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zaffre.kinds.interpreter import Interpreter, choose, nearest
from zaffre.kinds.recipe import Relax
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, say


@dataclass(frozen=True)
class Chosen:
    """The Python to build with; `instead` of the one asked for, as `warning` says."""

    path: Path
    version: str
    instead: bool = False
    warning: str = ""


def choose_python(tool: Tool, order: Order) -> Chosen:
    """Give the Python for an order.

    Raises:
        BuildError: it is not here and nothing may take its place.
    """
    wanted = order.recipe.python
    found = choose(wanted, order.pythons)
    if found is not None:
        return Chosen(Path(found.path), found.version)
    fetched = _fetch(tool, wanted) if order.downloads else None
    if fetched is not None:
        return fetched
    if order.strict or order.recipe.relax is Relax.NEVER:
        raise _absent(wanted, order)
    return _instead(wanted, nearest(wanted, order.pythons))


def _instead(wanted: str, other: Interpreter) -> Chosen:
    warning = (
        f"Python {_shown(wanted)} is not on this machine and cannot be fetched: Python "
        f"{other.version} is used in its place. Install it, and build again, to have it exactly."
    )
    say(f"WARNING: {warning}")
    return Chosen(Path(other.path), other.version, instead=True, warning=warning)


def _fetch(tool: Tool, wanted: str) -> Chosen | None:
    """Let uv fetch a Python; None if it cannot."""
    say(f"Python {_shown(wanted)} is not on this machine: trying to fetch it")
    ended = tool.run("python", "install", "--no-bin", wanted)
    if ended.status != 0:
        return None
    where = tool.run("python", "find", "--managed-python", wanted)
    path = where.answer.strip()
    if where.status != 0 or not path:
        return None
    version = tool.start(
        [path, "-I", "-c", "import platform; print(platform.python_version())"]
    ).answer.strip()
    return Chosen(Path(path), version)


def _absent(wanted: str, order: Order) -> BuildError:
    known = {each.number: each.version for each in order.pythons}
    here = ", ".join(known[number] for number in sorted(known))
    return BuildError(
        f"Python {_shown(wanted)} is not on this machine and cannot be fetched.",
        f"Install it, or ask for one of those that are here: {here}.",
    )


def _shown(specifier: str) -> str:
    bare = specifier.removeprefix("==").removesuffix(".*")
    return bare if bare.replace(".", "").isdigit() else specifier
