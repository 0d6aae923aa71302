"""The world is read once: the environment and the clock enter in a few named places."""

from __future__ import annotations

import ast

from shape.tree import SOURCE, modules, name, parsed

ENVIRONMENT = {"environ", "getenv", "environb", "putenv"}
CLOCK = {"now", "utcnow", "today"}
MAY_READ = ("server/", "runtime/", "testing/", "cli/settings.py", "ml/settings.py", "ml/native.py")


def outside(path) -> bool:
    place = path.relative_to(SOURCE).as_posix()
    return not place.startswith(MAY_READ)


def attributes(path, owner: str, names: set[str]):
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.Attribute) or node.attr not in names:
            continue
        if ast.unparse(node.value).split(".")[-1] == owner:
            yield f"{name(path)}:{node.lineno}"


def test_the_environment_is_read_in_settings_only():
    bad = [
        place
        for path in modules()
        if outside(path)
        for place in attributes(path, "os", ENVIRONMENT)
    ]
    assert not bad, f"take it as an argument: {bad}"


def test_the_clock_is_a_port():
    bad = [
        place
        for path in modules()
        if outside(path)
        for place in attributes(path, "datetime", CLOCK)
    ]
    assert not bad, f"ask the clock that you were given: {bad}"


def test_nothing_unpickles_on_the_servers_side():
    bad = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        if path.relative_to(SOURCE).parts[0] not in {"runtime", "ml", "testing"}
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for word in [getattr(node, "module", None) or node.names[0].name]
        if word.split(".")[0] in {"pickle", "cloudpickle", "joblib", "dill", "marshal", "shelve"}
    ]
    assert not bad, f"the server never loads a model nor any pickle: {bad}"
