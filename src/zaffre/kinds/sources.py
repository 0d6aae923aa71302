"""Where the inputs of steps come from: values, data, the pipeline's inputs, other steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zaffre.kinds.bindings import (
    ParentInput,
    ParentOutput,
    StepMetric,
    StepOutput,
    Unknown,
    binding,
)
from zaffre.kinds.resource import Json
from zaffre.kinds.step import LITERALS


@dataclass(frozen=True)
class Value:
    """A literal."""

    value: Json


@dataclass(frozen=True)
class Data:
    """Data that a document names: `type`, `path`, `mode`."""

    document: Mapping[str, Json]


@dataclass(frozen=True)
class FromParent:
    """An input of the pipeline; `over` is said of it at the step (`mode`, `type`)."""

    name: str
    over: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class FromStep:
    """An output of another step; `over` is said of it here."""

    step: str
    output: str
    over: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class FromMetric:
    """A metric that another step logged."""

    step: str
    metric: str


@dataclass(frozen=True)
class Odd:
    """An expression that binds nothing here."""

    text: str


Source = Value | Data | FromParent | FromStep | FromMetric | Odd


def source_of(value: Json, declared: Json, *, metrics: bool = False) -> Source:
    """Give where the value of an input comes from; of a condition, also `metrics`."""
    if isinstance(value, dict):
        return _bound(value.get("path"), {k: v for k, v in value.items() if k != "path"}) or Data(
            value
        )
    bound = _bound(value, {})
    if metrics and isinstance(found := binding(value), StepMetric):
        return FromMetric(found.step, found.metric)
    if bound is not None:
        return bound
    data = isinstance(declared, dict) and declared.get("type") not in (*LITERALS, None)
    if data and isinstance(value, str) and ":" in value:
        return Data({"type": declared["type"], "path": value})
    return Value(value)


def _bound(value: Json, over: Mapping[str, Json]) -> Source | None:
    found = binding(value)
    if isinstance(found, ParentInput):
        return FromParent(found.name, over)
    if isinstance(found, StepOutput):
        return FromStep(found.step, found.output, over)
    if isinstance(found, StepMetric):
        return Odd(f"parent.jobs.{found.step}.metrics.{found.metric}")
    if isinstance(found, ParentOutput):
        return Odd(f"parent.outputs.{found.name}")
    if isinstance(found, Unknown):
        return Odd(found.text) if found.text != "name" else None
    return None


def output_binding(said: Json) -> object:
    """Give what the output of a step is bound to."""
    return binding(said.get("path") if isinstance(said, dict) else said)
