"""Models compiled to ONNX: used where they answer as the original, else the status says why."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import Serving, kill, serving, until

np = pytest.importorskip("numpy")
lightgbm = pytest.importorskip("lightgbm")
pytest.importorskip("skl2onnx")
pytest.importorskip("onnxmltools")

ROWS = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]
ONE_NUMBER = '[{"name": "x", "type": "double"}]'
SAMPLE = "color,size\nred,0.5\nblue,1.5\nred,-2\n"


def data() -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(120, 3))
    return x, x @ np.array([1.0, 2.0, 3.0]) + 4


def mixed() -> tuple[Any, str]:
    """Give a pipeline over a text column and a number, and its signature."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    x, y = data()
    frame = pd.DataFrame({"color": ["red", "blue"] * 60, "size": x[:, 0]})
    steps = make_column_transformer((OneHotEncoder(), ["color"]), remainder="passthrough")
    columns = '[{"name": "color", "type": "string"}, {"name": "size", "type": "double"}]'
    return make_pipeline(steps, LinearRegression()).fit(frame, y), columns


def saved(folder: Path, model: Any, signature: str = "", method: str = "predict") -> str:
    """Write a model as MLflow does."""
    folder.mkdir(parents=True)
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    (folder / "MLmodel").write_text(
        f"flavors:\n  python_function: {{loader_module: mlflow.sklearn, predict_fn: {method}}}\n"
        "  sklearn: {pickled_model: model.pkl}\n"
        + (f"signature:\n  inputs: '{signature}'\n" if signature else "")
    )
    return str(folder)


def models(folder: Path) -> dict[str, dict[str, Any]]:
    """Give what each deployment serves, and how its acceleration is set."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LogisticRegression

    x, y = data()
    forest = RandomForestRegressor(10, random_state=0).fit(x, y)
    classes = LogisticRegression().fit(x, y > 4)
    binary = lightgbm.train(
        {"verbose": -1, "objective": "binary", "num_threads": 1},
        lightgbm.Dataset(x, y > 4),
        num_boost_round=5,
    )
    text, columns = mixed()
    folder.mkdir()
    binary.save_model(folder / "binary.txt")
    (folder / "sample.csv").write_text(SAMPLE)
    made = saved(folder / "text", text, columns)
    return {
        "forest": {"mlflow_model": saved(folder / "forest", forest)},
        "strict": {"mlflow_model": saved(folder / "strict", forest), "tolerance": 1e-15},
        "chances": {"mlflow_model": saved(folder / "c", classes, method="predict_proba")},
        "binary": {"flavor": "lightgbm", "model_file": str(folder / "binary.txt")},
        "text": {"mlflow_model": made, "sample": str(folder / "sample.csv")},
        "unseen": {"mlflow_model": made},
        "strange": {
            "mlflow_model": saved(
                folder / "strange", np.poly1d([1, 2]), ONE_NUMBER, method="__call__"
            )
        },
    }


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    home = tmp_path_factory.mktemp("home")
    served = models(home / "m")
    with serving(home) as found:
        for name, facts in served.items():
            acceleration = {
                "folder": str(home / "accelerated" / name),
                "tolerance": facts.pop("tolerance", 1e-5),
                "sample": facts.pop("sample", None),
            }
            blue = found.describe(name, None, **facts, acceleration=acceleration)
            found.endpoint(name, blue=blue)
            plain = {key: value for key, value in blue.items() if key != "acceleration"}
            found.endpoint(f"{name}-plain", blue={**plain, "id": f"{name}-plain"})
        found.configure()
        yield found.start().ready(*served, *(f"{name}-plain" for name in served))


def ask(gateway: Serving, name: str, rows: Any) -> Any:
    answer = gateway.ask(json.dumps({"input_data": rows}), f"/{name}/score")
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.parametrize("name", ["forest", "chances", "binary"])
def test_a_compiled_model_that_proved_itself_answers(gateway: Serving, name: str) -> None:
    report = gateway.deployment(name)["compiled"]
    assert report["used"], report
    assert report["max_difference"] <= report["tolerance"]
    assert report["rows"] >= 200
    compiled, original = ask(gateway, name, ROWS), ask(gateway, f"{name}-plain", ROWS)
    assert np.array(compiled) == pytest.approx(np.array(original), rel=1e-5)


def test_text_columns_are_compared_on_given_rows(gateway: Serving) -> None:
    report = gateway.deployment("text")["compiled"]
    assert report["used"], report
    assert (report["sample"], report["rows"]) == ("the sample data", 3)
    rows = {"columns": ["size", "color"], "data": [[0.5, "red"], [0.5, "blue"]]}
    compiled, original = ask(gateway, "text", rows), ask(gateway, "text-plain", rows)
    assert compiled == pytest.approx(original, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("strict", "answers differently: largest difference"),
        ("unseen", "`color` is no number: give `sample_data`"),
        ("strange", "no converter to ONNX for a poly1d of numpy"),
    ],
)
def test_what_did_not_prove_itself_is_not_used_and_says_why(
    gateway: Serving, name: str, reason: str
) -> None:
    report = gateway.deployment(name)["compiled"]
    assert not report["used"]
    assert reason in report["reason"]


def test_the_original_answers_where_the_compiled_model_does_not(gateway: Serving) -> None:
    assert ask(gateway, "strict", ROWS) == ask(gateway, "strict-plain", ROWS)
    assert gateway.deployment("strict")["compiled"]["max_difference"] > 1e-15


def test_bad_rows_of_a_compiled_model_are_the_callers_fault(gateway: Serving) -> None:
    for rows in ('[["x", 1, 2]]', "[[1, 2]]", "[{}]"):
        answer = gateway.ask(f'{{"input_data": {rows}}}', "/forest/score")
        assert answer.status == 400, answer.body


def test_it_is_compiled_once(gateway: Serving) -> None:
    folder = gateway.home / "accelerated" / "forest"
    before = (folder / "model.onnx").stat().st_mtime_ns
    (old,) = gateway.pids("forest")
    kill(old)
    until(lambda: gateway.pids("forest") not in ([old], []), "another worker is there")
    gateway.ready("forest")
    assert len(ask(gateway, "forest", ROWS)) == 2
    assert (folder / "model.onnx").stat().st_mtime_ns == before


def test_what_is_not_accelerated_reports_nothing(gateway: Serving) -> None:
    assert gateway.deployment("forest-plain")["compiled"] is None
