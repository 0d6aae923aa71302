"""Which library loads a model that is one plain file."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.flavor import PlainModel, plain_model


@pytest.mark.parametrize(
    ("paths", "flavor", "file"),
    [
        (["model.joblib"], "sklearn", "model.joblib"),
        (["net/model.onnx", "net/labels.json", "README.txt"], "onnx", "net/model.onnx"),
        (["MODEL.UBJ"], "xgboost", "MODEL.UBJ"),
    ],
)
def test_a_file_is_what_its_name_says(paths: list[str], flavor: str, file: str) -> None:
    assert plain_model(None, paths) == PlainModel(flavor, file)


@pytest.mark.parametrize(
    ("declared", "paths", "file"),
    [
        ({"lightgbm": {}}, ["model.txt"], "model.txt"),
        ({"lightgbm": None}, ["model.txt", "a.onnx"], "model.txt"),
        ({"lightgbm": {"data": "b.txt"}}, ["a.txt", "b.txt"], "b.txt"),
        ({"sklearn": {"pickled_model": "m.bin"}}, ["net/m.bin", "net/n.bin"], "net/m.bin"),
    ],
)
def test_a_declaration_wins(declared: dict[str, Any], paths: list[str], file: str) -> None:
    assert plain_model(declared, paths) == PlainModel(next(iter(declared)), file)


@pytest.mark.parametrize(
    ("declared", "paths", "message", "hint"),
    [
        (None, ["model.txt"], "none of its files says", "Declare it"),
        (None, [], "none of its files says", "scoring script"),
        (None, ["a.onnx", "b.pkl"], "several of its files", "Declare it"),
        ({"lightgmb": {}}, ["m.txt"], "`lightgmb` is not served", "`lightgbm`"),
        ({"onnx": {"data": "n.onnx"}}, ["m.onnx"], "no file `n.onnx`", "`m.onnx`"),
        ({"lightgbm": {}}, ["a.txt", "b.txt"], "not which file", "Name it"),
    ],
)
def test_what_is_neither_evident_nor_declared_is_refused(
    declared: dict[str, Any] | None, paths: list[str], message: str, hint: str
) -> None:
    with pytest.raises(Invalid, match=message) as caught:
        plain_model(declared, paths)
    assert hint in str(caught.value.hint)
