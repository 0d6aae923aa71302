"""What the product imports is what it declares, and the client side stays light."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache

from shape.tree import ROOT, SOURCE, modules, name, parsed

NAMES = {"pyyaml": "yaml", "py-rattler": "rattler"}
CLIENT = {"errors.py", "kinds", "ml", "cli"}
STANDARD_LIBRARY_ONLY = ("runtime/launcher", "runtime/scoring/program")


@cache
def declared(extra: str = "") -> frozenset[str]:
    """Give the import names of a list of requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    words = [re.match(r"[A-Za-z0-9_-]+", line)[0].lower() for line in lines]
    return frozenset(NAMES.get(word, word.replace("-", "_")) for word in words)


def imported(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0], node.lineno


def foreign(path, allowed):
    for word, line in imported(path):
        if word not in sys.stdlib_module_names | allowed | {"zaffre"}:
            yield f"{name(path)}:{line} {word}"


def test_the_client_imports_the_base_alone():
    bad = [
        place
        for path in modules()
        if path.relative_to(SOURCE).parts[0] in CLIENT
        for place in foreign(path, declared())
    ]
    assert not bad, f"the base install does not have these: {bad}"


def test_everything_imported_is_declared():
    extras = ("server", "postgres", "conda", "ray", "tables")
    allowed = declared().union(*(declared(extra) for extra in extras))
    bad = [
        place
        for path in modules()
        if not {"testing", "scoring", "guest"} & set(path.relative_to(SOURCE).parts)
        for place in foreign(path, allowed)
    ]
    assert not bad, f"declare it in pyproject.toml, and why in the decision record: {bad}"


def test_programs_beside_user_code_import_the_standard_library_alone():
    bad = [
        place
        for path in modules()
        if path.relative_to(SOURCE).as_posix().startswith(STANDARD_LIBRARY_ONLY)
        for place in foreign(path, frozenset({"zaffre_scoring", "zaffre_packaging"}))
    ]
    assert not bad, f"user environments have none of these: {bad}"
