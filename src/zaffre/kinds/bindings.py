"""Bindings: what joins the steps of a pipeline, as `${{parent.jobs.a.outputs.b}}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from zaffre.kinds.resource import Json

EXPRESSION = re.compile(r"\$\{\{([^{}]*)\}\}")
_WORD = r"([A-Za-z_][\w-]*)"
_INPUT = re.compile(rf"parent\.inputs\.{_WORD}\Z")
_STEP = re.compile(rf"parent\.jobs\.{_WORD}\.outputs\.{_WORD}\Z")
_METRIC = re.compile(r"parent\.jobs\.([A-Za-z_][\w-]*)\.metrics\.([\w./ -]+)\Z")
_OUTPUT = re.compile(rf"parent\.outputs\.{_WORD}\Z")
_WHOLE = re.compile(r"\s*\$\{\{([^{}]*)\}\}\s*\Z")
FORMS = (
    "${{parent.inputs.NAME}}",
    "${{parent.jobs.STEP.outputs.NAME}}",
    "${{parent.outputs.NAME}}",
)


@dataclass(frozen=True)
class ParentInput:
    """An input of the pipeline."""

    name: str


@dataclass(frozen=True)
class StepOutput:
    """An output of another step."""

    step: str
    output: str


@dataclass(frozen=True)
class StepMetric:
    """A metric that another step logged; only conditions may look at one."""

    step: str
    metric: str


@dataclass(frozen=True)
class ParentOutput:
    """An output of the pipeline."""

    name: str


@dataclass(frozen=True)
class Unknown:
    """An expression that is no binding."""

    text: str


Binding = ParentInput | StepOutput | StepMetric | ParentOutput | Unknown


def binding(value: Json) -> Binding | None:
    """Give what a value is bound to, if it is one expression and nothing else."""
    found = _WHOLE.match(value) if isinstance(value, str) and "${{" in value else None
    return _meaning(found.group(1).strip()) if found else None


def _meaning(text: str) -> Binding:
    if found := _INPUT.match(text):
        return ParentInput(found.group(1))
    if found := _STEP.match(text):
        return StepOutput(found.group(1), found.group(2))
    if found := _METRIC.match(text):
        return StepMetric(found.group(1), found.group(2))
    if found := _OUTPUT.match(text):
        return ParentOutput(found.group(1))
    return Unknown(text)


def filled(value: Json, inputs: Mapping[str, Json]) -> Json:
    """Put the pipeline's literals in the place of `${{parent.inputs.x}}`, however deep."""
    if isinstance(value, dict):
        return {name: filled(inner, inputs) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, inputs) for inner in value]
    if not isinstance(value, str) or "${{" not in value:
        return value
    whole = binding(value)
    if isinstance(whole, ParentInput) and whole.name in inputs:
        return inputs[whole.name]

    def put(found: re.Match[str]) -> str:
        meant = _meaning(found.group(1).strip())
        if isinstance(meant, ParentInput) and not isinstance(
            inputs.get(meant.name), (dict, type(None))
        ):
            return str(inputs[meant.name])
        return found.group(0)

    return EXPRESSION.sub(put, value)
