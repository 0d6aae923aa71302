"""A virtual environment and what uv puts into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zaffre.runtime.builder.failure import explain
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.pythons import Chosen, choose_python
from zaffre.runtime.builder.tool import Ended, Tool, interpreter_in, say

WHEELS_ONLY = ("--only-binary", ":all:")
"""Options of uv with which no package runs code of its own."""


def base(tool: Tool, order: Order) -> Chosen:
    """Give the Python that an order's environment stands on.

    Raises:
        BuildError: it is not here and nothing may take its place.
    """
    named = order.recipe.interpreter
    if named in ("", "current"):
        return choose_python(tool, order)
    return Chosen(Path(named), "")


def make(tool: Tool, chosen: Chosen, prefix: Path, *, seed: bool) -> None:
    """Make a virtual environment; `seed` puts pip into it.

    Raises:
        BuildError: it cannot be made.
    """
    say(f"Making an environment with {chosen.path}")
    seeded = ["--seed"] if seed else []
    ended = tool.run(
        "venv", "--quiet", "--allow-existing", *seeded, "--python", str(chosen.path), str(prefix)
    )
    if ended.status != 0:
        raise explain(ended.messages)


def install(tool: Tool, prefix: Path, lines: Sequence[str], *options: str) -> None:
    """Install requirement lines.

    Raises:
        BuildError: they cannot be had.
    """
    ended = try_install(tool, prefix, lines, *options)
    if ended.status != 0:
        raise explain(ended.messages)


def try_install(tool: Tool, prefix: Path, lines: Sequence[str], *options: str) -> Ended:
    """Install requirement lines, if they can be had."""
    if not lines:
        return Ended(0, "")
    say(f"Installing {', '.join(line.split(' --hash')[0] for line in lines)}")
    python = str(interpreter_in(prefix))
    given = "\n".join(lines)
    return tool.run(
        "pip", "install", "--python", python, *options, "--requirement", "-", given=given
    )
