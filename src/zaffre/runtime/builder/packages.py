"""Putting packages into an environment's folder: conda's from channels, the others by uv."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zaffre.kinds.conda import package_of
from zaffre.kinds.conda_names import on_pypi
from zaffre.kinds.recipe import Relax
from zaffre.kinds.requirement import name_of
from zaffre.runtime.builder.failure import explain
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.pythons import Chosen, choose_python
from zaffre.runtime.builder.relaxing import relax
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Ended, Tool, interpreter_in, say


@dataclass(frozen=True)
class Filled:
    """What became of an order: what people should know, and which pins gave way."""

    warnings: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conda:
    """What became of conda packages: installed (perhaps with Python), or `lines` for pip."""

    python: bool = False
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fill(tool: Tool, order: Order, prefix: Path) -> Filled:
    """Make the environment in a folder that is not there yet.

    Raises:
        BuildError: it cannot be made.
    """
    base = cache(lambda: _base(tool, order))
    conda = _conda(tool, order, prefix, base) if order.recipe.conda else Conda()
    lines = (*conda.lines, *order.recipe.requirements)
    if conda.python:
        _install(tool, prefix, lines)
        return Filled(conda.warnings)
    chosen = base()
    _make_venv(tool, chosen, prefix, seed=all(name_of(line) != "pip" for line in lines))
    relaxed = _fill_venv(tool, order, chosen, prefix, lines)
    warnings = tuple(w for w in (chosen.warning, _relaxed_warning(relaxed)) if w)
    return Filled((*conda.warnings, *warnings), relaxed)


def _base(tool: Tool, order: Order) -> Chosen:
    named = order.recipe.interpreter
    if named in ("", "current"):
        return choose_python(tool, order)
    return Chosen(Path(named), "")


def _make_venv(tool: Tool, chosen: Chosen, prefix: Path, *, seed: bool) -> None:
    say(f"Making an environment with {chosen.path}")
    seeded = ["--seed"] if seed else []
    ended = tool.run(
        "venv", "--quiet", "--allow-existing", *seeded, "--python", str(chosen.path), str(prefix)
    )
    if ended.status != 0:
        raise explain(ended.messages)


def _fill_venv(
    tool: Tool, order: Order, chosen: Chosen, prefix: Path, lines: Sequence[str]
) -> tuple[str, ...]:
    may_relax = order.recipe.relax is Relax.ALWAYS or chosen.instead
    if not may_relax or order.strict:
        _install(tool, prefix, lines)
        return ()

    def resolves(lines: Sequence[str], wheels: Sequence[str]) -> bool:
        return _resolves(tool, prefix, lines, wheels)

    if _try(tool, prefix, lines, [":all:"]).status == 0:
        return ()
    say("Not to be had as asked: looking for versions that give way")
    found = relax(lines, resolves)
    for change in found.changes:
        say(f"WARNING: relaxed {change}")
    _install(tool, prefix, found.lines, found.wheels)
    return found.changes


def _resolves(tool: Tool, prefix: Path, lines: Sequence[str], wheels: Sequence[str]) -> bool:
    only = [part for name in wheels for part in ("--only-binary", name)]
    ended = tool.run(
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--python",
        str(interpreter_in(prefix)),
        *only,
        "-",
        given="\n".join(lines),
        quietly=True,
    )
    return ended.status == 0


def _install(tool: Tool, prefix: Path, lines: Sequence[str], wheels: Sequence[str] = ()) -> None:
    ended = _try(tool, prefix, lines, wheels)
    if ended.status != 0:
        raise explain(ended.messages)


def _try(tool: Tool, prefix: Path, lines: Sequence[str], wheels: Sequence[str]) -> Ended:
    if not lines:
        return Ended(0, "")
    say(f"Installing {', '.join(lines)}")
    only = [part for name in wheels for part in ("--only-binary", name)]
    python = str(interpreter_in(prefix))
    given = "\n".join(lines)
    return tool.run("pip", "install", "--python", python, *only, "--requirement", "-", given=given)


def _relaxed_warning(changes: Sequence[str]) -> str:
    if not changes:
        return ""
    return f"Some versions have no build for this Python and were relaxed: {'; '.join(changes)}."


def _conda(tool: Tool, order: Order, prefix: Path, base: Callable[[], Chosen]) -> Conda:
    recipe = order.recipe
    try:
        channel: Any = importlib.import_module("zaffre.runtime.builder.channel")
    except ImportError:
        return _by_pip(order, "`py-rattler` is not installed (`pip install zaffre[conda]`)")
    python = [f"python {_for_conda(recipe.python)}"] if recipe.python else []
    wanted = channel.Wanted(
        channels=recipe.channels,
        specs=[*python, *recipe.conda],
        prefix=prefix,
        python=lambda: base().version,
        patience=order.channel_timeout,
        left=tool.deadline - time.monotonic(),
    )
    try:
        records = channel.install(wanted)
    except channel.Unreachable as error:
        return _by_pip(order, f"channel {', '.join(recipe.channels)} cannot be reached ({error})")
    for record in records:
        say(f"  + {record}")
    return Conda(python=interpreter_in(prefix).exists())


def _for_conda(specifier: str) -> str:
    """Write a Python version as conda does: `==3.12.*` is `3.12.*`."""
    return re.sub(r"==\s*(\d+(?:\.\d+)*)(?:\.\*)?", r"\1.*", specifier)


def _by_pip(order: Order, why: str) -> Conda:
    """Take from PyPI what PyPI has too, and say so.

    Raises:
        BuildError: some package is conda's alone, or nothing may be substituted.
    """
    lines, only_conda = [], []
    for spec in order.recipe.conda:
        package = package_of(spec)
        name, version = on_pypi(package.name), package.specifier()
        if name is None or version is None or order.strict:
            only_conda.append(spec)
        elif name != "pip" or version:
            lines.append(f"{name}{version}")
    if only_conda:
        raise BuildError(
            f"The conda package(s) {', '.join(only_conda)} cannot be had: {why}.",
            "Make the channel reachable, or put what PyPI has under `pip:` in the conda file.",
        )
    warning = f"The conda packages come from PyPI ({', '.join(lines)}): {why}."
    say(f"WARNING: {warning}")
    return Conda(lines=tuple(lines), warnings=(warning,))
