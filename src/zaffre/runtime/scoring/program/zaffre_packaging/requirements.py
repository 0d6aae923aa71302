"""Which installed distributions a package needs, with what they require, as pinned lines."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
from typing import AbstractSet, Any, Dict, Iterable, Iterator, List, Set

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
EXTRA = re.compile(r";.*\bextra\s*==")


class Installed:
    """The distributions of this interpreter, by their plain names; `own` modules are none's."""

    def __init__(self, own: AbstractSet[str] = frozenset()) -> None:
        self._by_name: Dict[str, Any] = {}
        for one in importlib.metadata.distributions():
            name = one.metadata["Name"]
            if name:  # what is half removed has none; of two, the first on the path is used
                self._by_name.setdefault(_plain(name), one)
        self._modules = {name: _top_levels(one) - own for name, one in self._by_name.items()}

    def owners(self, modules: Iterable[str]) -> Set[str]:
        """Give the distributions that bring modules."""
        wanted = {module.partition(".")[0] for module in modules}
        return {name for name, tops in self._modules.items() if not wanted.isdisjoint(tops)}

    def with_required(self, roots: Iterable[str]) -> Set[str]:
        """Add what is required. A requirement that is not installed was for another system."""
        found: Set[str] = set()
        left = [name for name in map(_plain, roots) if name in self._by_name]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                required = _required(self._by_name[name])
                left += [one for one in required if one in self._by_name]
        return found

    def modules_without(self, needed: Set[str]) -> List[str]:
        """List the modules that are here and will not be where only `needed` is installed."""
        kept = {module for name in needed for module in self._modules[name]}
        every = {module for tops in self._modules.values() for module in tops}
        return sorted(every - kept)

    def pins(self, needed: Set[str]) -> List[str]:
        """Give the lines of a requirements file."""
        return [f"{name}=={self._by_name[name].version}" for name in sorted(needed)]

    def local(self, needed: Set[str]) -> List[str]:
        """List those that were installed from a folder, which no index has."""
        return [
            name
            for name in sorted(needed)
            if '"dir_info"' in (self._by_name[name].read_text("direct_url.json") or "")
        ]


def names_of(lines: Iterable[str]) -> List[str]:
    """Give the names of requirement lines."""
    return [found[0] for found in map(NAME.match, lines) if found]


def own_modules(code: str) -> Set[str]:
    """Give the modules that a folder of scripts may have itself, whoever else has such names."""
    found: Set[str] = set()
    for _, folders, names in os.walk(code):
        found.update(folders)
        found.update(name[:-3] for name in names if name.endswith(".py"))
    return found


def imports_of(code: str) -> Iterator[str]:
    """Give what the scripts of a folder import anywhere, also what is imported when needed."""
    for top, _, names in os.walk(code):
        for name in sorted(one for one in names if one.endswith(".py")):
            with open(os.path.join(top, name), "rb") as file:
                yield from _imported(ast.parse(file.read(), name))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _required(distribution: Any) -> Iterator[str]:
    for line in distribution.requires or ():
        name = NAME.match(line)
        if name and not EXTRA.search(line):
            yield _plain(name[0])


def _top_levels(distribution: Any) -> Set[str]:
    """Give the modules that a distribution brings."""
    found: Set[str] = set()
    for file in distribution.files or ():
        first, _, rest = str(file).partition("/")
        if rest and not first.endswith((".dist-info", ".egg-info", ".data", "..")):
            found.add(first)
        elif first.endswith((".py", ".so")):
            found.add(first.partition(".")[0])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
