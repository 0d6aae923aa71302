"""Python interpreters of a machine: which of them fits what was asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OLDEST = (3, 8)
"""The oldest Python that is taken in place of another one."""


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine."""

    version: str
    path: str

    @property
    def number(self) -> tuple[int, ...]:
        """Give the version as numbers."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version)[:3])


def choose(specifier: str, found: Sequence[Interpreter]) -> Interpreter | None:
    """Give the interpreter that fits; the first of `found` is preferred, then the newest.

    A patch version that is not there is met by another of the same minor version.
    """
    for wanted in (specifier, _same_minor(specifier)):
        fitting = [each for each in found if fits(wanted, each.number)]
        if fitting:
            return (
                fitting[0]
                if fitting[0] is found[0]
                else max(fitting, key=lambda each: each.number)
            )
    return None


def nearest(specifier: str, found: Sequence[Interpreter]) -> Interpreter:
    """Give the interpreter nearest to what was asked; of two, the newer; old ones are left out."""
    asked = _named(specifier)
    usable = [each for each in found if each.number >= OLDEST] or list(found)
    return min(usable, key=lambda each: (_distance(each.number, asked), [-n for n in each.number]))


def fits(specifier: str, number: tuple[int, ...]) -> bool:
    """Say whether a version satisfies a pip-style specifier of plain numbers."""
    return all(_satisfies(part.strip(), number) for part in specifier.split(",") if part.strip())


def _satisfies(part: str, number: tuple[int, ...]) -> bool:
    found = re.fullmatch(r"(==|!=|>=|<=|~=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?", part)
    if found is None:
        return False
    sign, asked = found[1], tuple(int(n) for n in found[2].split("."))
    if sign in ("==", "!="):
        # `==3.12` is meant as 3.12.*, for nobody has Python 3.12.0 in mind.
        return (number[: len(asked)] == asked) is (sign == "==")
    if sign == "~=":
        return number >= asked and number[: len(asked) - 1] == asked[:-1]
    padded = asked + (0,) * (3 - len(asked))
    if sign in (">", "<="):
        beyond = number[: len(asked)] > asked
        return beyond is (sign == ">")
    return (number >= padded) is (sign == ">=")


def _same_minor(specifier: str) -> str:
    return re.sub(r"==\s*(\d+\.\d+)\.[\d.*]+", r"==\1.*", specifier)


def _named(specifier: str) -> tuple[int, ...]:
    numbers = re.findall(r"\d+(?:\.\d+)*", specifier)
    return tuple(int(n) for n in numbers[0].split(".")) if numbers else (3,)


def _distance(number: tuple[int, ...], asked: tuple[int, ...]) -> int:
    minor = asked[1] if len(asked) > 1 else number[1]
    return abs(number[0] - asked[0]) * 100 + abs(number[1] - minor)
