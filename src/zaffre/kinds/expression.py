"""Expressions in documents: `${{inputs.x}}`, `${{outputs.x}}`, `${{name}}` and `$[[ ... ]]`. Pure.

In a command, a value never becomes part of the shell's text: its place is taken by a variable,
quoted for where it stands, so that whatever the value holds is one argument and is never run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.near import advice, listed
from zaffre.kinds.shell_text import Quoting

_EXPRESSION = re.compile(r"\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}", re.DOTALL)
_OPEN = "${{"
_OPTIONAL = re.compile(r"\$\[\[((?:(?!\$\[\[|\]\]).)*)\]\]", re.DOTALL)
_OPTIONAL_OPEN = "$[["
_ODD = re.compile(r"[^A-Za-z0-9_]")
_ELSEWHERE = {
    "parent": "it has a meaning only inside a step of a pipeline",
    "search_space": "it has a meaning only inside a trial of a sweep",
}
_PLAIN = ("name", "default_datastore")


@dataclass(frozen=True)
class Known:
    """What the expressions of a document may name. `optional` inputs may be unset."""

    inputs: Collection[str] = ()
    outputs: Collection[str] = ()
    optional: Collection[str] = ()
    plain: Collection[str] = _PLAIN


@dataclass(frozen=True)
class Values:
    """What the expressions of a document stand for; unset optional inputs are missing."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)

    def get(self, expression: str) -> str | None:
        """Give the value of what stands between the braces, or None."""
        group, _, name = expression.partition(".")
        if not name:
            return self.plain.get(expression)
        return {"inputs": self.inputs, "outputs": self.outputs}.get(group, {}).get(name)


@dataclass(frozen=True)
class Command:
    """A command as the shell gets it, and the variables that hold the values."""

    text: str
    variables: Mapping[str, str]


def problems(text: str, known: Known, where: str) -> tuple[Problem, ...]:
    """Say what is wrong with the expressions of a text that stands in the field `where`."""
    return tuple(
        Problem(message, Place(field=where), hint) for message, hint in _faults(text, known)
    )


def _faults(text: str, known: Known) -> list[tuple[str, str | None]]:
    faults: list[tuple[str, str | None]] = []
    bare = _OPTIONAL.sub("", text)
    if _OPTIONAL_OPEN in bare or any(_OPTIONAL_OPEN in inner for inner in _OPTIONAL.findall(text)):
        faults.append(("`$[[` has no matching `]]`.", "Write `$[[--flag ${{inputs.x}}]]`."))
    if _OPEN in _EXPRESSION.sub("", text):
        faults.append(("`${{` has no matching `}}`.", "Write `${{inputs.x}}`."))
    for match in _EXPRESSION.finditer(text):
        fault = _fault(match.group(1).strip(), known)
        if fault:
            faults.append(fault)
    for match in _EXPRESSION.finditer(bare):
        group, _, name = match.group(1).strip().partition(".")
        if group == "inputs" and name in known.optional:
            hint = f"Write `$[[... ${{{{inputs.{name}}}}}]]`: left out when the input is not set."
            faults.append((f"The optional input `{name}` stands outside of `$[[ ]]`.", hint))
    return list(dict.fromkeys(faults))


def _fault(expression: str, known: Known) -> tuple[str, str | None] | None:
    group, dot, name = expression.partition(".")
    if group in ("inputs", "outputs") and dot:
        declared = known.inputs if group == "inputs" else known.outputs
        if name in declared:
            return None
        word = group.removesuffix("s")
        hint = (
            advice(name, declared)
            if declared
            else f"The job has no {group}: declare it under `{group}`."
        )
        return f"`${{{{{expression}}}}}` names no {word} of the job.", hint
    if expression in known.plain:
        return None
    if group in _ELSEWHERE:
        return f"`${{{{{expression}}}}}` cannot stand here: {_ELSEWHERE[group]}.", None
    forms = listed(["inputs.NAME", "outputs.NAME", *known.plain])
    return f"`${{{{{expression}}}}}` is no known expression.", f"Known: {forms}."


def check(text: str, known: Known, where: str) -> None:
    """Refuse a text whose expressions are wrong.

    Raises:
        Invalid: with one problem for each.
    """
    found = problems(text, known, where)
    if found:
        raise Invalid(found[0].message, hint=found[0].hint, problems=found)


def fill(text: str, values: Values) -> str:
    """Put values into a text that no shell reads (a path, a variable of the environment).

    Raises:
        Invalid: an expression has no value.
    """
    return _EXPRESSION.sub(
        lambda match: _value(match.group(1).strip(), values), _settled(text, values)
    )


def in_shell(text: str, values: Values) -> Command:
    """Put variables into a command where its expressions stand, quoted for their place.

    Raises:
        Invalid: an expression has no value.
    """
    text = _settled(text, values)
    variables: dict[str, str] = {}
    pieces: list[str] = []
    quoting = Quoting()
    last = 0
    for match in _EXPRESSION.finditer(text):
        before = text[last : match.start()]
        expression = match.group(1).strip()
        value = _value(expression, values)
        name = _variable(expression)
        while variables.get(name, value) != value:
            name += "_"  # `a-b` and `a_b` are two inputs
        pieces += [before, quoting.after(before).wrap(name, value)]
        variables[name] = value
        last = match.end()
    return Command("".join([*pieces, text[last:]]), variables)


def _variable(expression: str) -> str:
    group, dot, name = expression.partition(".")
    if not dot:
        return f"ZAFFRE_{group.upper()}"
    return f"ZAFFRE_{'IN' if group == 'inputs' else 'OUT'}_{_ODD.sub('_', name)}"


def _value(expression: str, values: Values) -> str:
    value = values.get(expression)
    if value is None:
        raise Invalid(f"`${{{{{expression}}}}}` has no value.")
    return value


def _settled(text: str, values: Values) -> str:
    """Drop each `$[[ ]]` that holds an expression without a value, else only its brackets."""

    def settle(match: re.Match[str]) -> str:
        inside = match.group(1)
        unset = any(values.get(found.strip()) is None for found in _EXPRESSION.findall(inside))
        return "" if unset else inside

    return _OPTIONAL.sub(settle, text)
