"""Flavors whose libraries are not among the tests' own: where they are installed, they answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from zaffre.runtime.scoring import PROGRAM

sys.path.insert(0, str(PROGRAM.parent))
from zaffre_scoring import compiling, predictors
from zaffre_scoring.signature import BadRows
from zaffre_scoring.tables import Table

sys.path.pop(0)

ROWS = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]


def answers(flavor: str, path: Path, rows: Any = None) -> list[Any]:
    predictor = predictors.load({"flavor": flavor, "model_file": str(path)})
    return predictor.predict(Table(None, rows or ROWS))


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic"])
@pytest.mark.parametrize("suffix", ["ubj", "json"])
def test_xgboost_answers_as_itself_and_compiled(
    tmp_path: Path, objective: str, suffix: str
) -> None:
    xgboost = pytest.importorskip("xgboost")
    numpy = pytest.importorskip("numpy")
    x = numpy.random.default_rng(0).normal(size=(90, 3))
    y = (x @ numpy.array([1.0, 2.0, 3.0]) > 0) * 1.0
    booster = xgboost.train({"objective": objective}, xgboost.DMatrix(x, y), 5)
    path = tmp_path / f"model.{suffix}"
    booster.save_model(path)
    own = booster.predict(xgboost.DMatrix(numpy.array(ROWS)))
    assert answers("xgboost", path) == pytest.approx(own)
    pytest.importorskip("onnxmltools")
    order = {"model": {"flavor": "xgboost", "model_file": str(path)}, "tolerance": 1e-5}
    report = compiling.compiled({**order, "folder": str(tmp_path)})
    assert report["used"], report
    assert answers("onnx", tmp_path / "model.onnx") == pytest.approx(own, rel=1e-5)


@pytest.mark.parametrize("form", ["script.pt", "whole.pt", "exported.pt2"])
def test_pytorch_answers_by_any_of_its_files(tmp_path: Path, form: str) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(3, 1).eval()
    path = tmp_path / form
    if form == "script.pt":
        torch.jit.save(torch.jit.script(model), path)
    elif form == "whole.pt":
        torch.save(model, path)
    else:
        rows = torch.tensor(ROWS)
        shapes = {"input": {0: torch.export.Dim("rows")}}
        torch.export.save(torch.export.export(model, (rows,), dynamic_shapes=shapes), path)
    with torch.inference_mode():
        own = model(torch.tensor(ROWS)).tolist()
    assert answers("pytorch", path) == [pytest.approx(row) for row in own]
    with pytest.raises(BadRows):
        answers("pytorch", path, [["x", 1, 2]])


def test_weights_alone_are_no_pytorch_model(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Linear(3, 1).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(TypeError, match="weights without their module"):
        answers("pytorch", tmp_path / "weights.pt")


def test_keras_answers_as_itself(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    numpy = pytest.importorskip("numpy")
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    own = model.predict(numpy.array(ROWS), verbose=0).tolist()
    assert answers("keras", tmp_path / "model.keras") == [pytest.approx(row) for row in own]
