"""Files, functions and classes stay small enough to be read at once."""

from __future__ import annotations

import ast

from shape.tree import modules, name, parsed

FILE_LINES = 400
FUNCTION_LINES = 40
PUBLIC_METHODS = 15

ALLOWED: dict[str, str] = {}
"""What may be longer, with the reason: `src/zaffre/x.py` or `src/zaffre/x.py:function`. A few at most."""


def test_files_are_short():
    long = {
        name(path): lines
        for path in modules()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > FILE_LINES
        and name(path) not in ALLOWED
    }
    assert not long, f"split by meaning (limit {FILE_LINES} lines, aim under 200): {long}"


def test_functions_are_short():
    long = {}
    for path in modules():
        if "migrations/versions" in name(path):
            continue  # a migration is a list of operations
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                place = f"{name(path)}:{node.name}"
                if lines > FUNCTION_LINES and place not in ALLOWED:
                    long[place] = lines
    assert not long, f"split by meaning (limit {FUNCTION_LINES} lines, aim under 20): {long}"


def test_classes_have_few_public_methods():
    wide = {}
    for path in modules():
        if "testing/" in name(path):
            continue  # there a method is a promise
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                public = [
                    part.name
                    for part in node.body
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not part.name.startswith("_")
                ]
                place = f"{name(path)}:{node.name}"
                if len(public) > PUBLIC_METHODS and place not in ALLOWED:
                    wide[place] = len(public)
    assert not wide, f"a class with more than {PUBLIC_METHODS} public methods is two: {wide}"


def test_the_list_of_exceptions_is_short_and_true():
    assert len(ALLOWED) <= 5
    names = {name(path) for path in modules()}
    assert all(place.partition(":")[0] in names for place in ALLOWED)
    assert all(len(reason) > 20 for reason in ALLOWED.values())
