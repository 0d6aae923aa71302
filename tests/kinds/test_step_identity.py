"""One thing changed is another step; what does not matter changes nothing: never a wrong hit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaffre.kinds.step_identity import Facts, Identity, changes, identity, why_not

WORDS = st.text(min_size=1, max_size=8)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
LITERAL = st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
MODES = st.sampled_from([None, "ro_mount", "download"])
TYPES = st.sampled_from(["uri_file", "uri_folder", "mltable"])
DATA = st.fixed_dictionaries({"path": WORDS, "type": TYPES, "mode": MODES})
DOCUMENTS = st.fixed_dictionaries(
    {
        "command": WORDS,
        "inputs": st.dictionaries(NAMES, LITERAL | DATA, min_size=1, max_size=4),
        "outputs": st.dictionaries(
            NAMES, st.fixed_dictionaries({"type": TYPES, "mode": MODES}), min_size=1, max_size=3
        ),
        "environment_variables": st.dictionaries(NAMES, WORDS, min_size=1, max_size=3),
        "distribution": st.none() | st.just({"type": "pytorch"}),
        "resources": st.none() | st.just({"instance_count": 2}),
    }
)


def facts_of(document: dict[str, Any]) -> Facts:
    data = {k: f"d-{k}" for k, one in document["inputs"].items() if isinstance(one, dict)}
    return Facts("code", "env", data)


def digest(document: dict[str, Any], facts: Facts) -> str:
    return identity(document, facts).digest


@st.composite
def changed(draw, document: dict[str, Any], facts: Facts) -> tuple[dict[str, Any], Facts]:
    """Change exactly one thing that matters."""
    other = copy.deepcopy(document)
    inputs = dict(facts.inputs)
    what = draw(
        st.sampled_from(
            ["command", "code", "environment", "input", "output", "variable", "count", "new"]
        )
    )
    if what == "command":
        other["command"] += draw(WORDS)
    elif what == "code":
        return other, Facts(draw(WORDS.filter(lambda text: text != "code")), "env", inputs)
    elif what == "environment":
        return other, Facts("code", draw(WORDS.filter(lambda text: text != "env")), inputs)
    elif what == "input":
        name = draw(st.sampled_from(sorted(other["inputs"])))
        if name in inputs:
            inputs[name] += "x"
        else:
            other["inputs"][name] = f"{other['inputs'][name]}x"
    elif what == "output":
        name = draw(st.sampled_from(sorted(other["outputs"])))
        other["outputs"][name]["type"] += "x"
    elif what == "variable":
        name = draw(st.sampled_from(sorted(other["environment_variables"])))
        other["environment_variables"][name] += "x"
    elif what == "count":
        now = (other["resources"] or {}).get("instance_count", 1)
        other["resources"] = {"instance_count": now + 1}
    else:
        other["inputs"]["brand_new"] = 1
    return other, Facts(facts.code, facts.environment, inputs)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), document=DOCUMENTS)
def test_one_change_is_another_step(data, document):
    facts = facts_of(document)
    other, others = data.draw(changed(document, facts))
    before, after = identity(document, facts), identity(other, others)
    assert before.digest != after.digest
    assert changes(before.parts, after.parts)


@settings(max_examples=150, deadline=None)
@given(document=DOCUMENTS, word=WORDS)
def test_what_does_not_matter_changes_nothing(document, word):
    facts = facts_of(document)
    other = {
        **{key: document[key] for key in reversed(document)},
        "display_name": word,
        "tags": {"a": word},
        "compute": word,
        "limits": {"timeout": 3},
        "parent_job_name": word,
    }
    for given_ in other["inputs"].values():
        if isinstance(given_, dict):
            given_["path"] = word  # where content lies is not what it is
    assert digest(other, facts) == digest(document, facts)


@settings(max_examples=100, deadline=None)
@given(first=WORDS, second=WORDS)
def test_values_cannot_run_into_each_other(first, second):
    one = {"command": "x", "inputs": {"a": first + second, "b": ""}}
    two = {"command": "x", "inputs": {"a": first, "b": second}}
    assert digest(one, Facts(None, "e")) != digest(two, Facts(None, "e"))


def test_a_literal_is_no_data_and_data_no_literal():
    one = {"inputs": {"a": "d"}}
    two = {"inputs": {"a": {"path": "p"}}}
    assert digest(one, Facts(None, "e")) != digest(two, Facts(None, "e", {"a": "d"}))


def test_unknown_content_and_places_of_their_own_are_never_reused():
    assert why_not({"inputs": {"a": {"path": "x"}}}, Facts(None, "e"))
    assert why_not(
        {"outputs": {"o": {"path": "azureml://datastores/s/paths/p"}}}, Facts(None, "e")
    )
    assert why_not({"command": "echo ${{ name }}"}, Facts(None, "e"))
    assert why_not({"command": "echo"}, Facts(None, "e")) is None


def test_a_change_is_told_in_words():
    before = identity({"command": "a", "inputs": {"x": 1}}, Facts("c", "e"))
    after = identity({"command": "b", "inputs": {"x": 2, "y": 3}}, Facts("d", "e"))
    assert isinstance(before, Identity)
    assert changes(before.parts, after.parts) == ("code", "command", "input x", "input y")


SWEEP = {
    "type": "sweep",
    "trial": {
        "command": "t ${{search_space.lr}}",
        "environment_variables": {"A": "1"},
        "inputs": {"n": {"type": "integer", "default": 3}},
    },
    "inputs": {"n": 3},
    "outputs": {"model": {"type": "uri_folder"}},
    "search_space": {"lr": {"type": "uniform", "min_value": 0, "max_value": 1}},
    "sampling_algorithm": {"type": "random", "seed": 1},
    "objective": {"goal": "minimize", "primary_metric": "loss"},
    "limits": {"max_total_trials": 4},
    "early_termination": {"type": "bandit", "slack_factor": 0.1},
    "resources": {"instance_count": 1},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("trial.command", "u ${{search_space.lr}}"),
        ("trial.environment_variables.A", "2"),
        ("trial.inputs.n.type", "number"),
        ("trial.distribution", {"type": "pytorch"}),
        ("trial.limits", {"timeout": 3}),
        ("inputs.n", 4),
        ("outputs.model.type", "mlflow_model"),
        ("search_space.lr.max_value", 2),
        ("search_space.new", {"type": "choice", "values": [1]}),
        ("sampling_algorithm.seed", 2),
        ("sampling_algorithm.type", "bayesian"),
        ("objective.goal", "maximize"),
        ("objective.primary_metric", "error"),
        ("limits.max_total_trials", 5),
        ("limits.trial_timeout", 5),
        ("early_termination", None),
        ("early_termination.slack_factor", 0.2),
        ("resources.instance_count", 2),
    ],
)
def test_one_change_is_another_sweep(path, value):
    other = copy.deepcopy(SWEEP)
    *places, last = path.split(".")
    holder: Any = other
    for place in places:
        holder = holder[place]
    holder[last] = value
    facts = Facts("code", "env")
    before, after = identity(SWEEP, facts), identity(other, facts)
    assert before.digest != after.digest
    assert changes(before.parts, after.parts)


def test_a_sweep_is_not_its_trial_and_names_are_no_change():
    facts = Facts("code", "env")
    trial = {**SWEEP["trial"], "inputs": {"n": 3}, "outputs": SWEEP["outputs"]}
    assert digest(SWEEP, facts) != digest(trial, facts)
    named = {**SWEEP, "display_name": "x", "tags": {"a": "b"}, "compute": "other"}
    assert digest(SWEEP, facts) == digest(named, facts)
    assert why_not({**SWEEP, "trial": {"command": "echo ${{name}}"}}, facts)
