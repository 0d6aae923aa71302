"""Control nodes and function components in Python: the documents that they make."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.graph_rules import pipeline_faults
from zaffre.ml.dsl import command_component, condition, do_while, parallel_for, pipeline
from zaffre.ml.entities import CommandComponent

FILE = '''
from zaffre.ml.dsl import command_component, Input, Output

@command_component(name="train_model", version="1", display_name="Train", environment="azureml:e:1")
def train(
    data: Input(type="uri_folder"),
    epochs: int,
    model: Output(type="uri_folder"),
    rate=0.02,
    note: str = None,
) -> Output(type="boolean", is_control=True):
    """Train a model."""
    return epochs > rate
'''


@pytest.fixture
def train(tmp_path, monkeypatch):
    (tmp_path / "trained.py").write_text(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "trained", raising=False)
    return __import__("trained").train


def body() -> CommandComponent:
    return CommandComponent(
        name="body",
        command="t ${{inputs.rate}} ${{outputs.more}} ${{outputs.score}} $[[${{inputs.old}}]]",
        environment="azureml:e:1",
        inputs={"rate": {"type": "number"}, "old": {"type": "number", "optional": True}},
        outputs={"more": {"type": "boolean"}, "score": {"type": "number"}},
    )


def steps(function: Any, **inputs: Any) -> dict[str, Any]:
    document = pipeline(function)(**inputs).to_document()
    assert list(pipeline_faults(document)) == []
    return document["jobs"]


def test_a_condition_names_the_steps_that_it_chooses():
    def build(rate: float):
        first = body()(rate=rate)
        good, bad = body()(rate=1), body()(rate=2)
        which = condition(first.outputs.more, true_block=good, false_block=[bad])
        assert which.outputs == {}

    assert steps(build, rate=1)["which"] == {
        "type": "if_else",
        "condition": "${{parent.jobs.first.outputs.more}}",
        "true_block": "${{parent.jobs.good}}",
        "false_block": ["${{parent.jobs.bad}}"],
    }


def test_outputs_and_inputs_are_compared():
    def build(rate: float):
        first, then = body()(rate=rate), body()(rate=rate)
        which = condition(first.outputs.score >= rate, true_block=then)
        last = body()(rate=1)
        other = condition(rate < 0.5, true_block=last)
        assert which is not other

    jobs = steps(build, rate=1)
    said = "${{parent.jobs.first.outputs.score}} >= ${{parent.inputs.rate}}"
    assert jobs["which"]["condition"] == said
    assert jobs["other"]["condition"] == "${{parent.inputs.rate}} < 0.5"


def test_a_comparison_is_not_decided_while_the_pipeline_is_built():
    def build(rate: float):
        if rate > 1:
            body()(rate=rate)

    with pytest.raises(TypeError, match="known when it runs"):
        pipeline(build)(rate=1)


def test_a_loop_maps_outputs_to_the_inputs_of_its_body():
    def build():
        once = body()(rate=1)
        loop = do_while(
            once,
            {once.outputs.score: once.inputs.old},
            max_iteration_count=3,
            condition=once.outputs.more,
        )
        body()(rate=loop.outputs.score)

    loop = steps(build)["loop"]
    assert loop["mapping"] == {"score": ["old"]}
    assert loop["limits"] == {"max_iteration_count": 3}


def test_a_fan_out_gives_its_outputs_to_the_pipeline():
    def build():
        each = body()()
        fan = parallel_for(body=each, items=[{"rate": 1}, {"rate": 2}])
        return {"scores": fan.outputs.score}

    made = pipeline(build)()
    assert made.to_document()["jobs"]["fan"]["outputs"] == {"score": "${{parent.outputs.scores}}"}
    assert list(pipeline_faults(made.to_document())) == []


def test_azure_has_them_in_modules_of_their_own():
    from zaffre.ml.dsl._condition import condition as one
    from zaffre.ml.dsl._do_while import do_while as two
    from zaffre.ml.dsl._parallel_for import parallel_for as three

    assert (one, two, three) == (condition, do_while, parallel_for)


def test_a_function_becomes_a_component(train, tmp_path):
    document = train.to_document()
    assert document["name"] == "train_model"
    assert document["code"] == str(tmp_path)
    assert document["description"] == "Train a model."
    assert document["inputs"] == {
        "data": {"type": "uri_folder"},
        "epochs": {"type": "integer"},
        "rate": {"type": "number", "default": 0.02},
        "note": {"type": "string", "optional": True},
    }
    assert document["outputs"] == {
        "model": {"type": "uri_folder"},
        "output": {"type": "boolean", "is_control": True},
    }
    assert document["command"].startswith(
        "python -m zaffre_component 'trained.py' train --path data"
    )


def test_a_function_makes_a_step_in_a_pipeline_and_is_called_elsewhere(train):
    def build(data):
        first = train(data, epochs=3)
        use = body()(rate=1)
        condition(first.outputs.output, true_block=use)

    jobs = steps(build, data={"type": "uri_folder", "path": "azureml:d:1"})
    assert jobs["first"]["inputs"] == {"data": "${{parent.inputs.data}}", "epochs": 3}
    assert train(data="d", epochs=3, model="m") is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(*many): pass", "no input can be made"),
        ("def f() -> Output(type='uri_folder'): pass", "returns an output of type uri_folder"),
    ],
)
def test_a_function_of_which_no_component_can_be_made_says_why(text, said, tmp_path):
    file = tmp_path / "odd.py"
    source = f"from zaffre.ml.dsl import Output, command_component\n@command_component\n{text}\n"
    file.write_text(source)
    with pytest.raises(Invalid, match=said):
        exec(compile(source, str(file), "exec"), {})


def test_a_function_of_no_file_is_refused():
    space: dict[str, Any] = {}
    exec("def f(x: int): pass", space)
    with pytest.raises(Invalid, match="of no file"):
        command_component(space["f"])


def test_the_code_must_hold_the_file(tmp_path):
    source = (
        "from zaffre.ml.dsl import command_component\n"
        "@command_component(code='below')\n"
        "def f(x: int): pass\n"
    )
    file = Path(tmp_path / "above.py")
    file.write_text(source)
    with pytest.raises(Invalid, match="does not lie in the code"):
        exec(compile(source, str(file), "exec"), {})
