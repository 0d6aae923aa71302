"""What is wrong with what binds the steps of a pipeline: their inputs and outputs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from zaffre.kinds.bindings import (
    FORMS,
    ParentInput,
    ParentOutput,
    StepOutput,
    Unknown,
    binding,
)
from zaffre.kinds.control import CONTROL
from zaffre.kinds.control_rules import supplied
from zaffre.kinds.fault import Fault, Steps
from zaffre.kinds.graph import Level, Node, expressions, mapping
from zaffre.kinds.names import shown
from zaffre.kinds.near import advice, listed
from zaffre.kinds.port_values import unlike, value_hint, wrong_value
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import (
    Data,
    FromParent,
    FromStep,
    Odd,
    Source,
    Value,
    output_binding,
)
from zaffre.kinds.step import LITERALS


def input_faults(level: Level, node: Node, prefix: Steps) -> Iterator[Fault]:
    """Find inputs that a step misses, and what does not fit those it is given."""
    where = f"Step `{node.name}`" if node.name else "The pipeline"
    if node.known:
        for name, declared in node.declared.items():
            varied = {*mapping(node.step, "search_space"), *supplied(node)}
            if name not in node.inputs and name not in varied and _is_required(declared):
                kind = declared.get("type", "a value") if isinstance(declared, dict) else "a value"
                yield Fault(
                    f"{where} misses the input `{name}` ({kind}).",
                    (*prefix, "inputs") if mapping(node.step, "inputs") else prefix,
                    f"Add `{name}: ...` to its inputs.",
                    at_key=True,
                )
    for name, source in node.given.items():
        steps = (*prefix, "inputs", name)
        if not node.inline and node.known and name not in node.declared:
            known = advice(name, node.declared) if node.declared else "It takes none."
            message = f"{where} gives `{name}`, which its component does not have: it is ignored."
            yield Fault(message, steps, known, at_key=True, warning=True)
            continue
        declared = node.declared.get(name)
        for fault in _source_faults(level, source, steps, declared):
            yield replace(fault, message=f"{where}: {fault.message[0].lower()}{fault.message[1:]}")


def text_faults(level: Level, node: Node, prefix: Steps) -> Iterator[Fault]:
    """Find expressions in a step's other fields that stand for no literal of the pipeline."""
    for name, value in node.step.items() if node.type not in CONTROL else ():
        if name not in _BINDING_FIELDS:
            yield from _expression_faults(level, value, (*prefix, name), node.name)


_BINDING_FIELDS = ("inputs", "outputs", "jobs", "component", "trial", "name", "comment")


def _expression_faults(level: Level, value: Json, steps: Steps, step: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _expression_faults(level, inner, (*steps, name), step)
        return
    if isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _expression_faults(level, inner, (*steps, at), step)
        return
    for text in expressions(value) if isinstance(value, str) else ():
        meant = binding(f"${{{{{text}}}}}")
        if isinstance(meant, ParentInput):
            known = {**level.declared, **level.values}
            if meant.name not in known:
                hint = advice(meant.name, known) if known else "The pipeline has no inputs."
                message = f"Step `{step}`: the pipeline has no input `{meant.name}`."
                yield Fault(message, steps, hint, text=f"${{{{{text}}}}}")
            elif isinstance(level.values.get(meant.name), dict):
                message = f"Step `{step}`: the pipeline's `{meant.name}` is data, and no text."
                yield Fault(
                    message, steps, "Only literals can stand here.", text=f"${{{{{text}}}}}"
                )
        elif isinstance(meant, StepOutput):
            message = f"Step `{step}`: an output of a step cannot stand here."
            hint = "Bind it under `inputs`."
            yield Fault(message, steps, hint, text=f"${{{{{text}}}}}")


def _is_required(declared: Json) -> bool:
    return not (isinstance(declared, dict) and declared.get("optional") in (True, "true", "True"))


def _source_faults(level: Level, source: Source, steps: Steps, declared: Json) -> Iterator[Fault]:
    wanted = declared if isinstance(declared, dict) else {}
    if isinstance(source, Odd):
        hint = f"Write {listed(FORMS[:2])}."
        yield Fault(f"`${{{{{source.text}}}}}` binds no input.", steps, hint)
    elif isinstance(source, Value) and wanted:
        reason = wrong_value(source.value, wanted)
        if reason:
            yield Fault(f"The input `{steps[-1]}` {reason}.", steps, value_hint(wanted))
    elif isinstance(source, Data) and wanted.get("type") in LITERALS:
        message = f"The input `{steps[-1]}` takes a literal ({wanted['type']}); this is data."
        yield Fault(message, steps, "Write the value itself.")
    elif isinstance(source, FromParent):
        yield from _parent_faults(level, source, steps, wanted)
    elif isinstance(source, FromStep):
        yield from _step_faults(level, source, steps, wanted)


def _parent_faults(
    level: Level, source: FromParent, steps: Steps, wanted: Mapping[str, Json]
) -> Iterator[Fault]:
    declared = level.declared.get(source.name)
    if source.name not in level.declared and source.name not in level.values:
        known = {*level.declared, *level.values}
        hint = advice(source.name, known) if known else "Declare it under the pipeline's `inputs`."
        yield Fault(f"The pipeline has no input `{source.name}`.", steps, hint)
        return
    if not wanted:
        return
    if isinstance(declared, dict):
        reason = unlike(str(declared.get("type", "")), str(wanted.get("type", "")))
    else:
        offered = level.values[source.name]
        if isinstance(offered, dict):
            reason = unlike(str(offered.get("type") or "uri_folder"), str(wanted.get("type", "")))
        else:
            reason = wrong_value(offered, wanted)
    if reason:
        message = f"The input `{steps[-1]}` {reason} (from the pipeline's `{source.name}`)."
        yield Fault(message, steps, value_hint(wanted))


def _step_faults(
    level: Level, source: FromStep, steps: Steps, wanted: Mapping[str, Json]
) -> Iterator[Fault]:
    node = level.nodes.get(source.step)
    if node is None:
        hint = advice(source.step, level.nodes)
        yield Fault(f"There is no step `{source.step}`.", steps, hint)
        return
    if not node.known:
        return
    if source.output not in node.output_names and source.output != "artifacts":
        hint = (
            advice(source.output, node.output_names)
            if node.output_names
            else f"`{source.step}` has no outputs: declare it under `outputs`."
        )
        yield Fault(f"Step `{source.step}` has no output `{source.output}`.", steps, hint)
        return
    if wanted:
        offered = str(level.output(node, source.output).get("type") or "uri_folder")
        reason = unlike(offered, str(wanted.get("type", "")))
        if reason:
            message = f"The input `{steps[-1]}` {reason} (`{source.step}` gives it)."
            yield Fault(message, steps)


def step_output_faults(level: Level, node: Node, prefix: Steps) -> Iterator[Fault]:
    """Find what is wrong with the outputs that a step names."""
    for name, said in mapping(node.step, "outputs").items():
        steps = (*prefix, "outputs", name)
        if node.known and name not in node.output_names:
            hint = advice(name, node.output_names) if node.output_names else "It has none."
            message = f"The component of step `{node.name}` has no output `{name}`."
            yield Fault(message, steps, hint, at_key=True)
            continue
        target = output_binding(said)
        if isinstance(target, ParentOutput):
            if target.name not in level.outputs:
                hint = (
                    advice(target.name, level.outputs)
                    if level.outputs
                    else "Declare it under the pipeline's `outputs`."
                )
                yield Fault(f"The pipeline has no output `{target.name}`.", steps, hint)
        elif target is not None and not _is_name(target):
            yield Fault("This binds no output.", steps, "Write `${{parent.outputs.NAME}}`.")
        elif isinstance(said, str):
            hint = "Write `${{parent.outputs.NAME}}`, or a mapping with `type`, `path` and `mode`."
            yield Fault(f"{shown(said)} says nothing about an output.", steps, hint)


def _is_name(target: object) -> bool:
    return isinstance(target, Unknown) and target.text in ("name", "default_datastore")


def output_faults(level: Level, prefix: Steps) -> Iterator[Fault]:
    """Find outputs of the pipeline that no step writes."""
    for name, said in {**mapping(level.body, "outputs"), **level.outputs}.items():
        steps = (*prefix, "outputs", name)
        if name in level.promoted:
            step, output = level.promoted[name]
            node = level.nodes.get(step)
            if node is None:
                yield Fault(f"There is no step `{step}`.", steps, advice(step, level.nodes))
            elif node.known and output not in (*node.output_names, "artifacts"):
                known = advice(output, node.output_names) if node.output_names else None
                yield Fault(f"Step `{step}` has no output `{output}`.", steps, known)
        elif binding(said) is None:
            message = f"No step writes the pipeline's output `{name}`."
            hint = f"Bind it in a step: `${{{{parent.outputs.{name}}}}}`."
            yield Fault(message, steps, hint, at_key=True, warning=True)
