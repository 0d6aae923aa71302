"""Pipelines as graphs: which step needs what, and what goes where. Pure.

It reads documents as data (what was written, or a spec dumped), so that documents that are wrong
elsewhere can be looked at, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from zaffre.kinds.bindings import (
    EXPRESSION,
    ParentInput,
    ParentOutput,
    StepOutput,
    Unknown,
    binding,
)
from zaffre.kinds.resource import Json
from zaffre.kinds.step import LITERALS

WAITS = ("parent", "jobs")


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
class Odd:
    """An expression that binds nothing here."""

    text: str


Source = Value | Data | FromParent | FromStep | Odd


@dataclass(frozen=True)
class Node:
    """One step. `body` is its component, or the step itself where it is written in place.

    `known` is false where the component is a reference that was not looked up.
    """

    name: str
    step: Mapping[str, Json]
    body: Mapping[str, Json]
    inline: bool
    known: bool

    @cached_property
    def type(self) -> str:
        """Give what kind of job the step becomes."""
        if "trial" in self.step:
            return "sweep"
        return type_of(self.body if not self.inline else self.step)

    @cached_property
    def declared(self) -> Mapping[str, Json]:
        """Give the inputs that the component declares; of a step in place there are none."""
        return {} if self.inline else mapping(self.body, "inputs")

    @cached_property
    def given(self) -> dict[str, Source]:
        """Give the inputs that the step gives."""
        return {
            name: source_of(value, self.declared.get(name))
            for name, value in mapping(self.step, "inputs").items()
            if value is not None
        }

    @cached_property
    def inputs(self) -> dict[str, Source]:
        """Give the inputs that the step has: those given that exist, and defaults."""
        if self.inline:
            return self.given
        found: dict[str, Source] = {}
        for name, wanted in self.declared.items():
            if name in self.given:
                found[name] = self.given[name]
            elif isinstance(wanted, dict) and wanted.get("default") is not None:
                found[name] = Value(wanted["default"])
            elif isinstance(wanted, dict) and wanted.get("path"):
                found[name] = Data({"type": wanted.get("type"), "path": wanted["path"]})
        return found if self.known else self.given

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """Give the outputs that the step has."""
        own = mapping(self.step, "outputs")
        return tuple(own if self.inline or not self.known else mapping(self.body, "outputs"))

    @cached_property
    def after(self) -> tuple[str, ...]:
        """Give the steps whose outputs it needs."""
        found = [one.step for one in self.inputs.values() if isinstance(one, FromStep)]
        return tuple(dict.fromkeys(found))

    def output(self, name: str, promoted: Json = None) -> dict[str, Json]:
        """Give how an output is written: what the component, the step and the pipeline say."""
        declared = {} if self.inline else mapping(self.body, "outputs").get(name)
        said = mapping(self.step, "outputs").get(name)
        found: dict[str, Json] = {}
        for layer in (declared, said, promoted):
            if isinstance(layer, dict):
                found |= {
                    key: value
                    for key, value in layer.items()
                    if value is not None and key in _OUTPUT and binding(value) is None
                }
        return found


_OUTPUT = ("type", "mode", "path", "name", "version")


@dataclass(frozen=True)
class Level:
    """One pipeline: its inputs and outputs, and its steps in the order written."""

    document: Mapping[str, Json]
    nodes: Mapping[str, Node]

    @cached_property
    def body(self) -> Mapping[str, Json]:
        """Give what has the steps: the document, or the component that it names."""
        return body_of(self.document)

    @cached_property
    def declared(self) -> Mapping[str, Json]:
        """Give the typed inputs of the component, if this is one."""
        return mapping(self.body, "inputs") if self.body is not self.document else {}

    @cached_property
    def values(self) -> dict[str, Json]:
        """Give the inputs as they are given: literals, and documents of data."""
        given = mapping(self.document, "inputs")
        found = {
            name: one["default"] if one.get("default") is not None else {"path": one.get("path")}
            for name, one in self.declared.items()
            if isinstance(one, dict) and (one.get("default") is not None or one.get("path"))
        }
        return found | {name: value for name, value in given.items() if value is not None}

    @cached_property
    def outputs(self) -> dict[str, Json]:
        """Give the outputs of the pipeline, each as a document or a binding."""
        said = mapping(self.document, "outputs")
        if self.body is self.document:
            return dict(said)
        found: dict[str, Json] = {}
        for name, declared in mapping(self.body, "outputs").items():
            over = said.get(name)
            found[name] = {
                **(declared if isinstance(declared, dict) else {}),
                **(over if isinstance(over, dict) else {}),
            }
        return found

    @cached_property
    def promoted(self) -> dict[str, tuple[str, str]]:
        """Give the step and the output of it that each output of the pipeline is."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes.values():
            for output, said in mapping(node.step, "outputs").items():
                target = output_binding(said)
                if isinstance(target, ParentOutput):
                    found[target.name] = (node.name, output)
        for name, said in {**mapping(self.body, "outputs"), **self.outputs}.items():
            target = binding(said)
            if isinstance(target, StepOutput):
                found[name] = (target.step, target.output)
        return found

    @cached_property
    def places(self) -> dict[tuple[str, str], str]:
        """Give the output of the pipeline that an output of a step is."""
        return {place: name for name, place in self.promoted.items()}

    def output(self, node: Node, name: str) -> dict[str, Json]:
        """Give how an output of a step is written."""
        promoted = self.places.get((node.name, name))
        return node.output(name, self.outputs.get(promoted) if promoted else None)

    @cached_property
    def settings(self) -> dict[str, Json]:
        """Give the settings that hold for the steps."""
        return {**mapping(self.body, "settings"), **mapping(self.document, "settings")}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Give the steps so that each comes after those that it needs; cycles are left out."""
        waiting = {
            name: {one for one in node.after if one in self.nodes}
            for name, node in self.nodes.items()
        }
        needed: dict[str, list[str]] = {name: [] for name in waiting}
        for name, after in waiting.items():
            for one in after:
                needed[one].append(name)
        ready = [name for name, after in waiting.items() if not after]
        for name in ready:
            for one in needed[name]:
                waiting[one].discard(name)
                if not waiting[one]:
                    ready.append(one)
        return tuple(ready)

    @cached_property
    def dependents(self) -> dict[str, tuple[str, ...]]:
        """Give the steps that need each step directly."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for name, node in self.nodes.items():
            for one in node.after:
                if one in found:
                    found[one].append(name)
        return {name: tuple(steps) for name, steps in found.items()}


def level_of(document: Mapping[str, Json]) -> Level:
    """Give the graph of a pipeline's document."""
    jobs = mapping(body_of(document), "jobs")
    return Level(
        document,
        {name: node_of(name, step) for name, step in jobs.items() if isinstance(step, dict)},
    )


def body_of(document: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give what has the steps: the document itself, or the component that it names."""
    component = document.get("component")
    return component if isinstance(component, dict) else document


def node_of(name: str, step: Mapping[str, Json]) -> Node:
    """Give one step as a node."""
    component = step.get("component", step.get("trial"))
    if component is None:
        return Node(name, step, step, inline=True, known=True)
    known = isinstance(component, dict)
    return Node(name, step, component if known else {}, inline=False, known=known)


def type_of(body: Mapping[str, Json]) -> str:
    """Give the type of a component or of a step written in place."""
    said = body.get("type")
    if isinstance(said, str) and said.strip():
        return said.strip().lower()
    return "pipeline" if body.get("jobs") else "parallel" if body.get("task") else "command"


def source_of(value: Json, declared: Json) -> Source:
    """Give where the value of an input comes from."""
    if isinstance(value, dict):
        return _bound(value.get("path"), {k: v for k, v in value.items() if k != "path"}) or Data(
            value
        )
    bound = _bound(value, {})
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
    if isinstance(found, ParentOutput):
        return Odd(f"parent.outputs.{found.name}")
    if isinstance(found, Unknown):
        return Odd(found.text) if found.text != "name" else None
    return None


def output_binding(said: Json) -> object:
    """Give what the output of a step is bound to."""
    return binding(said.get("path") if isinstance(said, dict) else said)


def mapping(document: Json, name: str) -> Mapping[str, Json]:
    """Give an inner mapping of a document, or an empty one."""
    found = document.get(name) if isinstance(document, Mapping) else None
    return found if isinstance(found, dict) else {}


def references(document: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], str]]:
    """List the components that are referred to, however deep, and where."""
    for holder, steps in holders(document):
        for name in ("component", "trial"):
            if isinstance(holder.get(name), str):
                yield (*steps, name), holder[name]


def holders(
    document: Mapping[str, Json], steps: tuple[str, ...] = ()
) -> Iterator[tuple[dict[str, Json], tuple[str, ...]]]:
    """List everything in a pipeline that may name a component: itself, its steps, and so on."""
    if isinstance(document, dict):
        yield document, steps
    for name in ("component", "trial"):
        inner = document.get(name)
        if isinstance(inner, dict):
            yield from _steps_of(inner, (*steps, name))
    yield from _steps_of(document, steps)


def _steps_of(
    body: Mapping[str, Json], steps: tuple[str, ...]
) -> Iterator[tuple[dict[str, Json], tuple[str, ...]]]:
    for name, step in mapping(body, "jobs").items():
        if isinstance(step, dict):
            yield from holders(step, (*steps, "jobs", name))


def expressions(text: str) -> Iterable[str]:
    """List what stands between the braces of a text."""
    return (found.group(1).strip() for found in EXPRESSION.finditer(text))
