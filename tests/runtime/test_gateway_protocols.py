"""Models without a script answer MLflow's clients and those of the Open Inference Protocol."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Answer, Serving, serving
from zaffre.runtime.capture.rows import input_rows, output_rows

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

COLUMNS = ["a", "b", "c"]
ROWS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]
SCRIPT = "def init():\n    pass\ndef run(raw):\n    return raw\n"


def save(folder: Path, model: Any, signature: Any = None, method: str = "predict") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    inputs = f"signature:\n  inputs: '{json.dumps(signature)}'\n" if signature else ""
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function: {loader_module: mlflow.sklearn, predict_fn: %s}\n"  # noqa: UP031
        "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}\n"
        % method
        + inputs
    )
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    import pandas as pd
    from sklearn.linear_model import LinearRegression, LogisticRegression

    home = tmp_path_factory.mktemp("home")
    x = np.random.default_rng(0).normal(size=(80, 3))
    y = x @ np.array([1.0, 2.0, 3.0]) + 4
    frame = pd.DataFrame(x, columns=COLUMNS)
    signature = [{"name": name, "type": "double"} for name in COLUMNS]
    named = save(home / "named", LinearRegression().fit(frame, y), signature)
    bare = save(home / "bare", LinearRegression().fit(x, y))
    classes = save(home / "p", LogisticRegression().fit(x, y > 4), None, "predict_proba")
    labels = save(home / "labels", LogisticRegression().fit(x, (y > 4).astype("int64")))
    whole = [{"name": name, "type": "long"} for name in COLUMNS]
    counted = save(home / "counted", LinearRegression().fit(frame, y), whole)
    with serving(home) as found:
        for path in (named, bare, classes, labels, counted):
            facts = found.describe(path.name, None, mlflow_model=str(path), model="churn:3")
            found.endpoint(path.name, blue=facts)
        found.endpoint("e", blue=found.describe("script", found.script("script", SCRIPT)))
        found.endpoint("away", traffic={})
        found.configure()
        yield found.start().ready("named", "bare", "p", "labels", "counted", "script")


def post(gateway: Serving, path: str, body: Any, **headers: str) -> Answer:
    return gateway.ask(body if isinstance(body, bytes) else json.dumps(body), path, **headers)


def get(gateway: Serving, path: str) -> Answer:
    return gateway.ask(None, path, "GET")


MLFLOW_FORMS = [
    {"dataframe_split": {"columns": COLUMNS, "data": ROWS}},
    {"dataframe_records": [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]},
    {"instances": ROWS},
    {"inputs": {"a": [1, 0], "b": [2, 0], "c": [3, 0]}},
]


@pytest.mark.parametrize("form", MLFLOW_FORMS, ids=range(len(MLFLOW_FORMS)))
def test_invocations_answers_as_mlflow_does(gateway: Serving, form: Any) -> None:
    answer = post(gateway, "/named/invocations", form)
    assert answer.status == 200, answer.body
    assert answer.json == {"predictions": pytest.approx([18.0, 4.0])}
    assert answer.headers["zaffre-model"] == "churn:3"


def test_invocations_takes_csv(gateway: Serving) -> None:
    body = b"c,b,a\n3,2,1\n0.0,0,0\n"
    answer = post(gateway, "/named/invocations", body, Content_Type="text/csv; charset=utf-8")
    assert answer.json == {"predictions": pytest.approx([18.0, 4.0])}


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"{}", "application/json", 400, "one of"),
        (b"a,b,c\n1,2\n", "text/csv", 400, "Row 0 has 2 values, not 3."),
        (b"", "text/csv", 400, "empty"),
        (b"\xff", "text/csv", 400, "CSV"),
        (b"a,b,c\n1,2,x\n", "text/csv", 400, "Row 0, column 'c' should be double"),
        (b"<x/>", "application/xml", 415, "application/xml"),
    ],
)
def test_invocations_refuses_as_mlflow_does(
    gateway: Serving, body: bytes, kind: str, status: int, said: str
) -> None:
    answer = post(gateway, "/named/invocations", body, Content_Type=kind)
    assert answer.status == status
    assert answer.json["error_code"] == "BAD_REQUEST"
    assert said in answer.json["message"]


def test_mlflows_clients_see_that_it_is_up(gateway: Serving) -> None:
    assert get(gateway, "/named/ping").status == 200
    assert get(gateway, "/named/health").status == 200
    assert get(gateway, "/named/version").body.startswith(b"zaffre/")
    assert get(gateway, "/away/ping").status == 503
    assert gateway.ask(None, "/named/ping", "GET", key=None).status == 401
    assert get(gateway, "/named/invocations").status == 405


def tensor(name: str, shape: list[int], data: Any, datatype: str = "FP64") -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


OPEN_FORMS = [
    [tensor("x", [2, 3], ROWS)],
    [tensor("x", [2, 3], [1, 2, 3, 0, 0, 0], "INT64")],
    [tensor("b", [2], [2, 0]), tensor("a", [2], [1, 0]), tensor("c", [2, 1], [[3], [0]])],
]


@pytest.mark.parametrize("inputs", OPEN_FORMS, ids=range(len(OPEN_FORMS)))
@pytest.mark.parametrize("name", ["named", "blue", "churn"])
def test_infer_answers_by_the_open_inference_protocol(
    gateway: Serving, inputs: Any, name: str
) -> None:
    answer = post(gateway, f"/named/v2/models/{name}/infer", {"id": "mine", "inputs": inputs})
    assert answer.status == 200, answer.body
    assert answer.json == {
        "model_name": name, "model_version": "3", "id": "mine",
        "outputs": [tensor("predict", [2], pytest.approx([18.0, 4.0]))],
    }  # fmt: skip


def test_answers_of_many_values_are_tensors_of_rows(gateway: Serving) -> None:
    (output,) = post(
        gateway, "/p/v2/models/p/infer", {"inputs": [tensor("x", [2, 3], ROWS)]}
    ).json["outputs"]
    assert (output["name"], output["shape"], len(output["data"])) == ("predict_proba", [2, 2], 4)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "list of `inputs`"),
        ({"inputs": [3]}, "inputs[0]"),
        ({"inputs": [{"name": "x"}]}, "no `binary_data_size`"),
        ({"inputs": [tensor("x", [2, 3], [1])]}, "has 1 values"),
        ({"inputs": [tensor("x", [-1], [1])]}, "list of sizes"),
        ({"inputs": [tensor("x", [1, 3], [1, 2, "y"])]}, "Row 0, column 2 of `inputs[0]`"),
        ({"inputs": [tensor("x", [1], [1], "FP9")]}, "datatype is FP9"),
        ({"inputs": [tensor("x", [1], [1]), tensor("y", [2], [1, 2])]}, "same number of rows"),
        ({"inputs": [tensor("a", [1], [1])]}, "missing inputs ['b', 'c']"),
        (b"[" * 5000, "decoded as JSON"),
    ],
)
def test_infer_refuses_what_is_no_tensor(gateway: Serving, body: Any, said: str) -> None:
    answer = post(gateway, "/named/v2/models/named/infer", body)
    assert answer.status == 400, answer.body
    assert said in answer.json["error"]


def test_the_protocol_tells_of_server_and_model(gateway: Serving) -> None:
    assert get(gateway, "/named/v2").json["name"] == "zaffre"
    assert get(gateway, "/named/v2/health/live").json == {"live": True}
    assert get(gateway, "/named/v2/health/ready").json == {"ready": True}
    assert get(gateway, "/away/v2/health/ready").status == 503
    assert get(gateway, "/named/v2/models/named/ready").json == {"name": "named", "ready": True}
    told = get(gateway, "/named/v2/models/named").json
    assert told["versions"] == ["3"]
    assert told["inputs"] == [
        {"name": name, "datatype": "FP64", "shape": [-1]} for name in COLUMNS
    ]
    assert get(gateway, "/bare/v2/models/bare").json["inputs"][0]["shape"] == [-1, 3]


def test_types_are_those_of_signature_and_model(gateway: Serving) -> None:
    told = get(gateway, "/counted/v2/models/counted").json
    assert [one["datatype"] for one in told["inputs"]] == ["INT64"] * 3
    assert told["outputs"][0]["datatype"] == "FP64"
    told = get(gateway, "/labels/v2/models/labels").json
    assert (told["inputs"][0]["datatype"], told["outputs"][0]["datatype"]) == ("FP64", "INT64")
    asked = {"inputs": [tensor("x", [2, 3], ROWS)]}
    (output,) = post(gateway, "/labels/v2/models/labels/infer", asked).json["outputs"]
    assert output["datatype"] == "INT64"


def binary(document: Any, *parts: bytes) -> tuple[bytes, dict[str, str]]:
    head = json.dumps(document).encode()
    return b"".join((head, *parts)), {"Inference_Header_Content_Length": str(len(head))}


def sized(name: str, shape: list[int], datatype: str, size: int) -> dict[str, Any]:
    found = {"name": name, "shape": shape, "datatype": datatype}
    return {**found, "parameters": {"binary_data_size": size}}


@pytest.mark.parametrize("kind", ["FP64", "FP32", "FP16", "INT64", "INT8", "UINT16"])
def test_tensors_come_and_go_in_binary_form(gateway: Serving, kind: str) -> None:
    dtype = kind.lower().replace("fp", "float")
    data = np.array(ROWS, dtype=dtype).tobytes()
    asked = {
        "id": "mine",
        "inputs": [sized("x", [2, 3], kind, len(data))],
        "outputs": [{"name": "predict", "parameters": {"binary_data": True}}],
    }
    body, headers = binary(asked, data)
    answer = post(gateway, "/named/v2/models/named/infer", body, **headers)
    assert answer.status == 200, answer.body
    length = int(answer.headers["inference-header-content-length"])
    told = json.loads(answer.body[:length])
    assert (told["id"], told["outputs"][0]["parameters"]) == ("mine", {"binary_data_size": 16})
    assert np.frombuffer(answer.body[length:], "<f8") == pytest.approx([18.0, 4.0])


def test_binary_inputs_may_be_columns_and_answers_plain(gateway: Serving) -> None:
    columns = [np.array(one, "<i4").tobytes() for one in ([1, 0], [2, 0], [3, 0])]
    named = [sized(name, [2], "INT32", 8) for name in COLUMNS[:2]]
    asked = {"inputs": [*named, tensor("c", [2], [3, 0])]}
    body, headers = binary(asked, *columns[:2])
    answer = post(gateway, "/named/v2/models/named/infer", body, **headers)
    assert answer.json["outputs"][0]["data"] == pytest.approx([18.0, 4.0])
    asked = {"inputs": [tensor("x", [2, 3], ROWS)], "parameters": {"binary_data_output": True}}
    answer = post(gateway, "/named/v2/models/named/infer", asked)
    length = int(answer.headers["inference-header-content-length"])
    assert np.frombuffer(answer.body[length:], "<f8") == pytest.approx([18.0, 4.0])


@pytest.mark.parametrize(
    ("asked", "data", "length", "said"),
    [
        (
            [sized("x", [1, 3], "FP64", 24)],
            b"\0" * 8,
            None,
            "has 8 bytes, and says that it has 24",
        ),
        ([sized("x", [1, 3], "FP64", 24)], b"\0" * 25, None, "1 bytes that belong to no input"),
        ([sized("x", [1, 3], "FP64", 23)], b"\0" * 23, None, "no values of datatype FP64"),
        ([sized("x", [1, 3], "FP64", 8)], b"\0" * 8, None, "has 1 values"),
        ([sized("x", [1], "BYTES", 5)], b"\x09\0\0\0a", None, "no values of datatype BYTES"),
        ([sized("x", [1], "WORD", 1)], b"a", None, "no values of datatype WORD"),
        ([], b"", "9999", "the body has"),
        ([], b"", "-1", "Inference-Header-Content-Length is -1"),
        ([], b"", "1", "decoded as JSON"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(
    gateway: Serving, asked: Any, data: bytes, length: str | None, said: str
) -> None:
    body, headers = binary({"inputs": asked}, data)
    headers = {"Inference_Header_Content_Length": length} if length else headers
    answer = post(gateway, "/named/v2/models/named/infer", body, **headers)
    assert answer.status == 400, answer.body
    assert said in answer.json["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/named/v2/models/other",
        "/named/v2/models//infer",
        "/named/v2/models/named/x",
        "/named/v2/x",
    ],
)
def test_unknown_models_and_addresses_are_not_found(gateway: Serving, path: str) -> None:
    assert get(gateway, path).status == 404


def test_a_deployment_that_is_not_there_is_not_found(gateway: Serving) -> None:
    for path in ("/named/v2/health/ready", "/named/ping", "/named/"):
        answer = gateway.ask(None, path, "GET", azureml_model_deployment="../../etc")
        assert answer.status == 404


def test_a_script_says_itself_what_it_takes(gateway: Serving) -> None:
    for path in ("/e/invocations", "/e/v2/models/e/infer"):
        answer = post(gateway, path, {})
        assert answer.status == 404
        assert "scoring script" in answer.json["message"]
    assert "scoring script" in get(gateway, "/e/v2/models/e").json["message"]
    assert get(gateway, "/e/v2/health/ready").status == 200


def test_tensors_are_captured_by_rows() -> None:
    wide = {"inputs": [tensor("x", [2, 2], [1, 2, 3, 4])]}
    assert input_rows(json.dumps(wide).encode()) == [{"x_0": 1, "x_1": 2}, {"x_0": 3, "x_1": 4}]
    told = {"model_name": "m", "outputs": [tensor("predict", [2], [5, 6])]}
    assert output_rows(json.dumps(told).encode()) == [{"predict": 5}, {"predict": 6}]


@pytest.mark.parametrize(
    "shape", [[2], [10**12], ["x"], [], [1, "x"], [1, -1], [1, 0], [1, 1, 1], 3]
)
def test_what_only_looks_like_tensors_is_captured_too(shape: Any) -> None:
    assert len(input_rows(json.dumps({"inputs": [tensor("x", shape, [1])]}).encode())) == 1
