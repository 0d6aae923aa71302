"""Every module says what it is, by its name and by its first line."""

from __future__ import annotations

import ast
import re

from shape.tree import modules, name, parsed

EMPTY_WORDS = {
    "base",
    "common",
    "data2",
    "handler",
    "helper",
    "helpers",
    "manager",
    "misc",
    "util",
    "utils",
}
STDLIB_ONLY = ("runtime",)


def test_no_module_has_an_empty_name():
    bad = [
        name(path)
        for path in modules()
        if EMPTY_WORDS & set(path.stem.split("_")) or re.search(r"_?part\d+$", path.stem)
    ]
    assert not bad, f"name it after what it does: {bad}"


def test_no_class_or_function_has_an_empty_name():
    bad = []
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", node.name)}
                if words & (EMPTY_WORDS - {"base"}):
                    bad.append(f"{name(path)}:{node.name}")
    assert not bad, f"name it after what it does: {bad}"


def test_every_module_has_a_docstring():
    bad = [name(path) for path in modules() if not ast.get_docstring(parsed(path))]
    assert not bad, f"say in one sentence what it is for: {bad}"


def test_no_module_imports_relatively():
    bad = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not bad, f"write the whole name: {bad}"


def test_nothing_is_left_to_do_without_an_issue():
    marks = re.compile(r"#.*\b(?:TODO|FIXME|XXX|HACK)\b(?!.*#\d+)")
    bad = [
        f"{name(path)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not bad, f"name the issue: {bad}"
