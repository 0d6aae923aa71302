"""Pipelines as graphs: what joins them, what is wrong with them, what may start."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.kinds import progress
from zaffre.kinds.bindings import ParentInput, ParentOutput, StepOutput, Unknown, binding, filled
from zaffre.kinds.child import Around, child_document, child_name, settled
from zaffre.kinds.graph import level_of
from zaffre.kinds.graph_rules import component_faults, pipeline_faults
from zaffre.kinds.job import StepStatus
from zaffre.kinds.port_values import unlike, wrong_value

TRAIN = {
    "type": "command",
    "command": "t ${{inputs.data}} ${{inputs.rate}} $[[--note ${{inputs.note}}]] ${{outputs.model}}",
    "environment": "azureml:e:1",
    "inputs": {
        "data": {"type": "uri_folder"},
        "rate": {"type": "number", "default": 0.1, "min": 0, "max": 1},
        "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "note": {"type": "string", "optional": True},
    },
    "outputs": {"model": {"type": "mlflow_model"}},
}


def step(**fields: Any) -> dict[str, Any]:
    return {"component": TRAIN, "inputs": {"data": {"path": "azureml:d:1"}}, **fields}


def document(**jobs: Any) -> dict[str, Any]:
    return {"type": "pipeline", "jobs": jobs}


def said(doc: dict[str, Any], *, warnings: bool = False) -> list[str]:
    return [one.message for one in pipeline_faults(doc) if one.warning == warnings]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${{parent.inputs.x}}", ParentInput("x")),
        ("${{ parent.inputs.x_1 }}", ParentInput("x_1")),
        ("${{parent.jobs.a.outputs.b}}", StepOutput("a", "b")),
        ("${{parent.outputs.x}}", ParentOutput("x")),
        ("${{parent.jobs.a.b}}", Unknown("parent.jobs.a.b")),
        ("x${{parent.inputs.x}}", None),
        ("plain", None),
        (3, None),
    ],
)
def test_a_binding_is_one_expression_and_nothing_else(text, meant):
    assert binding(text) == meant


def test_literals_stand_in_longer_texts_and_data_does_not():
    inputs = {"a": 1, "d": {"path": "p"}}
    assert filled({"x": "v-${{parent.inputs.a}}"}, inputs) == {"x": "v-1"}
    assert filled("v-${{parent.inputs.d}}", inputs) == "v-${{parent.inputs.d}}"
    assert filled("${{parent.inputs.a}}", inputs) == 1


def test_a_right_pipeline_has_no_faults():
    score = {**TRAIN, "inputs": {**TRAIN["inputs"], "data": {"type": "mlflow_model"}}}
    doc = document(
        train=step(),
        score={"component": score, "inputs": {"data": "${{parent.jobs.train.outputs.model}}"}},
    )
    assert said(doc) == []
    assert said(doc, warnings=True) == []


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        (document(a=step(inputs={})), "misses the input `data`"),
        (document(a=step(inputs={"data": 3})), "takes data"),
        (document(a=step(inputs={"data": "${{parent.inputs.no}}"})), "no input `no`"),
        (document(a=step(inputs={"data": "${{parent.jobs.no.outputs.x}}"})), "no step `no`"),
        (document(a=step(), b=step(inputs={"data": "${{parent.jobs.a.outputs.no}}"})), "no output `no`"),
        (document(a=step(inputs={"data": {"path": "p"}, "rate": "x"})), "takes a number"),
        (document(a=step(inputs={"data": {"path": "p"}, "rate": 2})), "at most 1"),
        (document(a=step(inputs={"data": {"path": "p"}, "kind": "c"})), "one of `a` and `b`"),
        (document(a=step(outputs={"model": "${{parent.outputs.no}}"})), "no output `no`"),
        (document(a=step(outputs={"no": None})), "no output `no`"),
        (document(a={"inputs": {}}), "neither a component nor a command"),
        (document(a={"command": "x ${{inputs.no}}", "environment": "e"}), "names no input"),
        (document(a={"command": "x"}), "no environment"),
        (document(a=step(inputs={"data": "${{parent.jobs.a.outputs.model}}"})), "wait for each other"),
        ({"type": "pipeline", "jobs": {}}, "no steps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(doc, words):
    assert any(words in message for message in said(doc)), said(doc)


def test_all_faults_are_found_at_once():
    doc = document(
        a=step(inputs={"rate": "x"}),
        b=step(inputs={"data": "${{parent.jobs.c.outputs.x}}"}),
    )
    assert len(said(doc)) == 3


def test_a_cycle_names_its_steps():
    doc = document(
        a={"command": "x", "environment": "e", "inputs": {"i": "${{parent.jobs.b.outputs.o}}"}, "outputs": {"o": {}}},
        b={"command": "x", "environment": "e", "inputs": {"i": "${{parent.jobs.a.outputs.o}}"}, "outputs": {"o": {}}},
    )  # fmt: skip
    (message,) = said(doc)
    assert "`a` → `b` → `a`" in message


def test_an_input_that_the_component_lacks_is_a_warning():
    doc = document(a=step(inputs={"data": {"path": "p"}, "more": 1}))
    assert said(doc) == []
    assert "ignored" in said(doc, warnings=True)[0]


def test_unknown_settings_are_warnings():
    doc = {**document(a=step()), "settings": {"default_datestore": "x"}}
    (fault,) = [one for one in pipeline_faults(doc) if one.warning]
    assert fault.hint == "Did you mean `default_datastore`?"


def test_an_optional_input_stands_inside_brackets():
    body = {**TRAIN, "command": "t ${{inputs.note}}"}
    assert any("outside of `$[[ ]]`" in one.message for one in component_faults(body))
    body = {**TRAIN, "command": "t $[[--x ${{inputs.note}}"}
    assert any("no matching" in one.message for one in component_faults(body))


def test_a_default_must_fit():
    body = {**TRAIN, "inputs": {"n": {"type": "integer", "default": "x"}}, "command": "t"}
    assert [one.steps for one in component_faults(body)] == [("inputs", "n", "default")]


@pytest.mark.parametrize(
    ("value", "kind", "fits"),
    [
        (1, "integer", True),
        ("20", "integer", True),
        (1.5, "integer", False),
        (True, "integer", False),
        ("1e3", "number", True),
        ("nan", "number", False),
        ("true", "boolean", True),
        ("yes", "boolean", False),
        (3, "string", True),
    ],
)
def test_literals_fit_their_types(value, kind, fits):
    assert (wrong_value(value, {"type": kind}) == "") == fits


@pytest.mark.parametrize(
    ("offered", "wanted", "fits"),
    [
        ("uri_file", "uri_folder", True),
        ("uri_folder", "mltable", True),
        ("uri_folder", "mlflow_model", True),
        ("mlflow_model", "uri_folder", True),
        ("mlflow_model", "custom_model", True),
        ("uri_file", "mlflow_model", False),
        ("mltable", "mlflow_model", False),
        ("mlflow_model", "triton_model", False),
        ("mlflow_model", "mltable", False),
        ("mltable", "custom_model", False),
        ("number", "uri_file", False),
        ("uri_file", "integer", False),
        ("string", "integer", False),
        ("integer", "number", True),
        ("number", "integer", False),
        ("boolean", "string", True),
    ],
)
def test_steps_are_joined_unless_it_cannot_work(offered, wanted, fits):
    assert (unlike(offered, wanted) == "") == fits


def test_a_pipeline_that_was_changed_is_looked_at_anew():
    good = document(a={"command": "a", "environment": "e"})
    assert list(pipeline_faults(good)) == []
    good["jobs"]["a"]["inputs"] = {"i": "${{parent.jobs.nobody.outputs.o}}"}
    assert list(pipeline_faults(good)) != []
    del good["jobs"]["a"]["inputs"]
    assert list(pipeline_faults(good)) == []


def test_brackets_fall_away_with_what_is_not_set():
    assert settled("a $[[--x ${{inputs.x}}]] b", {}) == "a  b"
    assert settled("a $[[--x ${{inputs.x}}]]", {"x": 1}) == "a --x ${{inputs.x}}"


def test_a_step_becomes_the_document_of_a_job():
    doc = document(
        a=step(outputs={"model": "${{parent.outputs.best}}"}),
        b={
            "command": "s ${{inputs.m}}",
            "environment": "e",
            "inputs": {"m": {"path": "${{parent.jobs.a.outputs.model}}", "mode": "download"}},
        },
    ) | {
        "outputs": {"best": {"path": "azureml://datastores/d/paths/${{name}}/m"}},
        "settings": {"default_compute": "azureml:c"},
    }
    level = level_of(doc)
    around = Around("pipe", "exp", {"a": "pipe-a"})
    first = child_document(level, level.nodes["a"], around)
    assert first["outputs"]["model"] == {
        "type": "mlflow_model",
        "path": "azureml://datastores/d/paths/pipe/m",
    }
    assert first["inputs"] == {"data": {"path": "azureml:d:1", "type": "uri_folder"}, "rate": 0.1, "kind": "a"}  # fmt: skip
    assert "$[[" not in first["command"]
    assert first["compute"] == "azureml:c"
    second = child_document(level, level.nodes["b"], around)
    assert second["inputs"]["m"] == {
        "type": "mlflow_model",
        "path": "azureml://jobs/pipe-a/outputs/model",
        "mode": "download",
    }


def test_a_nested_pipeline_keeps_its_own_settings_over_those_around_it():
    inner = {
        "type": "pipeline",
        "jobs": {"s": {"command": "s"}},
        "settings": {"default_environment": "own", "continue_on_step_failure": True},
    }
    doc = document(n={"type": "pipeline", "component": inner, "settings": {"force_rerun": True}})
    around = {"default_environment": "e", "default_compute": "c", "force_rerun": False}
    level = level_of({**doc, "settings": around})
    made = child_document(level, level.nodes["n"], Around("p", None, {}))
    assert made["settings"] == {
        "default_environment": "own",
        "default_compute": "c",
        "continue_on_step_failure": True,
        "force_rerun": True,
    }


def test_names_of_children_are_the_same_each_time_and_apart():
    names = {
        child_name("p", "a"),
        child_name("p", "a", 2),
        child_name("p", "a-b"),
        child_name("p-a", "b"),
    }
    assert len(names) == 4
    assert child_name("p", "a" * 300) == child_name("p", "a" * 300)
    assert len(child_name("p" * 250, "a" * 300)) < 130


def done(*names: str, **others: str) -> dict[str, StepStatus]:
    found = {name: StepStatus(job=name, status="Completed") for name in names}
    return found | {name: StepStatus(job=name, status=state) for name, state in others.items()}


DIAMOND = document(
    top={"command": "x", "environment": "e", "outputs": {"o": {}}},
    left={"command": "x", "environment": "e", "outputs": {"o": {}}, "inputs": {"i": "${{parent.jobs.top.outputs.o}}"}},
    right={"command": "x", "environment": "e", "outputs": {"o": {}}, "inputs": {"i": "${{parent.jobs.top.outputs.o}}"}},
    join={"command": "x", "environment": "e", "inputs": {"l": "${{parent.jobs.left.outputs.o}}", "r": "${{parent.jobs.right.outputs.o}}"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "ready"),
    [
        (done(), ["top"]),
        (done(top="Running"), []),
        (done("top"), ["left", "right"]),
        (done("top", "left"), ["right"]),
        (done("top", "left", "right"), ["join"]),
        (done("top", left="Failed"), []),
    ],
)
def test_a_step_starts_when_all_that_it_needs_is_there(steps, ready):
    assert progress.ready(level_of(DIAMOND), steps) == ready


def test_other_branches_go_on_only_where_that_is_wanted():
    level = level_of({**DIAMOND, "settings": {"continue_on_step_failure": True}})
    assert progress.ready(level, done("top", left="Failed")) == ["right"]
    assert progress.outcome(level, done("top", "right", left="Failed")) == "Failed"
    strict = level_of(DIAMOND)
    assert progress.surplus(strict, done("top", left="Failed", right="Running")) == ["right"]
    assert progress.outcome(strict, done("top", "left", "right", "join")) == "Completed"


def test_a_thousand_steps_are_put_in_order():
    jobs = {
        f"s{at}": {
            "command": "x",
            "environment": "e",
            "outputs": {"o": {}},
            "inputs": {"i": f"${{{{parent.jobs.s{at - 1}.outputs.o}}}}"} if at else {},
        }
        for at in reversed(range(1000))
    }
    assert level_of(document(**jobs)).order == tuple(f"s{at}" for at in range(1000))
