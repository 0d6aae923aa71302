"""Conditions of control nodes: a boolean, or two values compared. Pure."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from zaffre.errors import Invalid
from zaffre.kinds.bindings import EXPRESSION
from zaffre.kinds.names import shown
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import FromMetric, FromParent, FromStep, Odd, Source, Value, source_of

_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_SIGN = re.compile(r"(==|!=|<=|>=|<|>)")
_WORDS = {"true": True, "false": False}
FORMS = (
    "`${{parent.jobs.STEP.outputs.NAME}}`, `${{parent.inputs.NAME}}`, "
    "or a comparison such as `${{parent.jobs.STEP.metrics.NAME}} >= 0.9`"
)
Find = Callable[[Source], Json]
"""Gives what a source holds now."""


@dataclass(frozen=True)
class Condition:
    """One value, or two with a sign between."""

    left: Source
    sign: str = ""
    right: Source | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Give what it looks at."""
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def steps(self) -> tuple[str, ...]:
        """Give the steps that must have ended before it can be judged."""
        return tuple(one.step for one in self.sources if isinstance(one, (FromStep, FromMetric)))

    def holds(self, find: Find) -> bool:
        """Judge it.

        Raises:
            Invalid: a value is not there, no boolean, or cannot be compared.
        """
        left = find(self.left)
        if self.right is None:
            return truth(left)
        right = find(self.right)
        if self.sign in ("==", "!="):
            return _equal(left, right) is (self.sign == "==")
        return _COMPARED[self.sign](_number(left), _number(right))


def condition_of(value: Json) -> Condition:
    """Read a condition; what binds nothing in it is odd, and told by the rules."""
    if not isinstance(value, str):
        return Condition(_operand(value))
    spaced = EXPRESSION.sub(lambda found: "x" * len(found.group(0)), value)
    sign = _SIGN.search(spaced)
    if sign is None:
        return Condition(_operand(value))
    left, right = value[: sign.start()], value[sign.end() :]
    return Condition(_operand(left), sign.group(1), _operand(right))


def _operand(value: Json) -> Source:
    if not isinstance(value, str):
        return Value(value)
    text = value.strip()
    if EXPRESSION.search(text):
        found = source_of(text, None, metrics=True)
        return Odd(text) if isinstance(found, Value) else found
    if text.lower() in _WORDS:
        return Value(_WORDS[text.lower()])
    try:
        return Value(json.loads(text))
    except ValueError:
        return Value(text.strip("'\""))


def odd(condition: Condition) -> Iterator[str]:
    """List the expressions of a condition that bind nothing."""
    return (one.text for one in condition.sources if isinstance(one, Odd))


def inputs_of(condition: Condition) -> Iterator[str]:
    """List the inputs of the pipeline that a condition looks at."""
    return (one.name for one in condition.sources if isinstance(one, FromParent))


def truth(value: Json) -> bool:
    """Give the boolean that a value is.

    Raises:
        Invalid: it is none.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _WORDS:
        raise Invalid(f"A condition is true or false; this is {shown(str(value))}.")
    return _WORDS[word]


def _equal(left: Json, right: Json) -> bool:
    try:
        return _number(left) == _number(right)
    except Invalid:
        return _text(left) == _text(right)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Json) -> float:
    try:
        return float(str(value) if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        raise Invalid(f"{shown(str(value))} cannot be compared: it is no number.") from None
