"""Control nodes as data: what they mean, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.conditions import condition_of
from zaffre.kinds.control import assigned, named_in
from zaffre.kinds.fan_out import items_of
from zaffre.kinds.graph import level_of
from zaffre.kinds.graph_rules import pipeline_faults
from zaffre.kinds.port_values import literal
from zaffre.kinds.sources import Value

BODY = {
    "type": "command",
    "command": "t ${{inputs.rate}} ${{outputs.more}} ${{outputs.model}}",
    "environment": "azureml:e:1",
    "inputs": {"rate": {"type": "number", "max": 1}},
    "outputs": {"more": {"type": "boolean"}, "model": {"type": "uri_folder"}},
}
A: dict[str, Any] = {"component": BODY, "inputs": {"rate": 0.1}}
OPEN: dict[str, Any] = {"component": BODY}


def said(**jobs: Any) -> list[str]:
    return [one.message for one in pipeline_faults({"type": "pipeline", "jobs": jobs})]


def literally(source: Any) -> Any:
    assert isinstance(source, Value)
    return source.value


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (True, True),
        ("false", False),
        ("3 >= 3", True),
        ("1 < 0.5", False),
        ("a == a", True),
        ('"a" != "b"', True),
        ("true == True", True),
        ("1.0 == 1", True),
    ],
)
def test_a_condition_is_a_boolean_or_a_comparison(text, holds):
    assert condition_of(text).holds(literally) is holds


@pytest.mark.parametrize("text", ["maybe", "a < 3", "true > false"])
def test_what_cannot_be_judged_says_so(text):
    with pytest.raises(Invalid):
        condition_of(text).holds(literally)


def test_steps_are_named_as_a_binding_or_bare():
    assert named_in(["${{parent.jobs.a}}", "b", "${{ parent.jobs.c }}"]) == ["a", "b", "c"]


def test_a_mapping_names_inputs_as_bindings_or_bare():
    given = {"o": ["${{parent.jobs.body.inputs.x}}", "y"], "p": "z"}
    assert assigned(given) == {"x": "o", "y": "o", "z": "p"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [(" true\n", "boolean", True), ("3.0", "integer", 3), ("1e-3", "number", 0.001)],
)
def test_a_literal_is_read_as_it_is_declared(text, kind, value):
    assert literal(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"), [("yes", "boolean"), ("3.5", "integer"), ("", "number")]
)
def test_a_text_that_is_no_such_literal_is_refused(text, kind):
    with pytest.raises(Invalid):
        literal(text, kind)


def test_items_that_are_no_mappings_are_the_one_input_left_open():
    node = level_of({"jobs": {"a": OPEN}}).nodes["a"]
    assert items_of("[1, 2]", node) == {"item_0": {"rate": 1}, "item_1": {"rate": 2}}


def test_the_body_of_a_loop_is_no_step_of_its_own():
    loop = {"type": "do_while", "body": "a", "limits": {"max_iteration_count": 2}}
    level = level_of({"jobs": {"a": A, "loop": loop}})
    assert list(level.nodes) == ["loop"]


LOOP = {"type": "do_while", "body": "a", "limits": {"max_iteration_count": 2}}
FAN = {"type": "parallel_for", "body": "a", "items": [{"rate": 0.5}]}
IF = {"type": "if_else", "condition": True, "true_block": "a"}


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ({"a": A, "c": {**IF, "condition": None}}, "has no condition"),
        ({"a": A, "c": {**IF, "true_block": None}}, "it has no block"),
        ({"a": A, "c": {**IF, "true_block": "b"}}, "no step `b`"),
        ({"a": A, "c": IF, "d": IF}, "is in two blocks"),
        ({"a": A, "c": {**IF, "false_block": "a"}}, "is in two blocks"),
        ({"a": A, "c": {**IF, "condition": "${{parent.inputs.x}}"}}, "no input `x`"),
        ({"a": A, "c": {**IF, "condition": "${{inputs.x}}"}}, "binds nothing"),
        (
            {"a": A, "b": A, "c": {**IF, "condition": "${{parent.jobs.b.outputs.model}}"}},
            "no boolean",
        ),
        (
            {"a": A, "c": {**IF, "condition": "${{parent.jobs.a.outputs.more}}"}},
            "wait for each other",
        ),
        ({"a": A, "c": {**IF, "body": "a"}}, "has `body`, but is of type `if_else`"),
        ({"a": {**A, "condition": True}}, "has `condition`, but is of type `command`"),
        ({"a": A, "l": {**LOOP, "body": None}}, "has no body"),
        ({"a": A, "l": {**LOOP, "body": "b"}}, "no step `b`"),
        ({"a": A, "l": {**LOOP, "limits": None}}, "Nothing ends the loop"),
        ({"a": A, "l": {**LOOP, "limits": {"max_iteration_count": 0}}}, "no number of iterations"),
        ({"a": A, "l": {**LOOP, "condition": "mor"}}, "no output `mor`"),
        ({"a": A, "l": {**LOOP, "condition": "model"}}, "no boolean"),
        ({"a": A, "l": {**LOOP, "mapping": {"mode": "rate"}}}, "no output `mode`"),
        ({"a": A, "l": {**LOOP, "mapping": {"model": "rat"}}}, "no input `rat`"),
        ({"a": OPEN, "l": LOOP}, "misses the input `rate`"),
        ({"a": A, "l": LOOP, "m": LOOP}, "also the body of `l`"),
        ({"a": A, "l": LOOP, "m": {**LOOP, "body": "l"}}, "itself a control node"),
        ({"a": A, "l": {**LOOP, "condition": "mod"}}, "Step `a` has no output `mod`"),
        ({"a": OPEN, "f": {**FAN, "items": None}}, "has no items"),
        ({"a": OPEN, "f": {**FAN, "items": 3}}, "are no items"),
        ({"a": OPEN, "f": {**FAN, "items": [{"rat": 1}]}}, "gives `rat`"),
        ({"a": OPEN, "f": {**FAN, "items": [{"rate": 2}]}}, "must be at most 1"),
        ({"a": OPEN, "f": {**FAN, "items": [{}]}}, "misses the input `rate`"),
        ({"a": OPEN, "f": {**FAN, "items": "${{parent.jobs.b.outputs.x}}"}}, "no step `b`"),
        ({"a": OPEN, "f": {**FAN, "items": {"1st": {"rate": 1}}}}, "no name of an item"),
    ],
)
def test_what_is_wrong_with_a_control_node_is_said(jobs, message):
    found = said(**jobs)
    assert any(message in one for one in found), found


def test_a_loop_without_a_body_is_told_once():
    assert said(a=A, f={**FAN, "body": "b"}) == ["There is no step `b`."]


@pytest.mark.parametrize(
    "jobs",
    [
        {"a": A, "c": IF},
        {"a": A, "l": {**LOOP, "condition": "more"}},
        {"a": OPEN, "f": FAN},
        {"a": OPEN, "b": A, "f": {**FAN, "items": "${{parent.jobs.b.outputs.model}}"}},
        {"a": A, "b": A, "c": {**IF, "condition": "${{parent.jobs.b.metrics.auc}} > 0.9"}},
    ],
)
def test_what_is_right_is_left_alone(jobs):
    assert said(**jobs) == []
