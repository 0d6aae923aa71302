"""What an editor of pipelines asks: which ports fit, and what is wrong with a drawing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served import Served, serving
from zaffre.api.table import all_routes

CHECK = "/api/v1/workspaces/default/jobs/check"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("drawing"), all_routes()) as running:
        yield running


def test_port_types_say_which_inputs_an_output_fits(served: Served) -> None:
    fits = served.call("GET", "/api/v1/port-types").json["fits"]
    assert fits["integer"] == ["string", "number", "integer"]
    assert "mlflow_model" not in fits["uri_file"]
    assert "mlflow_model" in fits["uri_folder"]


def test_a_drawing_that_is_wrong_is_no_error_but_an_answer_with_places(served: Served) -> None:
    step = {"component": "azureml:none:1", "inputs": {"x": "${{parent.inputs.gone}}"}}
    answer = served.call("POST", CHECK, {"type": "pipeline", "jobs": {"fit": step}})
    assert answer.status == 200
    problems = answer.json["problems"]
    assert [one["field"] for one in problems] == ["jobs.fit.inputs.x"]
    assert answer.json["steps"] == []


def test_a_drawing_that_is_right_has_its_plan(served: Served) -> None:
    step = {"command": "ls", "environment": {"python": "current"}}
    document = {"type": "pipeline", "settings": {"force_rerun": True}, "jobs": {"list": step}}
    answer = served.call("POST", CHECK, document).json
    assert answer["problems"] == []
    assert [(row["step"], row["action"]) for row in answer["steps"]] == [("list", "run")]
