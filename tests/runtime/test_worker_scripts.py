"""Scripts as Azure ML users write them, against the answers that Azure's own server gives (1.5.1)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from serving import Serving, serving, until

pytest.importorskip("pandas")

TEXT = """
import json, logging, os, sys
def init():
    global LOADED
    LOADED = True
def run(raw):
    if raw == "none": return None
    if raw == "list": return [1, 2.5, "é"]
    if raw == "exit": sys.exit(3)
    if raw == "array":
        import numpy; return numpy.array([1, 2])
    if raw == "scalar":
        import numpy; return numpy.float64(1.5)
    if raw == "nan": return float("nan")
    if raw == "set": return {1}
    if raw == "text": return json.dumps([1])
    if raw == "env": return [__name__, os.getcwd() == os.environ["AML_APP_ROOT"], LOADED]
    if raw == "log":
        logging.getLogger("named").info("by name"); logging.info("for all"); print("two\\nlines"); os.write(1, b"raw bytes\\n"); return 1
    if raw == "deep": return run(raw)
    return raw
"""
NAMED = """
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
@input_schema("iris", StandardPythonParameterType({"a": 1.0, "b": [1, 2]}))
@input_schema("n", StandardPythonParameterType(3))
@output_schema(StandardPythonParameterType([0.5]))
def run(iris, n=7): return [iris, n]
def init(): pass
"""
RAW = """
import os
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from MODULE import AMLResponse
def init(): pass
@rawhttp
def run(request):
    if request.method == "GET":
        return AMLResponse({"a": request.args.get("a"), "all": request.args.getlist("a")}, 200, json_str=True)
    data = request.get_data()
    if data == b"teapot": return AMLResponse("short", 418, {"X-A": "1,2", "Content-Type": "image/png"})
    if data == b"fail": return AMLResponse("bad", 503)
    if data == b"none": return AMLResponse(None, 200)
    if data == b"plain": return {"method": request.method, "type": request.headers.get("content-TYPE"), "path": request.path}
    if data == b"header":
        answer = AMLResponse("x", 200); answer.headers["X-B"] = "b"; answer.headers["Content-Length"] = "99"; return answer
    if data == b"split": return AMLResponse("x", 200, {"X-C": "a\\r\\nSet-Cookie: b"})
    if request.is_json: return request.get_json()
    if request.files: return {name: file.filename + file.read().decode() for name, file in request.files.items()} | dict(request.form)
    return AMLResponse(data, 200)
"""
NUMPY = """
import numpy as np
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0], [3, 4]])))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(data): return [str(data.dtype), data.sum(axis=1).tolist()]
def init(): pass
"""
PANDAS = """
import pandas as pd
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
sample = pd.DataFrame({"a": [1, 2], "b": [1.5, 2.5], "d": pd.to_datetime(["2020-01-01", "2021-02-03"])})
@input_schema("data", PandasParameterType(sample))
@input_schema("mode", StandardPythonParameterType("fast"), optional=True)
def run(data, mode="slow"): return [data["a"].tolist(), str(data.dtypes["d"])[:10], mode]
def init(): pass
"""
ASYNC = """
import asyncio
def init(): pass
async def run(raw, request_headers):
    await asyncio.sleep(0.01)
    return [raw, request_headers.get("X-Mine")]
"""
OBJECTS = """
import base64, datetime
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as P
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
import numpy as np
records = np.array([(1, "x")], dtype=[("n", "int32"), ("t", "U5")])
@input_schema("nested", P({"inner": P([P(1.0)]), "free": 1}))
@input_schema("when", P(datetime.date(2020, 1, 2)))
@input_schema("data", P(b"abc"))
@input_schema("rows", NumpyParameterType(records))
def run(nested, when, data, rows): return [nested, str(when), data.decode(), rows["n"].tolist()]
def init(): pass
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    scripts = {
        "text": TEXT, "named": NAMED, "numpy": NUMPY, "pandas": PANDAS, "async": ASYNC, "objects": OBJECTS,
        "raw": RAW.replace("MODULE", "azureml.contrib.services.aml_response"),
        "raw2": RAW.replace("MODULE", "azureml_inference_server_http.api.aml_response"),
    }  # fmt: skip
    with serving(tmp_path_factory.mktemp("home")) as found:
        for name, text in scripts.items():
            found.endpoint(name, blue=found.describe(name, found.script(name, text)))
        (found.home / "code" / "numpy" / "swagger2.json").write_text('{"mine": 2}')
        found.configure()
        yield found.start().ready(*scripts)


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"x", b'"x"'), (b"none", b"{}"), (b"list", b'[1, 2.5, "\\u00e9"]'), (b"scalar", b"1.5"), (b"nan", b"NaN"),
        (b"text", b'"[1]"'), (b"", b'""'), (b"env", b'["entry_module", true, true]'),
    ],
)  # fmt: skip
def test_any_json_value_is_an_answer(gateway: Serving, sent: bytes, body: bytes) -> None:
    answer = gateway.ask(sent, "/text/score")
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize("sent", [b"array", b"set"])
def test_what_json_cannot_hold_is_an_error_as_on_azure(gateway: Serving, sent: bytes) -> None:
    answer = gateway.ask(sent, "/text/score")
    assert answer.status == 500
    assert answer.json == {
        "message": "An unexpected internal error occurred. Check the logs for more info."
    }
    assert answer.headers["x-ms-run-function-failed"] == "False"


@pytest.mark.parametrize("sent", [b"exit", b"deep"])
def test_a_script_that_exits_or_runs_too_deep_fails_that_request(
    gateway: Serving, sent: bytes
) -> None:
    assert gateway.ask(sent, "/text/score").status == 500
    assert gateway.ask(b"x", "/text/score").status == 200


def test_text_must_be_utf_8(gateway: Serving) -> None:
    answer = gateway.ask(b"\xff\xfe", "/text/score")
    assert answer.status == 400
    assert answer.json["message"].startswith("Input cannot be decoded as UTF-8")


def test_prints_warnings_and_raw_writes_are_in_the_log(gateway: Serving) -> None:
    gateway.ask(b"log", "/text/score")
    log = gateway.log("text")
    until(lambda: "raw bytes" in log.read_text(), "the log has it")
    lines = log.read_text().splitlines()
    for text in ("two", "lines", "INFO:named:by name", "INFO:root:for all"):
        assert any(line.endswith("Z " + text) for line in lines), text


@pytest.mark.parametrize(
    ("sent", "status", "expected"),
    [
        ({"iris": {"a": 1, "b": [3]}, "n": 4}, 200, [{"a": 1, "b": [3]}, 4]),
        ({"iris": {"a": 1, "b": [3]}}, 200, [{"a": 1, "b": [3]}, 7]),
        ({"iris": {"a": 1}, "n": 1, "more": 3}, 200, [{"a": 1}, 1]),
        ({"n": 4}, 400, {"message": "A value is not provided for the 'iris' parameter."}),
        ([], 400, {"message": "POST body should be a JSON dictionary."}),
        ({"iris": 3, "n": 1}, 400, None),
        ({"iris": {}, "n": "x"}, 400, None),
    ],
)
def test_decorated_parameters_come_from_the_body(
    gateway: Serving, sent: Any, status: int, expected: Any
) -> None:
    answer = gateway.ask(json.dumps(sent), "/named/score")
    assert answer.status == status
    if expected is not None:
        assert answer.json == expected


def test_a_decorated_script_wants_json(gateway: Serving) -> None:
    assert gateway.ask(b"{}", "/named/score", Content_Type="text/plain").status == 415
    assert gateway.ask(b"", "/named/score").json == {
        "message": "POST body is empty. Expecting a JSON dictionary."
    }
    assert (
        gateway.ask(b"x", "/named/score")
        .json["message"]
        .startswith("POST body could not be decoded as JSON")
    )
    assert gateway.ask(None, "/named/score?n=1&iris={}", "GET").json == [{}, 1]


def test_the_swagger_comes_from_the_decorators(gateway: Serving) -> None:
    document = gateway.ask(None, "/named/swagger.json", "GET").json
    assert document["definitions"]["ServiceInput"] == {
        "type": "object",
        "properties": {
            "iris": {
                "type": "object",
                "required": ["a", "b"],
                "properties": {
                    "a": {"type": "number", "format": "double"},
                    "b": {"type": "array", "items": {"type": "integer", "format": "int64"}},
                },
            },
            "n": {"type": "integer", "format": "int64"},
        },
        "example": {"iris": {"a": 1.0, "b": [1, 2]}, "n": 3},
    }
    assert document["definitions"]["ServiceOutput"]["example"] == [0.5]
    third = gateway.ask(None, "/named/swagger.json?version=3", "GET").json
    assert (
        third["components"]["schemas"]["ServiceInput"] == document["definitions"]["ServiceInput"]
    )


def test_a_swagger_beside_the_script_wins(gateway: Serving) -> None:
    assert gateway.ask(None, "/numpy/swagger.json", "GET").json == {"mine": 2}
    assert gateway.ask(None, "/numpy/swagger.json?version=3", "GET").json["openapi"] == "3.0.3"


@pytest.mark.parametrize("name", ["raw", "raw2"])
def test_a_raw_script_gets_the_request_and_makes_the_response(gateway: Serving, name: str) -> None:
    path = f"/{name}/score"
    answer = gateway.ask(b"teapot", path)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        418,
        b"short",
        "image/png",
    )
    assert answer.headers["x-a"] in ("1, 2", "2", "1")
    failed = gateway.ask(b"fail", path)
    assert (failed.status, failed.headers["x-ms-run-function-failed"]) == (503, "True")
    assert gateway.ask(b"none", path).body == b"{}"
    assert gateway.ask(b"plain", path, Content_Type="text/x").json == {
        "method": "POST",
        "type": "text/x",
        "path": "/score",
    }
    assert gateway.ask(None, path + "?a=1&a=2", "GET").json == {"a": "1", "all": ["1", "2"]}
    other = gateway.ask(b"other", path, Content_Type="text/plain")
    assert (other.body, other.headers["content-type"]) == (b"other", "text/html; charset=utf-8")
    assert gateway.ask(b'{"a": 1}', path).json == {"a": 1}


def test_a_raw_script_cannot_break_the_framing(gateway: Serving) -> None:
    answer = gateway.ask(b"header", "/raw/score")
    assert (answer.body, answer.headers["x-b"]) == (b"x", "b")
    assert "set-cookie" not in gateway.ask(b"split", "/raw/score").headers


def test_files_of_a_form_reach_a_raw_script(gateway: Serving) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="pic"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
        b'--b\r\nContent-Disposition: form-data; name="size"\r\n\r\n3\r\n--b--\r\n'
    )
    answer = gateway.ask(body, "/raw/score", Content_Type="multipart/form-data; boundary=b")
    assert answer.json == {"pic": "a.txthello", "size": "3"}


def test_numpy_parameters_are_arrays_of_the_samples_shape(gateway: Serving) -> None:
    assert gateway.ask(b'{"data": [[1, 2]]}', "/numpy/score").json == ["float64", [3.0]]
    for bad in (
        b'{"data": [[1, 2, 3]]}',
        b'{"data": [1]}',
        b'{"data": 3}',
        b'{"data": [["a", 1]]}',
    ):
        assert gateway.ask(bad, "/numpy/score").status == 400


def test_pandas_parameters_are_frames_of_the_samples_types(gateway: Serving) -> None:
    row = {"a": 1, "b": 2, "d": "2020-01-01"}
    assert gateway.ask(json.dumps({"data": [row]}), "/pandas/score").json == [
        [1],
        "datetime64",
        "slow",
    ]
    assert gateway.ask(json.dumps({"data": [row], "mode": "x"}), "/pandas/score").json[2] == "x"
    assert gateway.ask(json.dumps({"data": [{"a": 1, "b": 2}]}), "/pandas/score").status == 400
    document = gateway.ask(None, "/pandas/swagger.json", "GET").json
    columns = document["definitions"]["ServiceInput"]["properties"]["data"]["items"]["properties"]
    assert columns["d"]["format"] == "date-time"


def test_nested_samples_and_odd_types_are_converted(gateway: Serving) -> None:
    sent = {
        "nested": {"inner": [1, 2.5], "free": "any"},
        "when": "2024-05-06",
        "data": base64.b64encode(b"xyz").decode(),
        "rows": [{"n": 4, "t": "z"}, [5, "y"]],
    }
    answer = gateway.ask(json.dumps(sent), "/objects/score")
    assert answer.json == [{"inner": [1, 2.5], "free": "any"}, "2024-05-06", "xyz", [4, 5]]


def test_an_async_run_is_awaited_and_may_have_the_headers(gateway: Serving) -> None:
    assert gateway.ask(b"x", "/async/score", X_Mine="yes").json == ["x", "yes"]
