"""`python -m zaffre_component FILE FUNCTION --TYPE NAME VALUE ...`: call a function of a file."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READ: dict[str, Callable[[str], Any]] = {
    "path": str,
    "string": str,
    "number": float,
    "integer": lambda text: int(float(text)),
    "boolean": lambda text: text.strip().lower() == "true",
}


def main(file: str, name: str, *rest: str) -> int:
    """Call the function, and write what it returns if somebody wants it."""
    values, target = read(rest)
    returned = function_of(file, name)(**values)
    if target:
        with open(target, "w", encoding="utf-8") as out:
            out.write(str(returned))
    return 0


def read(words: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Give the arguments by name, and the file for what is returned."""
    values: dict[str, Any] = {}
    target = ""
    for at in range(0, len(words), 3):
        kind, name, text = words[at][2:], words[at + 1], words[at + 2]
        if kind == "returns":
            target = text
        else:
            values[name] = READ[kind](text)
    return values, target


def function_of(file: str, name: str) -> Callable[..., Any]:
    """Give a function of a file, without what decorates it."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    stem = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(stem, file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"`{file}` is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    spec.loader.exec_module(module)
    found: Callable[..., Any] = inspect.unwrap(getattr(module, name))
    return found


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
