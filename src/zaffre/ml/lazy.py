"""Packages whose names are loaded when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def loader(
    package: str, homes: Mapping[str, Collection[str]], aliases: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """Give the `__getattr__` of a package: each name is taken from its home and kept.

    Args:
        package: Name of the package, as in `__name__`.
        homes: Names by the module of the package that they live in. A module itself may be
            asked for, too.
        aliases: What is called otherwise, or lives elsewhere, as `module:attribute`.
    """
    places = {name: f"{package}.{home}:{name}" for home in homes for name in homes[home]}
    places |= aliases or {}

    def load(name: str) -> Any:
        if name in homes:
            return import_module(f"{package}.{name}")
        if name not in places:
            raise AttributeError(f"module `{package}` has no `{name}`")
        module, _, found = places[name].partition(":")
        value = getattr(import_module(module), found)
        setattr(sys.modules[package], name, value)
        return value

    return load
