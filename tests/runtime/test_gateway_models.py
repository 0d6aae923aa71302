"""Models without a script: the forms of requests, batches of them, and what is wrong with one of many."""

from __future__ import annotations

import http.client
import json
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from serving import Serving, ask, serving, until

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

COLUMNS = ["a", "b", "c"]
SIGNATURE = json.dumps([{"name": name, "type": "double"} for name in COLUMNS])


def save(
    folder: Path, model: Any, signature: str | None = SIGNATURE, method: str = "predict"
) -> Path:
    """Write a model as MLflow does."""
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    inputs = f"signature:\n  inputs: '{signature}'\n" if signature else ""
    (folder / "MLmodel").write_text(
        "flavors:\n"
        f"  python_function: {{loader_module: mlflow.sklearn, model_path: model.pkl, predict_fn: {method}}}\n"
        "  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}\n" + inputs
    )
    return folder


def data() -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(80, 3))
    return x, x @ np.array([1.0, 2.0, 3.0]) + 4


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    home = tmp_path_factory.mktemp("home")
    x, y = data()
    arrays = save(home / "m" / "arrays", LinearRegression().fit(x, y))
    bare = save(home / "m" / "bare", LinearRegression().fit(x, y), None)
    frame = pd.DataFrame(x, columns=COLUMNS)
    frames = save(home / "m" / "frames", LinearRegression().fit(frame, y))
    classes = save(
        home / "m" / "classes", LogisticRegression().fit(x, y > 4), None, "predict_proba"
    )
    mixed = pd.DataFrame({"color": ["red", "blue"] * 40, "size": x[:, 0]})
    steps = make_column_transformer((OneHotEncoder(), ["color"]), remainder="passthrough")
    columns = '[{"name": "color", "type": "string"}, {"name": "size", "type": "double"}]'
    text = save(
        home / "m" / "text", make_pipeline(steps, LinearRegression()).fit(mixed, y), columns
    )
    with serving(home) as found:
        for path in (arrays, bare, frames, classes, text):
            name = path.name
            found.endpoint(
                name,
                blue=found.describe(
                    name, None, mlflow_model=str(path), model_dir=str(path.parent)
                ),
            )
        found.configure()
        yield found.start().ready("arrays", "bare", "frames", "classes", "text")


ROWS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]
FORMS = [
    {"input_data": ROWS},
    {"input_data": {"columns": COLUMNS, "index": [0, 1], "data": ROWS}},
    {"input_data": {"columns": ["c", "b", "a"], "data": [row[::-1] for row in ROWS]}},
    {"input_data": {"a": [1, 0], "b": [2, 0], "c": [3, 0]}},
    {"dataframe_split": {"columns": COLUMNS, "data": ROWS}},
    {"dataframe_records": [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]},
    {"inputs": ROWS},
    {"instances": ROWS},
    {"input_data": {"columns": ["x", *COLUMNS], "data": [[9.0, *row] for row in ROWS]}},
]


@pytest.mark.parametrize("model", ["arrays", "frames"])
@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_each_form_gives_a_bare_list_of_predictions(
    gateway: Serving, model: str, form: Any
) -> None:
    answer = gateway.ask(json.dumps(form), f"/{model}/score")
    assert answer.status == 200, answer.body
    assert answer.json == pytest.approx([18.0, 4.0])


def test_a_model_without_signature_takes_arrays(gateway: Serving) -> None:
    assert gateway.ask(json.dumps({"inputs": ROWS}), "/bare/score").json == pytest.approx(
        [18.0, 4.0]
    )


def test_the_method_that_the_model_names_is_called(gateway: Serving) -> None:
    answer = gateway.ask(json.dumps({"input_data": ROWS}), "/classes/score").json
    assert [len(row) for row in answer] == [2, 2]


def test_text_columns_reach_the_model_by_their_names(gateway: Serving) -> None:
    rows = {"columns": ["size", "color"], "data": [[0.5, "red"], [0.5, "blue"]]}
    answer = gateway.ask(json.dumps({"input_data": rows}), "/text/score")
    assert answer.status == 200, answer.body
    assert len(answer.json) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"3", b"{}", b'{"input_data": 3}', b'{"data": [[1]]}', b'{"input_data": [[1, 2]]}',
        b'{"input_data": [[1, 2, "x"]]}', b'{"input_data": [1, 2, 3, 4]}', b'{"inputs": {"a": [1]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', b'{"dataframe_records": [{"a": 1}, {"b": 1}]}',
        b'{"input_data": {"columns": ["a", "b"], "data": [[1, 2]]}}', b'{"inputs": [[1, 2, 3]], "params": 3}',
        b'{"dataframe_split": [[1]]}', b'{"dataframe_records": [[1]]}', b'{"inputs": {"a": [1], "b": [1, 2], "c": [1]}}',
        b"[" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["arrays", "frames"])
def test_bad_rows_are_the_callers_fault(gateway: Serving, model: str, body: bytes) -> None:
    answer = gateway.ask(body, f"/{model}/score")
    assert answer.status == 400, answer.body
    assert answer.json["message"]


def test_an_empty_list_gives_an_empty_list_or_a_reason(gateway: Serving) -> None:
    assert gateway.ask(b'{"input_data": []}', "/arrays/score").status in (200, 400)


def test_requests_at_once_get_their_own_answers(gateway: Serving) -> None:
    def many(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
        for number in range(60):
            bad = (client + number) % 7 == 0
            rows = [[client, number, part] for part in range(1 + number % 3)]
            body = {"input_data": [["bad", 1, 1]] if bad else rows}
            answer = ask(connection, json.dumps(body), "/arrays/score")
            if bad:
                assert answer.status == 400
            else:
                assert answer.json == pytest.approx(
                    [row[0] + 2 * row[1] + 3 * row[2] + 4 for row in rows]
                )
        connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(many, range(12)))


def test_waiting_requests_share_a_prediction(tmp_path: Path) -> None:
    """While one prediction runs, what comes waits, and is answered by the next one."""
    with serving(tmp_path) as gateway:
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "slow_model.py").write_text(
            "import time\nclass Slow:\n    n_features_in_ = 1\n    calls = 0\n"
            "    def predict(self, rows):\n        time.sleep(0.3)\n        Slow.calls += 1\n"
            "        return [Slow.calls] * len(rows)\n"
        )
        folder = tmp_path / "m"
        folder.mkdir()
        (folder / "model.pkl").write_bytes(b"cslow_model\nSlow\n)\x81.")
        (folder / "MLmodel").write_text(
            "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n  sklearn: {pickled_model: model.pkl}\n"
        )
        env = {"PYTHONPATH": str(tmp_path / "lib")}
        gateway.endpoint(
            "e", blue=gateway.describe("blue", None, mlflow_model=str(folder), env=env)
        )
        gateway.configure()
        gateway.start().ready()
        with ThreadPoolExecutor(20) as pool:
            answers = [pool.submit(gateway.ask, b'{"inputs": [[1]]}') for _ in range(20)]
            calls = [one.result().json[0] for one in answers]
        assert max(calls) <= 3


def test_a_request_that_kills_the_model_fails_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as gateway:
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / "killed_model.py").write_text(
            "import os, time\nclass Killed:\n    n_features_in_ = 1\n    def predict(self, rows):\n"
            "        time.sleep(0.05)\n        if (rows == 13).any(): os._exit(9)\n        return rows[:, 0]\n"
        )
        folder = tmp_path / "m"
        folder.mkdir()
        (folder / "model.pkl").write_bytes(b"ckilled_model\nKilled\n)\x81.")
        (folder / "MLmodel").write_text(
            "flavors:\n  python_function: {loader_module: mlflow.sklearn}\n  sklearn: {pickled_model: model.pkl}\n"
        )
        env = {"PYTHONPATH": str(tmp_path / "lib")}
        blue = gateway.describe(
            "blue", None, mlflow_model=str(folder), env=env, queue_wait_ms=20000
        )
        gateway.endpoint("e", blue=blue)
        gateway.configure()
        gateway.start().ready()
        with ThreadPoolExecutor(20) as pool:
            asked = {
                n: pool.submit(gateway.ask, json.dumps({"inputs": [[n]]})) for n in range(8, 20)
            }
            statuses = {n: one.result().status for n, one in asked.items()}
        assert statuses.pop(13) == 502
        assert set(statuses.values()) == {200}


def test_other_flavors_are_served_by_mlflow(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    code = (
        "import mlflow, sys\n"
        "class Doubler(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return model_input['x'] * 2\n"
        "mlflow.pyfunc.save_model(sys.argv[1], python_model=Doubler())\n"
    )
    import subprocess
    import sys

    folder = tmp_path / "m"
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=True, capture_output=True, cwd=tmp_path
    )
    assert mlflow.__version__
    with serving(tmp_path / "home") as gateway:
        gateway.endpoint("e", blue=gateway.describe("blue", None, mlflow_model=str(folder)))
        gateway.configure()
        gateway.start().ready()
        answer = gateway.ask(
            json.dumps({"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}})
        )
        assert answer.json == [2, 4]


def test_a_model_that_cannot_be_read_fails_with_the_reason(tmp_path: Path) -> None:
    with serving(tmp_path) as gateway:
        (tmp_path / "m").mkdir()
        gateway.endpoint(
            "e", blue=gateway.describe("blue", None, mlflow_model=str(tmp_path / "m"))
        )
        gateway.endpoint("f", blue=gateway.describe("bad", None, mlflow_model=str(tmp_path / "n")))
        (tmp_path / "n").mkdir()
        (tmp_path / "n" / "MLmodel").write_text(
            "flavors: {python_function: {loader_module: mlflow.sklearn}, sklearn: {}}"
        )
        gateway.configure()
        gateway.start()
        until(lambda: gateway.deployment("blue").get("state") == "failed", "it has failed")
        assert "MLmodel" in gateway.deployment("blue")["error"]
        until(lambda: gateway.deployment("bad").get("state") == "failed", "it has failed")
        assert "model.pkl" in gateway.deployment("bad")["error"]


def test_the_swagger_tells_the_signature(gateway: Serving) -> None:
    document = gateway.ask(None, "/arrays/swagger.json", "GET").json
    row = document["definitions"]["ServiceInput"]["properties"]["input_data"]["items"]
    assert set(row["properties"]) == set(COLUMNS)
