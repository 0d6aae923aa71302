"""Models of many flavors without a script: each answers as its own library does."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Serving, serving, until

np = pytest.importorskip("numpy")
lightgbm = pytest.importorskip("lightgbm")
pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

COLUMNS = ["a", "b", "c"]
SIGNATURE = json.dumps([{"name": name, "type": "double"} for name in COLUMNS])
ROWS = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]


def data() -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(120, 3))
    return x, x @ np.array([1.0, 2.0, 3.0]) + 4


def onnx_of(model: Any) -> bytes:
    from skl2onnx import to_onnx

    return to_onnx(model, data()[0][:1].astype("float32")).SerializeToString()


def described(folder: Path, flavor: str, fields: str, signature: bool = True) -> str:
    """Write an MLmodel file and give its folder."""
    (folder / "MLmodel").write_text(
        f"flavors:\n  python_function: {{loader_module: mlflow.{flavor}}}\n  {flavor}: {fields}\n"
        + (f"signature:\n  inputs: '{SIGNATURE}'\n" if signature else "")
    )
    return str(folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, dict[str, Any]]]:
    from sklearn.linear_model import LinearRegression

    home = tmp_path_factory.mktemp("home")
    x, y = data()
    linear = LinearRegression().fit(x, y)
    booster = lightgbm.train(
        {"verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), num_boost_round=5
    )
    wrapped = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1, n_jobs=1).fit(x, y)
    models = home / "m"
    for name in ("lgb", "lgbpkl", "onnx"):
        (models / name).mkdir(parents=True)
    (models / "plain.joblib").write_bytes(pickle.dumps(linear))
    booster.save_model(models / "plain.txt")
    (models / "plain.onnx").write_bytes(onnx_of(linear))
    booster.save_model(models / "lgb" / "model.lgb")
    (models / "lgbpkl" / "model.pkl").write_bytes(pickle.dumps(wrapped))
    (models / "onnx" / "model.onnx").write_bytes(onnx_of(linear))
    served: dict[str, dict[str, Any]] = {
        "joblib": {"flavor": "sklearn", "model_file": str(models / "plain.joblib")},
        "text": {"flavor": "lightgbm", "model_file": str(models / "plain.txt")},
        "onnxfile": {"flavor": "onnx", "model_file": str(models / "plain.onnx")},
        "lgb": {"mlflow_model": described(models / "lgb", "lightgbm", "{data: model.lgb}")},
        "lgbpkl": {
            "mlflow_model": described(models / "lgbpkl", "lightgbm", "{data: model.pkl}", False)
        },
        "onnx": {"mlflow_model": described(models / "onnx", "onnx", "{data: model.onnx}")},
    }
    with serving(home) as found:
        for name, facts in served.items():
            found.endpoint(name, blue=found.describe(name, None, **facts))
        found.configure()
        found.start().ready(*served)
        own = {
            "joblib": linear, "text": booster, "onnxfile": linear, "lgb": booster, "lgbpkl": wrapped,
        }  # fmt: skip
        yield found, {name: model.predict(np.array(ROWS)) for name, model in own.items()}


@pytest.mark.parametrize("name", ["joblib", "text", "onnxfile", "lgb", "lgbpkl"])
def test_it_answers_as_its_own_library_does(
    world: tuple[Serving, dict[str, Any]], name: str
) -> None:
    gateway, own = world
    answer = gateway.ask(json.dumps({"input_data": ROWS}), f"/{name}/score")
    assert answer.status == 200, answer.body
    assert answer.json == pytest.approx(own[name], rel=1e-5)


@pytest.mark.parametrize("name", ["lgb", "onnx"])
def test_named_columns_may_come_in_any_order(
    world: tuple[Serving, dict[str, Any]], name: str
) -> None:
    turned = {"columns": COLUMNS[::-1], "data": [row[::-1] for row in ROWS]}
    gateway, _ = world
    assert (
        gateway.ask(json.dumps({"dataframe_split": turned}), f"/{name}/score").json
        == gateway.ask(json.dumps({"inputs": ROWS}), f"/{name}/score").json
    )


def test_an_onnx_model_of_mlflow_names_its_outputs(world: tuple[Serving, dict[str, Any]]) -> None:
    gateway, own = world
    answer = gateway.ask(json.dumps({"inputs": ROWS}), "/onnx/score").json
    assert [row["variable"] for row in answer] == pytest.approx(own["joblib"], rel=1e-5)


@pytest.mark.parametrize("name", ["joblib", "text", "onnxfile", "lgb", "onnx"])
@pytest.mark.parametrize("rows", ['[["x", 1, 2]]', "[[1, 2]]", "[[1, 2, 3, 4]]", "[1, 2]", "[{}]"])
def test_rows_that_do_not_fit_are_the_callers_fault(
    world: tuple[Serving, dict[str, Any]], name: str, rows: str
) -> None:
    answer = world[0].ask(f'{{"input_data": {rows}}}', f"/{name}/score")
    assert answer.status == 400, answer.body


def test_a_pickle_that_cannot_predict_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    with serving(tmp_path) as gateway:
        blue = gateway.describe("blue", None, flavor="sklearn", model_file=str(tmp_path / "m.pkl"))
        gateway.endpoint("e", blue=blue)
        gateway.configure()
        gateway.start()
        until(lambda: gateway.deployment("blue").get("state") == "failed", "it has failed")
        assert "holds a dict, which has no `predict`" in gateway.deployment("blue")["error"]
