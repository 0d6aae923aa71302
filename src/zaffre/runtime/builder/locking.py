"""Locks: taking one of an environment that was made, and making one of a lock."""

from __future__ import annotations

import importlib
import re
import sysconfig
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zaffre.kinds.lock import Lock
from zaffre.kinds.requirement import name_of
from zaffre.runtime.builder import venv
from zaffre.runtime.builder.installed import Installed, by_uv
from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.packages import Filled
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool, interpreter_in, say

FILE = "lock.json"


def usable(tool: Tool, order: Order) -> bool:
    """Say whether there is a lock for this machine and the Python that is to be used."""
    if order.lock is None:
        return False
    version = order.lock.python if _has_python(order.lock) else venv.base(tool, order).version
    if order.lock.serves(sysconfig.get_platform(), version):
        return True
    say(f"The lock is for Python {order.lock.python} on {order.lock.platform}: solving anew")
    return False


def refill(tool: Tool, order: Order, lock: Lock, prefix: Path, only: Sequence[str] = ()) -> Filled:
    """Make an environment of exactly what a lock names; `only` are options for uv.

    Raises:
        BuildError: some of it cannot be had any more.
    """
    say(f"Making what the lock names: {len(lock.conda)} conda packages, {len(lock.pip)} by pip")
    try:
        if lock.conda:
            _install_conda(tool, order, lock, prefix)
        if not interpreter_in(prefix).exists():
            venv.make(tool, venv.base(tool, order), prefix, seed=False)
        options = [line for line in order.recipe.requirements if line.startswith("-")]
        if lock.pip:
            venv.install(tool, prefix, [*options, *lock.pip], "--no-deps", *only)
    except BuildError as error:
        raise BuildError(
            f"What the environment's lock names cannot be had. {error.message}",
            "Make it reachable again, or create another version: that one is solved anew.",
        ) from None
    return Filled(lock.warnings, lock.relaxed, lock.conda)


def take(tool: Tool, order: Order, prefix: Path, filled: Filled, python: str) -> Lock:
    """Note what an environment was made of.

    Raises:
        BuildError: the index does not tell the digests.
    """
    found = by_uv(prefix)
    options = [line for line in order.recipe.requirements if line.startswith("-")]
    indexed = [each for each in found if not each.address]
    lines = [f"{each.name} @ {each.address}" for each in found if each.address]
    lines += _digested(tool, prefix, options, indexed) if indexed else []
    return Lock(
        platform=sysconfig.get_platform(),
        python=python,
        conda=tuple(filled.conda),
        pip=tuple(sorted(lines)),
        warnings=filled.warnings,
        relaxed=filled.relaxed,
    )


def _digested(
    tool: Tool, prefix: Path, options: list[str], found: list[Installed]
) -> Iterator[str]:
    """Give a line with a digest for each package that came from an index."""
    given = "\n".join([*options, *(f"{each.name}=={each.version}" for each in found)])
    python = str(interpreter_in(prefix))
    arguments = ("--quiet", "--offline", "--no-deps", "--no-header", "--format", "pylock.toml")
    ended = tool.run(
        "pip", "compile", *arguments, "--python", python, "-", given=given, quietly=True
    )
    if ended.status != 0:
        raise BuildError(f"No digests: {ended.messages}")
    known = {name_of(each["name"]): each for each in tomllib.loads(ended.answer)["packages"]}
    for each in found:
        hashes = " ".join(f"--hash={digest}" for digest in _digests(known[each.name], each))
        yield f"{each.name}=={each.version} {hashes}"


def _digests(package: Mapping[str, Any], installed: Installed) -> list[str]:
    """Give the digest of the very file that was installed, or else of all that fit."""
    wheels = package.get("wheels", [])
    same = [each for each in wheels if _tags(each) & installed.tags]
    sources = [package[kind] for kind in ("sdist", "archive") if kind in package]
    return [f"sha256:{each['hashes']['sha256']}" for each in same or sources or wheels]


def _tags(wheel: Mapping[str, Any]) -> set[str]:
    name = str(wheel.get("name") or wheel.get("url") or wheel.get("path"))
    python, abi, platform = re.sub(r"\.whl(#.*)?$", "", name).split("-")[-3:]
    return {
        f"{one}-{two}-{three}"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    }


def _has_python(lock: Lock) -> bool:
    return any(
        each["name"] == "python" and not str(each["build"]).endswith("stand_in")
        for each in lock.conda
    )


def _install_conda(tool: Tool, order: Order, lock: Lock, prefix: Path) -> None:
    try:
        channel: Any = importlib.import_module("zaffre.runtime.builder.channel")
    except ImportError:
        raise BuildError(
            "Conda packages need `py-rattler`, which is not installed.",
            "Install it: `pip install 'zaffre[conda]'`.",
        ) from None
    channel.install_records(
        lock.conda,
        prefix,
        lambda: venv.base(tool, order).version,
        tool.deadline - time.monotonic(),
    )
