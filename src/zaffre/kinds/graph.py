"""Pipelines as graphs: which step needs what, and what goes where. Pure.

It reads documents as data (what was written, or a spec dumped), so that documents that are wrong
elsewhere can be looked at, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from zaffre.kinds.bindings import EXPRESSION, ParentOutput, StepMetric, StepOutput, binding
from zaffre.kinds.control import DO_WHILE, PARALLEL_FOR, Guard, Wiring, assigned, control_type
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import Data, FromStep, Source, Value, output_binding, source_of
from zaffre.kinds.step import LITERALS

WAITS = ("parent", "jobs")


@dataclass(frozen=True)
class Node:
    """One step. `body` is its component, or the step itself where it is written in place.

    `known` is false where the component is a reference that was not looked up. `control` is the
    control node that a condition is, or the loop whose body the step is: then the step is written
    under the name `written`, and others may bind it by that, as `aliases` say. A `guard` says
    when it runs at all.
    """

    name: str
    step: Mapping[str, Json]
    body: Mapping[str, Json]
    inline: bool
    known: bool
    written: str = ""
    control: Mapping[str, Json] = field(default_factory=dict)
    guard: Guard | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def type(self) -> str:
        """Give what kind of job the step becomes."""
        if self.control_type == PARALLEL_FOR:
            return PARALLEL_FOR
        if "trial" in self.step:
            return "sweep"
        return type_of(self.body if not self.inline else self.step)

    @property
    def control_type(self) -> str | None:
        """Give the type of the control node that it is or runs in."""
        return control_type(self.control)

    @cached_property
    def declared(self) -> Mapping[str, Json]:
        """Give the inputs that the component declares; of a step in place there are none."""
        return {} if self.inline else mapping(self.body, "inputs")

    @cached_property
    def given(self) -> dict[str, Source]:
        """Give the inputs that the step gives."""
        return {
            name: self._meant(source_of(value, self.declared.get(name)))
            for name, value in mapping(self.step, "inputs").items()
            if value is not None
        }

    def _meant(self, source: Source) -> Source:
        if isinstance(source, FromStep) and source.step in self.aliases:
            return replace(source, step=self.aliases[source.step])
        return source

    def step_meant(self, name: str) -> str:
        """Give the step that a name means: the body of a loop is its loop."""
        return self.aliases.get(name, name)

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
        """Give the steps that must have ended: whose outputs it needs, and what decides on it."""
        found = [one.step for one in self.inputs.values() if isinstance(one, FromStep)]
        found += self.decided_by
        found += [self.guard.condition] if self.guard else []
        return tuple(dict.fromkeys(found))

    @cached_property
    def decided_by(self) -> tuple[str, ...]:
        """Give the steps that a condition or a fan-out looks at before it does anything."""
        return tuple(map(self.step_meant, _decisive(self.control)))

    @cached_property
    def indispensable(self) -> frozenset[str]:
        """Give the steps without which it cannot run: those of inputs that are not optional."""
        spare = {
            name
            for name, one in self.declared.items()
            if isinstance(one, dict) and one.get("optional") in (True, "true", "True")
        }
        inputs = (one for name, one in self.inputs.items() if name not in spare)
        needed = {one.step for one in inputs if isinstance(one, FromStep)}
        return frozenset(
            needed | {*self.decided_by} | ({self.guard.condition} if self.guard else set())
        )

    def at(self, iteration: int) -> Node:
        """Give the step as an iteration of its loop does it, with what the one before left."""
        taken = assigned(self.control.get("mapping")) if iteration > 1 else {}
        before = {
            name: f"${{{{parent.jobs.{self.name}.outputs.{one}}}}}" for name, one in taken.items()
        }
        return replace(
            self, step={**self.step, "inputs": {**mapping(self.step, "inputs"), **before}}
        )

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
        if self.control_type == PARALLEL_FOR:
            return {"type": "string" if found.get("type") in LITERALS else "uri_folder"}
        return found


_OUTPUT = ("type", "mode", "path", "name", "version")


def _decisive(control: Mapping[str, Json]) -> Iterator[str]:
    """List the steps whose outputs a control node looks at before it does anything."""
    kind = control_type(control)
    if kind in (None, DO_WHILE):
        return  # a loop looks at its own body, after it
    for text in expressions(str(control.get("items" if kind == PARALLEL_FOR else "condition"))):
        found = binding(f"${{{{{text}}}}}")
        if isinstance(found, (StepOutput, StepMetric)):
            yield found.step


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
        return {name: places[-1] for name, places in self.promoters.items()}

    @cached_property
    def promoters(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Give all that may become each output of the pipeline: several where steps are chosen."""
        found: dict[str, list[tuple[str, str]]] = {}
        for node in self.nodes.values():
            for output, said in mapping(node.step, "outputs").items():
                target = output_binding(said)
                if isinstance(target, ParentOutput):
                    found.setdefault(target.name, []).append((node.name, output))
        for name, said in {**mapping(self.body, "outputs"), **self.outputs}.items():
            target = binding(said)
            if isinstance(target, StepOutput):
                found[name] = [(self.wiring.bodies.get(target.step, target.step), target.output)]
        return {name: tuple(places) for name, places in found.items()}

    @cached_property
    def wiring(self) -> Wiring:
        """Give what its control nodes make of the other steps."""
        return Wiring(mapping(self.body, "jobs"))

    @cached_property
    def places(self) -> dict[tuple[str, str], str]:
        """Give the output of the pipeline that an output of a step is."""
        return {place: name for name, places in self.promoters.items() for place in places}

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
    wiring = Wiring(jobs)
    repeated = {loop: body for body, loop in wiring.bodies.items()}
    return Level(
        document,
        {
            name: _wired(name, step, repeated.get(name, name), wiring)
            for name, step in jobs.items()
            if isinstance(step, dict) and name not in wiring.bodies
        },
    )


def _wired(name: str, step: Mapping[str, Json], written: str, wiring: Wiring) -> Node:
    """Give a step as a node among the others; a loop is its body with the loop around."""
    base = mapping(wiring.jobs, written)
    if name != written and step.get("outputs"):
        base = {**base, "outputs": {**mapping(base, "outputs"), **mapping(step, "outputs")}}
    return replace(
        node_of(name, base),
        written=written,
        control=step if control_type(step) else {},
        guard=wiring.guards.get(name),
        aliases=wiring.bodies,
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
