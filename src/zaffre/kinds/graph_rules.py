"""What is wrong with a pipeline: every fault at once, each with its place. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from zaffre.kinds import expression, names
from zaffre.kinds.binding_rules import (
    input_faults,
    output_faults,
    step_output_faults,
    text_faults,
)
from zaffre.kinds.control import IF_ELSE
from zaffre.kinds.control_rules import control_faults, is_empty
from zaffre.kinds.expression import Known
from zaffre.kinds.fault import Fault, Steps
from zaffre.kinds.graph import Level, Node, level_of, mapping
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed, nearest
from zaffre.kinds.port_values import wrong_value
from zaffre.kinds.resource import Json
from zaffre.kinds.step import LITERALS

MINI_BATCH = re.compile(r"\d+(\.\d+)?\s?[kmgt]?i?b?\Z", re.IGNORECASE)
SETTINGS = (
    "default_compute",
    "default_datastore",
    "default_environment",
    "continue_on_step_failure",
    "continue_run_on_step_failure",
    "force_rerun",
)


@dataclass(frozen=True)
class _Written:
    """A document, known by its text."""

    text: str
    document: Mapping[str, Json] = field(compare=False)


def pipeline_faults(document: Mapping[str, Json]) -> Sequence[Fault]:
    """Find what is wrong with a pipeline job.

    On its way, the same document is asked about several times; the last ones are remembered.
    """
    try:
        text = json.dumps(document, sort_keys=True)
    except (TypeError, ValueError):  # of a kind that JSON does not have
        return tuple(_pipeline_faults(document))
    return _remembered(_Written(text, document))


@lru_cache(maxsize=4)
def _remembered(written: _Written) -> Sequence[Fault]:
    return tuple(_pipeline_faults(written.document))


def _pipeline_faults(document: Mapping[str, Json]) -> Iterator[Fault]:
    body = document.get("component")
    prefix: Steps = ("component",) if isinstance(body, dict) else ()
    if isinstance(body, str):
        return
    level = level_of(document)
    if isinstance(body, dict):
        yield from component_faults(body, ("component",))
        node = Node("", document, body, inline=False, known=True)
        yield from input_faults(level, node, ())
    else:
        yield from _level_faults(level, prefix)
    yield from _settings_faults(document, ())


def component_faults(
    body: Mapping[str, Json], prefix: Steps = (), *, is_trial: bool = False
) -> Iterator[Fault]:
    """Find what is wrong with a component; the texts of a trial have rules of their own."""
    yield from _port_faults(body, prefix)
    for name, declared in mapping(body, "inputs").items():
        if isinstance(declared, dict):
            yield from _declaration_faults(declared, (*prefix, "inputs", name))
    if mapping(body, "jobs"):
        yield from _level_faults(level_of({"component": body}), prefix)
        yield from _settings_faults(body, prefix)
    if not is_trial:
        yield from _text_faults(body, _known(body), prefix)


def _port_faults(body: Mapping[str, Json], prefix: Steps) -> Iterator[Fault]:
    for group in ("inputs", "outputs"):
        for name in mapping(body, group):
            if not names.PORT.match(name):
                hint = "Use letters, digits, `_` and `-`, beginning with a letter."
                message = f"{shown(name)} is no name for one of the {group}."
                yield Fault(message, (*prefix, group, name), hint, at_key=True)


def _declaration_faults(declared: Mapping[str, Json], steps: Steps) -> Iterator[Fault]:
    given = declared.get("default")
    if given is not None:
        reason = wrong_value(given, declared)
        if reason:
            yield Fault(f"The default {reason}.", (*steps, "default"))
        if declared.get("type") not in LITERALS:
            message = "Only literals have a default; data has none."
            yield Fault(message, (*steps, "default"), "Write `path:`, or leave it out.")
    least, most = declared.get("min"), declared.get("max")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        yield Fault(f"`min` is {least}, more than `max`, which is {most}.", (*steps, "min"))
    if declared.get("type") not in ("number", "integer"):
        for word in ("min", "max"):
            if declared.get(word) is not None:
                yield Fault(f"`{word}` is for numbers.", (*steps, word), at_key=True)


def _known(body: Mapping[str, Json]) -> Known:
    inputs = mapping(body, "inputs")
    optional = [
        name
        for name, one in inputs.items()
        if isinstance(one, dict)
        and one.get("optional") in (True, "true", "True")
        and one.get("default") is None
    ]
    return Known(inputs, mapping(body, "outputs"), optional)


def _text_faults(body: Mapping[str, Json], known: Known, prefix: Steps) -> Iterator[Fault]:
    task = mapping(body, "task")
    places: list[tuple[Steps, Json]] = [
        (("command",), body.get("command")),
        (("input_data",), body.get("input_data")),
        (("task", "program_arguments"), task.get("program_arguments")),
        (("task", "append_row_to"), task.get("append_row_to")),
        *(
            (("environment_variables", name), text)
            for name, text in mapping(body, "environment_variables").items()
        ),
    ]
    for steps, text in places:
        if isinstance(text, str) and ("${{" in text or "$[[" in text):
            for problem in expression.problems(text, known, ""):
                parts = problem.message.split("`")
                meant = parts[1] if len(parts) > 1 and parts[1].startswith("${{") else ""
                yield Fault(problem.message, (*prefix, *steps), problem.hint, text=meant)


def _settings_faults(document: Mapping[str, Json], prefix: Steps) -> Iterator[Fault]:
    for name in mapping(document, "settings"):
        if name not in SETTINGS:
            meant = nearest(name, SETTINGS)
            hint = f"Did you mean `{meant}`?" if meant else f"Known: {listed(SETTINGS)}."
            message = f"The setting {shown(name)} is not known and does nothing."
            yield Fault(message, (*prefix, "settings", name), hint, at_key=True, warning=True)


def _level_faults(level: Level, prefix: Steps) -> Iterator[Fault]:
    if not level.nodes:
        yield Fault("The pipeline has no steps.", (*prefix, "jobs"), "Add one under `jobs`.")
    for name, node in level.nodes.items():
        if node.control_type == IF_ELSE or is_empty(node):
            continue
        yield from _node_faults(level, node, (*prefix, "jobs", node.written or name))
    yield from control_faults(level, prefix)
    yield from output_faults(level, prefix)
    if len(level.order) < len(level.nodes):
        yield from _cycle_faults(level, prefix)


def _node_faults(level: Level, node: Node, prefix: Steps) -> Iterator[Fault]:
    if not names.PORT.match(node.name):
        hint = "Use letters, digits, `_` and `-`, beginning with a letter."
        yield Fault(f"{shown(node.name)} is no name of a step.", prefix, hint, at_key=True)
    if node.inline and not any(node.step.get(one) for one in ("command", "task", "jobs")):
        hint = "Add `component: ./component.yml`, or a `command`."
        message = f"Step `{node.name}` has neither a component nor a command."
        yield Fault(message, prefix, hint, at_key=True)
    if node.inline and node.step.get("command") and not _has_environment(level, node):
        hint = "Add `environment: ...`, or `default_environment` to the pipeline's settings."
        message = f"Step `{node.name}` has no environment."
        yield Fault(message, prefix, hint, at_key=True)
    if node.known and node.type == "parallel":
        yield from _parallel_faults(level, node, prefix)
    if node.known and node.type == "sweep":
        yield from _sweep_faults(node, prefix)
    if node.inline:
        yield from _port_faults(node.step, prefix)
        known = Known(mapping(node.step, "inputs"), mapping(node.step, "outputs"))
        yield from _text_faults(node.step, known, prefix)
        if node.step.get("jobs"):
            yield from _level_faults(level_of(node.step), prefix)
    elif node.known:
        word = "component" if "component" in node.step else "trial"
        yield from component_faults(node.body, (*prefix, word), is_trial=word == "trial")
    yield from input_faults(level, node, prefix)
    yield from text_faults(level, node, prefix)
    yield from step_output_faults(level, node, prefix)


def _sweep_faults(node: Node, prefix: Steps) -> Iterator[Fault]:
    wanted = {
        "search_space": "the inputs that it varies",
        "objective": "`goal` and `primary_metric`",
        "limits": "`max_total_trials: 20`",
    }
    for name, meaning in wanted.items():
        if not mapping(node.step, name):
            hint = f"Add `{name}`: {meaning}."
            yield Fault(f"The sweep `{node.name}` has no `{name}`.", prefix, hint, at_key=True)
    if node.step.get("limits") and not mapping(node.step, "limits").get("max_total_trials"):
        hint = "Add `max_total_trials: 20`."
        message = f"The sweep `{node.name}` does not say how many trials there are."
        yield Fault(message, (*prefix, "limits"), hint, at_key=True)


def _parallel_faults(level: Level, node: Node, prefix: Steps) -> Iterator[Fault]:
    task = mapping(node.body, "task")
    size = node.step.get("mini_batch_size") or node.body.get("mini_batch_size")
    if size is not None and not MINI_BATCH.match(str(size).strip()):
        word = () if node.step.get("mini_batch_size") else _body_steps(node)
        message = f"`{size}` is no `mini_batch_size`."
        hint = "Write `10` (files or rows) or `10kb`."
        yield Fault(message, (*prefix, *word, "mini_batch_size"), hint)
    if not (node.step.get("input_data") or node.body.get("input_data")):
        hint = "Add `input_data: ${{inputs.NAME}}`: what is cut into mini-batches."
        yield Fault(f"Step `{node.name}` has no `input_data`.", prefix, hint, at_key=True)
    if task.get("type") != "model" and not task.get("entry_script"):
        hint = "Add `entry_script: score.py`: a file with `init()` and `run(mini_batch)`."
        message = f"The task of step `{node.name}` has no `entry_script`."
        yield Fault(message, prefix, hint, at_key=True)
    if not (task.get("environment") or _has_environment(level, node)):
        hint = "Add `environment: ...` to its task."
        yield Fault(f"Step `{node.name}` has no environment.", prefix, hint, at_key=True)


def _body_steps(node: Node) -> Steps:
    return () if node.inline else ("component",)


def _has_environment(level: Level, node: Node) -> bool:
    return bool(node.step.get("environment") or level.settings.get("default_environment"))


def _cycle_faults(level: Level, prefix: Steps) -> Iterator[Fault]:
    left = [name for name in level.nodes if name not in set(level.order)]
    done: set[str] = set()
    for start in left:
        path: list[str] = []
        name: str | None = start
        while name is not None and name not in path and name not in done:
            path.append(name)
            name = next((one for one in level.nodes[name].after if one in left), None)
        done |= set(path)
        if name in path:
            cycle = [*path[path.index(name) :], name]
            text = " → ".join(f"`{one}`" for one in reversed(cycle))
            message = f"These steps wait for each other: {text}."
            yield Fault(
                message, (*prefix, "jobs", name), "Take one of the bindings out.", at_key=True
            )
