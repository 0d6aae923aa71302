"""What is wrong with the control nodes of a pipeline: conditions, loops, fan-outs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zaffre.errors import Invalid
from zaffre.kinds.bindings import StepOutput, binding
from zaffre.kinds.conditions import FORMS, condition_of, inputs_of, odd
from zaffre.kinds.control import (
    BLOCKS,
    CONTROL,
    DO_WHILE,
    IF_ELSE,
    LOOPS,
    MOST_ITERATIONS,
    PARALLEL_FOR,
    assigned,
    control_type,
    loop_condition,
    named_in,
    step_named,
)
from zaffre.kinds.fan_out import items_of
from zaffre.kinds.fault import Fault, Steps
from zaffre.kinds.graph import Level, Node, mapping
from zaffre.kinds.near import advice, listed
from zaffre.kinds.port_values import wrong_value
from zaffre.kinds.resource import Json
from zaffre.kinds.sources import FromStep, Odd, source_of
from zaffre.kinds.step import LITERALS

_OWN = {
    IF_ELSE: ("condition", "true_block", "false_block"),
    DO_WHILE: ("condition", "body", "mapping"),
    PARALLEL_FOR: ("body", "items"),
}
_FIELDS = sorted({name for names in _OWN.values() for name in names})


def control_faults(level: Level, prefix: Steps) -> Iterator[Fault]:
    """Find what is wrong with the control nodes of one pipeline."""
    for name, step in level.wiring.jobs.items():
        steps = (*prefix, "jobs", name)
        kind = control_type(step)
        if isinstance(step, dict):
            yield from _field_faults(step, kind, steps)
        if kind == IF_ELSE and name in level.nodes:
            yield from _condition_faults(level, level.nodes[name], steps)
            yield from _block_faults(level, name, step, steps)
        elif kind in LOOPS:
            yield from _body_faults(level, name, step, steps)
        if name not in level.nodes or is_empty(level.nodes[name]):
            continue
        if kind == DO_WHILE:
            yield from _loop_faults(level.nodes[name], steps)
        elif kind == PARALLEL_FOR:
            yield from _items_faults(level, level.nodes[name], steps)


def is_empty(node: Node) -> bool:
    """Say whether a loop has no body that could be looked at: that is told of the loop."""
    return node.control_type in LOOPS and node.written == node.name


def supplied(node: Node) -> frozenset[str]:
    """Give the inputs that a fan-out may give its body: those of its items, else any."""
    if node.control_type != PARALLEL_FOR:
        return frozenset()
    said = node.control.get("items")
    if isinstance(said, str) and binding(said) is not None:
        return frozenset(node.declared)
    try:
        rows = items_of(said, node).values()
    except Invalid:
        return frozenset(node.declared)  # that is told of the items
    return frozenset(set.intersection(*map(set, rows))) if rows else frozenset(node.declared)


def _field_faults(step: Mapping[str, Json], kind: str | None, steps: Steps) -> Iterator[Fault]:
    for field in _FIELDS:
        if step.get(field) is not None and field not in _OWN.get(kind or "", ()):
            types = listed(one for one, fields in _OWN.items() if field in fields)
            message = f"Step `{steps[-1]}` has `{field}`, but is of type `{kind or 'command'}`."
            yield Fault(message, (*steps, field), f"It is for {types}.", at_key=True)


def _condition_faults(level: Level, node: Node, steps: Steps) -> Iterator[Fault]:
    said = node.control.get("condition")
    if said is None:
        message = f"Step `{node.name}` has no condition."
        yield Fault(message, steps, f"Write `condition:` with {FORMS}.", at_key=True)
        return
    place = (*steps, "condition")
    condition = condition_of(said)
    for text in odd(condition):
        yield Fault(f"`{text}` binds nothing that a condition can look at.", place, FORMS)
    for name in inputs_of(condition):
        if name not in level.values and name not in level.declared:
            known = {*level.values, *level.declared}
            hint = advice(name, known) if known else None
            yield Fault(f"The pipeline has no input `{name}`.", place, hint)
    for source in condition.sources:
        if isinstance(source, FromStep):
            step = node.step_meant(source.step)
            yield from _output_faults(level, step, source.output, place, whole=not condition.sign)
    for name in map(node.step_meant, condition.steps):
        if name not in level.nodes:
            yield Fault(f"There is no step `{name}`.", place, advice(name, level.nodes))


def _output_faults(
    level: Level, step: str, output: str, place: Steps, *, whole: bool
) -> Iterator[Fault]:
    """Find why an output cannot decide: it is not there, or no literal; `whole`: no boolean."""
    node = level.nodes.get(step)
    if node is None or not node.known:
        return
    if output not in node.output_names:
        hint = advice(output, node.output_names) if node.output_names else "It has none."
        yield Fault(f"Step `{node.written or step}` has no output `{output}`.", place, hint)
        return
    kind = str(level.output(node, output).get("type") or "uri_folder")
    fits = kind in ("boolean", "uri_file") if whole else kind in (*LITERALS, "uri_file")
    if not fits:
        wanted = "boolean" if whole else "literal"
        message = (
            f"The output `{output}` of step `{node.written or step}` is no {wanted}; it is {kind}."
        )
        hint = f"Declare it as `type: {'boolean' if whole else 'number'}` in the component."
        yield Fault(message, place, hint)


def _block_faults(
    level: Level, name: str, step: Mapping[str, Json], steps: Steps
) -> Iterator[Fault]:
    if not any(step.get(block) for block in BLOCKS):
        hint = "Add `true_block: ${{parent.jobs.STEP}}`."
        yield Fault(f"Step `{name}` chooses nothing: it has no block.", steps, hint, at_key=True)
    for block, wanted in BLOCKS.items():
        for one in named_in(step.get(block)):
            place = (*steps, block)
            guard = level.wiring.guards.get(level.wiring.bodies.get(one, one))
            if one == name or one not in level.wiring.jobs:
                yield Fault(f"There is no step `{one}`.", place, advice(one, level.wiring.jobs))
            elif guard is not None and (guard.condition, guard.wanted) != (name, wanted):
                message = f"Step `{one}` is in two blocks; it is also in one of "
                yield Fault(f"{message}`{guard.condition}`.", place, "Name it in one of them.")


def _body_faults(
    level: Level, name: str, step: Mapping[str, Json], steps: Steps
) -> Iterator[Fault]:
    body = step_named(step.get("body"))
    if body is None:
        hint = "Write `body: ${{parent.jobs.STEP}}`: the step that it runs."
        yield Fault(f"Step `{name}` has no body.", steps, hint, at_key=True)
    elif body == name or body not in level.wiring.jobs:
        known = [one for one in level.wiring.jobs if one != name]
        yield Fault(f"There is no step `{body}`.", (*steps, "body"), advice(body, known))
    elif control_type(level.wiring.jobs[body]) in CONTROL:
        hint = "Put it into a pipeline component, and make that the body."
        yield Fault(f"`{body}` is itself a control node.", (*steps, "body"), hint)
    elif level.wiring.bodies[body] != name:
        message = f"`{body}` is also the body of `{level.wiring.bodies[body]}`."
        yield Fault(message, (*steps, "body"), "Write the step twice.")


def _loop_faults(node: Node, steps: Steps) -> Iterator[Fault]:
    limits = mapping(node.control, "limits")
    most = limits.get("max_iteration_count")
    hint = f"Write `limits: {{max_iteration_count: 10}}`, at most {MOST_ITERATIONS}."
    if most is None:
        yield Fault(f"Nothing ends the loop `{node.name}`.", steps, hint, at_key=True)
    elif not str(most).isdigit() or not 1 <= int(str(most)) <= MOST_ITERATIONS:
        message = f"`{most}` is no number of iterations."
        yield Fault(message, (*steps, "limits", "max_iteration_count"), hint)
    output = loop_condition(node.control)
    if output is not None and node.known:
        level = Level({}, {node.name: node})
        place = (*steps, "condition")
        bound = binding(node.control.get("condition"))
        if isinstance(bound, StepOutput) and node.step_meant(bound.step) != node.name:
            message = f"The loop looks at its own body; `{bound.step}` is another step."
            yield Fault(message, place, f"Bind an output of `{node.written}`.")
        else:
            yield from _output_faults(level, node.name, output, place, whole=True)
    for name, output in assigned(node.control.get("mapping")).items():
        place = (*steps, "mapping", output)
        if node.known and output not in node.output_names:
            hint = advice(output, node.output_names) if node.output_names else "It has none."
            yield Fault(f"`{node.written}` has no output `{output}`.", place, hint, at_key=True)
        if node.known and not node.inline and name not in node.declared:
            known = advice(name, node.declared) if node.declared else "It has none."
            yield Fault(f"`{node.written}` has no input `{name}`.", place, known)


def _items_faults(level: Level, node: Node, steps: Steps) -> Iterator[Fault]:
    said, place = node.control.get("items"), (*steps, "items")
    if said is None:
        hint = "Write `items: [{INPUT: value}]`, or bind an input or an output of a step."
        yield Fault(f"Step `{node.name}` has no items.", steps, hint, at_key=True)
        return
    source = source_of(said, None) if isinstance(said, str) else None
    if isinstance(source, Odd):
        yield Fault(f"`${{{{{source.text}}}}}` gives no items.", place)
    elif isinstance(source, FromStep):
        step = level.nodes.get(node.step_meant(source.step))
        if step is None:
            hint = advice(source.step, level.nodes)
            yield Fault(f"There is no step `{source.step}`.", place, hint)
        elif step.known and source.output not in step.output_names:
            hint = (
                advice(source.output, step.output_names) if step.output_names else "It has none."
            )
            yield Fault(f"Step `{source.step}` has no output `{source.output}`.", place, hint)
    elif not isinstance(said, str) or binding(said) is None:
        yield from _row_faults(node, said, place)


def _row_faults(node: Node, said: Json, place: Steps) -> Iterator[Fault]:
    try:
        rows = items_of(said, node)
    except Invalid as error:
        yield Fault(error.message, place, error.hint)
        return
    if node.inline or not node.known:
        return
    for row in rows.values():
        for name, value in row.items():
            declared = node.declared.get(name)
            if not isinstance(declared, dict):
                known = advice(name, node.declared) if node.declared else "It has none."
                message = f"An item gives `{name}`, which `{node.written}` does not have."
                yield Fault(message, place, known)
            elif not isinstance(value, dict) and declared.get("type") in LITERALS:
                reason = wrong_value(value, declared)
                if reason:
                    yield Fault(f"The input `{name}` of an item {reason}.", place)
