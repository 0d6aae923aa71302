"""Control nodes of pipelines: which steps they choose, repeat and fan out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from zaffre.kinds.bindings import StepOutput, binding
from zaffre.kinds.resource import Json

IF_ELSE, DO_WHILE, PARALLEL_FOR = "if_else", "do_while", "parallel_for"
CONTROL = (IF_ELSE, DO_WHILE, PARALLEL_FOR)
"""Types of steps that run no command of their own."""

LOOPS = (DO_WHILE, PARALLEL_FOR)
BLOCKS = {"true_block": True, "false_block": False}
MOST_ITERATIONS = 1000
_STEP = re.compile(r"\s*(?:\$\{\{\s*parent\.jobs\.)?([A-Za-z_][\w-]*)(?:\s*\}\})?\s*\Z")
_ASSIGNED = re.compile(r"\s*\$\{\{\s*parent\.jobs\.[A-Za-z_][\w-]*\.inputs\.([\w-]+)\s*\}\}\s*\Z")


@dataclass(frozen=True)
class Guard:
    """What lets a step run: that the step `condition` came out as `wanted`."""

    condition: str
    wanted: bool


@dataclass(frozen=True)
class Wiring:
    """What the control nodes among some steps make of the others."""

    jobs: Mapping[str, Json]

    @cached_property
    def bodies(self) -> dict[str, str]:
        """Give the loop that each step runs in which is the body of one."""
        found: dict[str, str] = {}
        for name, step in self.of_type(*LOOPS):
            body = step_named(step.get("body"))
            if body is not None and body != name and body in self.jobs:
                found.setdefault(body, name)
        return found

    @cached_property
    def guards(self) -> dict[str, Guard]:
        """Give what decides whether each step of a block runs."""
        found: dict[str, Guard] = {}
        for name, step in self.of_type(IF_ELSE):
            for block, wanted in BLOCKS.items():
                for one in named_in(step.get(block)):
                    found.setdefault(self.bodies.get(one, one), Guard(name, wanted))
        return found

    def of_type(self, *types: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
        """List the control nodes of some types."""
        for name, step in self.jobs.items():
            if isinstance(step, dict) and control_type(step) in types:
                yield name, step


def control_type(step: Json) -> str | None:
    """Give the type of a control node; other steps have none."""
    said = step.get("type") if isinstance(step, Mapping) else None
    word = said.strip().lower() if isinstance(said, str) else ""
    return word if word in CONTROL else None


def step_named(text: Json) -> str | None:
    """Give the step that `${{parent.jobs.STEP}}`, or its bare name, means."""
    found = _STEP.match(text) if isinstance(text, str) else None
    return found.group(1) if found else None


def named_in(block: Json) -> list[str]:
    """Give the steps that a block names: one, or a list of them."""
    texts = block if isinstance(block, list) else [block]
    return [name for text in texts if (name := step_named(text)) is not None]


def assigned(mapping: Json) -> dict[str, str]:
    """Give the output that each input of a loop's body takes from the iteration before."""
    found: dict[str, str] = {}
    for output, inputs in mapping.items() if isinstance(mapping, Mapping) else ():
        for text in inputs if isinstance(inputs, list) else [inputs]:
            whole = _ASSIGNED.match(str(text))
            found[whole.group(1) if whole else str(text)] = str(output)
    return found


def most_iterations(loop: Mapping[str, Json]) -> int:
    """Give how often the body of a loop runs at most."""
    limits = loop.get("limits")
    said = limits.get("max_iteration_count") if isinstance(limits, Mapping) else None
    try:
        return max(1, min(int(said), MOST_ITERATIONS)) if said is not None else MOST_ITERATIONS
    except (TypeError, ValueError):
        return MOST_ITERATIONS


def loop_condition(loop: Mapping[str, Json]) -> str | None:
    """Give the output of a loop's body that says whether it goes on; without, it always does."""
    text = loop.get("condition")
    if text is None:
        return None
    found = binding(text)
    return found.output if isinstance(found, StepOutput) else str(text)
