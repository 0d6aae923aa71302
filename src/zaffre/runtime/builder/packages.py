"""Putting packages into an environment's folder: conda's from channels, the others by uv."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zaffre.kinds.conda_names import on_pypi
from zaffre.kinds.conda_package import package_of
from zaffre.kinds.interpreter import Interpreter
from zaffre.kinds.recipe import Relax
from zaffre.kinds.requirement import name_of
from zaffre.runtime.builder import venv
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.pythons import Chosen
from zaffre.runtime.builder.relaxing import relax
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, interpreter_in, say

_WITHOUT_SETUPTOOLS = (3, 12)
"""The first Python whose new environments have only pip."""


@dataclass(frozen=True)
class Filled:
    """What became of an order: what people should know, which pins gave way, conda's records.

    `version` is that of the Python, where it was known before.
    """

    warnings: tuple[str, ...] = ()
    relaxed: tuple[str, ...] = ()
    conda: tuple[Mapping[str, Any], ...] = ()
    version: str = ""


@dataclass(frozen=True)
class Conda:
    """What became of conda packages: installed (perhaps with Python), or `lines` for pip."""

    python: bool = False
    lines: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()


def fill(tool: Tool, order: Order, prefix: Path, only: Sequence[str] = ()) -> Filled:
    """Make the environment in a folder that is not there yet; `only` are options for uv.

    Raises:
        BuildError: it cannot be made.
    """
    base = cache(lambda: venv.base(tool, order))
    conda = _conda(tool, order, prefix, base) if order.recipe.conda else Conda()
    lines = (*conda.lines, *order.recipe.requirements)
    if conda.python:
        venv.install(tool, prefix, lines)
        return Filled(conda.warnings, conda=conda.records)
    chosen = base()
    if only:
        venv.make(tool, chosen, prefix, seed=False)
        venv.install(tool, prefix, (*lines, *_seeds(chosen, lines)), *only)
        return Filled(tuple(w for w in (chosen.warning,) if w), version=chosen.version)
    venv.make(tool, chosen, prefix, seed=all(name_of(line) != "pip" for line in lines))
    relaxed = _fill_venv(tool, order, chosen, prefix, lines)
    warnings = tuple(w for w in (chosen.warning, _relaxed_warning(relaxed)) if w)
    return Filled((*conda.warnings, *warnings), relaxed, conda.records)


def _seeds(chosen: Chosen, lines: Sequence[str]) -> list[str]:
    """Name what a new environment has beside what is asked for; unasked where pip is asked for."""
    named = {name_of(line) for line in lines}
    if "pip" in named:
        return []
    number = Interpreter(chosen.version, "").number
    wanted = ["pip"] if number >= _WITHOUT_SETUPTOOLS else ["pip", "setuptools", "wheel"]
    return [name for name in wanted if name not in named]


def _fill_venv(
    tool: Tool, order: Order, chosen: Chosen, prefix: Path, lines: Sequence[str]
) -> tuple[str, ...]:
    may_relax = order.recipe.relax is Relax.ALWAYS or chosen.instead
    if not may_relax or order.strict:
        venv.install(tool, prefix, lines)
        return ()

    def resolves(lines: Sequence[str], wheels: Sequence[str]) -> bool:
        return _resolves(tool, prefix, lines, wheels)

    if venv.try_install(tool, prefix, lines, *venv.WHEELS_ONLY).status == 0:
        return ()
    say("Not to be had as asked: looking for versions that give way")
    found = relax(lines, resolves)
    for change in found.changes:
        say(f"WARNING: relaxed {change}")
    venv.install(tool, prefix, found.lines, *_only_binary(found.wheels))
    return found.changes


def _resolves(tool: Tool, prefix: Path, lines: Sequence[str], wheels: Sequence[str]) -> bool:
    ended = tool.run(
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--python",
        str(interpreter_in(prefix)),
        *_only_binary(wheels),
        "-",
        given="\n".join(lines),
        quietly=True,
    )
    return ended.status == 0


def _only_binary(names: Sequence[str]) -> list[str]:
    return [part for name in names for part in ("--only-binary", name)]


def _relaxed_warning(changes: Sequence[str]) -> str:
    if not changes:
        return ""
    return f"Some versions have no build for this Python and were relaxed: {'; '.join(changes)}."


def _conda(tool: Tool, order: Order, prefix: Path, base: Callable[[], Chosen]) -> Conda:
    recipe = order.recipe
    try:
        channel: Any = importlib.import_module("zaffre.runtime.builder.channel")
    except ImportError:
        return _by_pip(order, "`py-rattler` is not installed (`pip install 'zaffre[conda]'`)")
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
    given = [each["version"] for each in records if each["build"] == channel.STAND_IN]
    warnings = tuple(
        f"No channel has Python: Python {version} of this machine is used." for version in given
    )
    return Conda(interpreter_in(prefix).exists(), (), warnings, tuple(records))


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
