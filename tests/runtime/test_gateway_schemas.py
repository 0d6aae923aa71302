"""What does not fit is refused with its row and column: by schema, signature or decorators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Serving, serving
from zaffre.services.request_schemas import code_of

pytest.importorskip("sklearn")

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "array", "items": {"$ref": "#/definitions/row"}}},
    "definitions": {
        "row": {"type": "array", "items": {"type": "number", "maximum": 100}, "minItems": 2}
    },
}
TEXT = "def init():\n    pass\ndef run(raw):\n    return 'ran'\n"
RAW = (
    "from azureml.contrib.services.aml_request import rawhttp\ndef init():\n    pass\n"
    "@rawhttp\ndef run(request):\n    return 'ran'\n"
)
DECORATED = """
import numpy as np
import pandas as pd
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType

def init():
    pass

@input_schema("points", NumpyParameterType(np.array([[1.0, 2.0]])))
@input_schema("people", PandasParameterType(pd.DataFrame({"age": [30.0], "name": ["x"]})))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(points, people):
    if len(people) > 1:
        raise ValueError("of my own")
    return float(points.sum() + people["age"].sum())
"""


AGES = {
    "type": "object",
    "properties": {
        "input_data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["age", "years"],
                "properties": {
                    "age": {"type": "number", "minimum": 0},
                    "years": {"type": "integer", "maximum": 99},
                },
            },
        }
    },
    "required": ["input_data"],
}


def save_model(folder: Path) -> Path:
    import pickle

    import pandas as pd
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0], "years": [1, 2, 4]})
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(
        pickle.dumps(LinearRegression().fit(frame, [1.0, 2.0, 3.0]))
    )
    inputs = json.dumps([{"name": "age", "type": "double"}, {"name": "years", "type": "long"}])
    outputs = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}])
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl}\n"
        "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}\n"
        f"signature:\n  inputs: '{inputs}'\n  outputs: '{outputs}'\n"
    )
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    home = tmp_path_factory.mktemp("home")
    schema = home / "schema"
    schema.mkdir()
    (schema / "schema.json").write_text(json.dumps(SCHEMA))
    (schema / "check.py").write_text(code_of(SCHEMA))
    model = str(save_model(home / "m"))
    with serving(home) as found:
        for name, code in (("text", TEXT), ("raw", RAW)):
            facts = {"request_schema": str(schema)}
            found.endpoint(name, blue=found.describe(name, found.script(name, code), **facts))
        found.endpoint(
            "decorated", blue=found.describe("decorated", found.script("decorated", DECORATED))
        )
        found.endpoint("model", blue=found.describe("model", None, mlflow_model=model))
        ages = home / "ages"
        ages.mkdir()
        (ages / "schema.json").write_text(json.dumps(AGES))
        (ages / "check.py").write_text(code_of(AGES))
        facts = {"mlflow_model": model, "request_schema": str(ages)}
        found.endpoint("held", blue=found.describe("held", None, **facts))
        found.configure()
        yield found.start().ready("text", "raw", "decorated", "model", "held")


def refused(gateway: Serving, name: str, body: Any) -> str:
    text = body if isinstance(body, bytes) else json.dumps(body)
    answer = gateway.ask(text, f"/{name}/score")
    assert answer.status == 400, answer.body
    assert answer.headers["x-ms-run-function-failed"] == "False"
    return str(answer.json["message"])


@pytest.mark.parametrize("name", ["text", "raw"])
def test_a_request_that_fits_the_schema_reaches_the_script(gateway: Serving, name: str) -> None:
    assert gateway.ask(json.dumps({"data": [[1, 2], [3, 4.5]]}), f"/{name}/score").json == "ran"


@pytest.mark.parametrize("name", ["text", "raw"])
def test_a_request_that_does_not_fit_the_schema_is_refused(gateway: Serving, name: str) -> None:
    assert refused(gateway, name, {"data": [[1, 2], [3, "x"]]}) == (
        "Row 1, column 1: body.data[1][1] must be number"
    )
    assert refused(gateway, name, {"data": [[1, 2], [3]]}).startswith("Row 1: body.data[1] must")
    assert refused(gateway, name, {"data": [[1, 200]]}).startswith("Row 0, column 1: ")
    assert "must contain ['data']" in refused(gateway, name, {})
    assert "could not be decoded as JSON" in refused(gateway, name, b"[" * 5000)


def column(name: str, *data: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": "FP64", "data": data}


SOLD = [
    ("score", {"input_data": [{"age": 1, "years": 2}, {"age": -1, "years": 3}]}),
    ("invocations", {"dataframe_split": {"columns": ["age", "years"], "data": [[1, 2], [-1, 3]]}}),
    ("invocations", {"inputs": {"years": [2, 3], "age": [1, -1]}}),
    ("invocations", {"instances": [[1, 2], [-1, 3]]}),
    ("v2/models/held/infer", {"inputs": [column("age", 1, -1), column("years", 2, 3)]}),
]


@pytest.mark.parametrize(("page", "body"), SOLD, ids=range(len(SOLD)))
def test_the_schema_holds_whatever_the_protocol(gateway: Serving, page: str, body: Any) -> None:
    answer = gateway.ask(json.dumps(body), f"/held/{page}")
    assert answer.status == 400, answer.body
    said = answer.json.get("message") or answer.json["error"]
    assert said.startswith("Row 1, column 'age': ")
    assert said.endswith(" must be bigger than or equal to 0")
    right = gateway.ask(json.dumps(body).replace("-1", "1"), f"/held/{page}")
    assert right.status == 200, right.body


def test_csv_is_held_to_the_schema_too(gateway: Serving) -> None:
    kind = {"Content_Type": "text/csv"}
    answer = gateway.ask("age,years\n1,100\n", "/held/invocations", **kind)
    assert answer.json["message"].startswith("Row 0, column 'years': it must be smaller")
    assert gateway.ask("age,years\n1,10\n", "/held/invocations", **kind).status == 200


def test_the_description_tells_the_schema_with_references_that_lead_there(
    gateway: Serving,
) -> None:
    third = gateway.ask(None, "/text/swagger.json?version=3", "GET").json
    given = third["components"]["schemas"]["ServiceInput"]
    assert given["properties"]["data"]["items"]["$ref"] == (
        "#/components/schemas/ServiceInput/definitions/row"
    )
    second = gateway.ask(None, "/text/swagger.json", "GET").json
    assert second["definitions"]["ServiceInput"]["properties"]["data"]["items"]["$ref"] == (
        "#/definitions/ServiceInput/definitions/row"
    )


def test_a_value_that_does_not_fit_the_signature_is_told_by_row_and_column(
    gateway: Serving,
) -> None:
    rows = {"columns": ["age", "years"], "data": [[1.5, 2], [2.5, "x"]]}
    assert refused(gateway, "model", {"input_data": rows}).startswith(
        "Row 1, column 'years' should be long, and is 'x'."
    )
    records = [{"age": "old", "years": 2}]
    assert refused(gateway, "model", {"dataframe_records": records}).startswith(
        "Row 0, column 'age' should be double, and is 'old'."
    )
    assert refused(gateway, "model", {"inputs": [[1, 2], [1, 2.5]]}).startswith(
        "Row 1, column 'years' should be long, and is 2.5."
    )
    assert refused(gateway, "model", {"inputs": [[1, 2], [1]]}).startswith("Row 1 has 1 values")
    assert "['years']" in refused(gateway, "model", {"dataframe_records": [{"age": 1}]})


def test_the_description_tells_what_the_signature_wants_and_gives(gateway: Serving) -> None:
    document = gateway.ask(None, "/model/swagger.json?version=3", "GET").json
    schemas = document["components"]["schemas"]
    row = schemas["ServiceInput"]["properties"]["input_data"]["items"]
    assert row["required"] == ["age", "years"]
    assert row["properties"]["years"] == {"type": "integer", "format": "int64"}
    assert schemas["ServiceOutput"]["items"] == {"type": "number", "format": "double"}
    example = schemas["ServiceInput"]["example"]
    assert gateway.ask(json.dumps(example), "/model/score").status == 200


PERSON = [{"age": 1, "name": "a"}]


def test_a_value_that_does_not_fit_the_decorators_is_told_by_row_and_column(
    gateway: Serving,
) -> None:
    fits = {"points": [[1, 2]], "people": PERSON}
    assert gateway.ask(json.dumps(fits), "/decorated/score").json == 4.0
    said = refused(gateway, "decorated", {"points": [[1, 2], [3, "x"]], "people": PERSON})
    assert said.startswith("Row 1, column 1 (`points[1][1]`) should be number, and is 'x'.")
    said = refused(
        gateway, "decorated", {"points": [[1, 2]], "people": [{"age": "x", "name": ""}]}
    )
    assert said.startswith("Row 0, column 'age' (`people[0].age`) should be number, and is 'x'.")


def test_an_error_of_the_script_itself_stays_a_500(gateway: Serving) -> None:
    body = {"points": [[1, 2]], "people": PERSON * 2}
    answer = gateway.ask(json.dumps(body), "/decorated/score")
    assert answer.status == 500
    assert answer.headers["x-ms-run-function-failed"] == "True"
