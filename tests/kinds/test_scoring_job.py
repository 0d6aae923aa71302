"""What an invocation of a batch deployment becomes: a pipeline job, settled without running it."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.batch_deployment import ModelBatchDeploymentSpec, ScoringTask
from zaffre.kinds.invocation import read
from zaffre.kinds.resource import Key
from zaffre.kinds.scoring_job import pipeline_job, scoring_job

KEY = Key("batch_deployment", "default", "ridge", parent="diabetes")
DATA = {"type": "uri_folder", "path": "azureml:parts:1"}
SCRIPT = ScoringTask(model_tree="sha256:m", code_tree="sha256:c", script="score.py")
ALONE = ScoringTask(model_tree="sha256:m", model_type="mlflow_model")


def scored(task: ScoringTask = SCRIPT, spec: dict[str, Any] | None = None, **asked: Any) -> Any:
    given = ModelBatchDeploymentSpec.model_validate({"model": "azureml:m:1", **(spec or {})})
    return scoring_job(KEY, given, task, read({"input": DATA, **asked}))


def step(*args: Any, **asked: Any) -> Any:
    return scored(*args, **asked)["jobs"]["batchscoring"]


def test_it_is_a_pipeline_with_one_step_and_the_output_score():
    job = scored()
    assert job["outputs"] == {"score": {"type": "uri_folder"}}
    assert job["inputs"]["input"] == DATA
    assert job["experiment_name"] == "diabetes"
    assert job["tags"] == {"batch_endpoint": "diabetes", "batch_deployment": "ridge"}
    assert list(job["jobs"]) == ["batchscoring"]


def test_the_script_sees_model_and_output():
    assert step()["environment_variables"] == {
        "AZUREML_MODEL_DIR": "${{inputs.model}}",
        "AZUREML_BI_OUTPUT_PATH": "${{outputs.score}}",
    }
    assert step()["task"]["entry_script"] == "score.py"


def test_a_model_without_a_script_predicts_alone():
    assert step(ALONE)["task"]["type"] == "model"
    assert "entry_script" not in step(ALONE)["task"]


def test_settings_have_defaults():
    made = step()
    assert made["mini_batch_size"] == "10"
    assert made["error_threshold"] == -1
    assert made["retry_settings"] == {"max_retries": 3, "timeout": 30}
    assert made["task"]["append_row_file_name"] == "predictions.csv"


def test_settings_stand_under_settings_or_at_the_top():
    flat = {"mini_batch_size": 3, "error_threshold": 1}
    assert step(spec=flat)["mini_batch_size"] == "3"
    both = {**flat, "settings": {"mini_batch_size": 4}}
    assert step(spec=both)["mini_batch_size"] == "4"
    assert step(spec=both)["error_threshold"] == 1


def test_an_invocation_says_settings_over_those_of_the_deployment():
    spec = {"settings": {"mini_batch_size": 4, "retry_settings": {"max_retries": 1}}}
    made = step(spec=spec, mini_batch_size=2, retry_settings={"timeout": 9}, instance_count=3)
    assert made["mini_batch_size"] == "2"
    assert made["retry_settings"] == {"max_retries": 1, "timeout": 9}
    assert made["resources"] == {"instance_count": 3}


def test_instances_come_from_resources():
    assert step(spec={"resources": {"instance_count": 2}})["resources"] == {"instance_count": 2}


def test_summary_only_appends_nothing():
    made = step(spec={"output_action": "summary_only"})
    assert "append_row_to" not in made["task"]


def test_the_output_goes_where_the_invocation_says():
    place = {"path": "azureml://datastores/lake/paths/today"}
    assert scored(outputs={"score": place})["outputs"]["score"] == {**place, "type": "uri_folder"}


def test_all_that_is_wrong_with_an_invocation_is_listed():
    with pytest.raises(Invalid) as caught:
        scored(inputs={"more": DATA, "alpha": 3}, outputs={"other": {}})
    fields = {problem.place.field for problem in caught.value.problems}
    assert fields == {"inputs", "inputs.alpha", "outputs.other"}


def test_nothing_to_score_is_an_error():
    with pytest.raises(Invalid, match="nothing to score"):
        scored(input=None)


def test_an_invocation_may_come_in_the_form_of_azures_rest_interface():
    given = {
        "InputData": {
            "data": {"JobInputType": "UriFile", "Uri": "azureml:x:1"},
            "alpha": {"JobInputType": "Literal", "Value": 3},
        },
        "OutputData": {"score": {"JobOutputType": "UriFolder", "Uri": "azureml://d"}},
    }
    asked = read({"properties": given})
    assert asked.inputs["alpha"] == 3
    assert asked.inputs["data"].path == "azureml:x:1"
    assert asked.outputs["score"].path == "azureml://d"


def test_a_literal_may_be_written_with_its_type():
    asked = read({"inputs": {"mode": {"type": "string", "default": "append"}, "most": 3}})
    assert asked.inputs == {"mode": "append", "most": 3}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", "."])
def test_the_output_file_stays_in_the_output(name: str):
    with pytest.raises(Invalid, match="no file name"):
        read({"output_file_name": name})


def test_an_unknown_field_is_met_with_a_near_one():
    with pytest.raises(Invalid) as caught:
        read({"mini_bacth_size": 3})
    assert "mini_batch_size" in str(caught.value.problems[0].hint)


COMPONENT = {
    "type": "pipeline",
    "inputs": {"data": {"type": "uri_folder"}, "alpha": {"type": "number", "default": 1}},
    "jobs": {"one": {"type": "command"}},
}
TEMPLATE = {"type": "pipeline", "component": COMPONENT, "settings": {"default_compute": "a"}}


def test_a_pipeline_gets_the_inputs_of_the_invocation():
    asked = read({"inputs": {"alpha": 2}, "input": DATA, "settings": {"force_rerun": True}})
    job = pipeline_job(KEY, TEMPLATE, {"default_compute": "c"}, asked)
    assert job["inputs"] == {"alpha": 2, "data": DATA}
    assert job["settings"] == {"default_compute": "c", "force_rerun": True}
    assert job["component"] == COMPONENT


def test_a_pipeline_with_several_inputs_of_data_wants_their_names():
    two = {**COMPONENT["inputs"], "other": {"type": "uri_file"}}
    template = {**TEMPLATE, "component": {**COMPONENT, "inputs": two}}
    with pytest.raises(Invalid, match="2 inputs of data"):
        pipeline_job(KEY, template, {}, read({"input": DATA}))
