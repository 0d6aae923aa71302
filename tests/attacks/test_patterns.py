"""No pattern of ours takes long on any text: each is tried on long texts of the letters that it knows."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import re
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zaffre

LENGTH = 30_000
SECONDS = 1.0
ROOMS = (
    "zaffre.kinds",
    "zaffre.services",
    "zaffre.api",
    "zaffre.store",
    "zaffre.errors",
    "zaffre.cli",
    "zaffre.ml",
)
LETTERS = "a0 ._-/=:'\"`{}$<>(),@%\\\n\t&!~^+*[]#\u00e9"
METHODS = {"search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"}


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Find every compiled pattern of every module."""
    seen: set[int] = set()
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and id(value) not in seen:
                seen.add(id(value))
                yield f"{module.__name__}.{name}", value


def modules() -> Iterator[ModuleType]:
    """Import every module of the rooms: a walk from the top would import the stand-ins of `runtime.guest` too."""
    for room in map(importlib.import_module, ROOMS):
        yield room
        for info in pkgutil.walk_packages(getattr(room, "__path__", ()), f"{room.__name__}."):
            if "migrations" not in info.name:
                yield importlib.import_module(info.name)


def texts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Give long texts: of each letter, of each pair of the pattern's own letters, with odd beginnings and ends."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    own = sorted({letter for letter in source if letter in LETTERS} | {"a", " ", "0"})
    words = [
        *LETTERS,
        *("".join(pair) for pair in itertools.permutations(own[:10], 2)),
        "../",
        "{{ ",
        "{{",
        "${{",
        "$[[",
        "a=b",
        "$((",
        "a and ",
    ]
    starts = ["", *own, "{{", "${{", "a=", "'", '"']
    for word in words:
        body = word * (LENGTH // len(word))
        for start in starts[:1] if len(word) > 1 else starts:
            yield f"{start}{body}"
            yield f"{start}{body}\x00"


def uses(name: str) -> set[str]:
    """Say by which methods a pattern is used, as the sources of its module and of others tell."""
    module, _, own = name.rpartition(".")
    found = re.findall(
        rf"\b{own}\.(\w+)", Path(importlib.import_module(module).__file__ or "").read_text()
    )
    if not own.startswith("_"):
        for path in Path(zaffre.__path__[0]).rglob("*.py"):
            found += re.findall(rf"\b{own}\.(\w+)", path.read_text())
    return set(found) & METHODS or METHODS


def _try(pattern: re.Pattern[Any], methods: set[str], binary: bool, connection: Any) -> None:
    for text in texts(pattern):
        given: Any = text.encode() if binary else text
        connection.send(text[:20])
        began = time.perf_counter()
        for method in methods:
            if method in ("sub", "subn"):
                pattern.sub(given[:0], given)
            elif method == "finditer":
                list(pattern.finditer(given))
            else:
                getattr(pattern, method)(given)
        if time.perf_counter() - began > SECONDS:
            connection.send(("slow", text[:20], time.perf_counter() - began))
            return
    connection.send("done")


FOUND = dict(patterns())


@pytest.mark.parametrize("name", sorted(FOUND))
def test_no_pattern_is_slow(name: str):
    pattern = FOUND[name]
    here, there = get_context("fork").Pipe()
    child = get_context("fork").Process(
        target=_try, args=(pattern, uses(name), isinstance(pattern.pattern, bytes), there)
    )
    child.start()
    last: Any = ""
    try:
        while here.poll(10 * SECONDS):
            said = here.recv()
            if said == "done":
                return
            assert not isinstance(said, tuple), (pattern.pattern, said)
            last = said
        raise AssertionError((pattern.pattern, "hangs on", last))
    finally:
        child.kill()
        child.join()
