"""How far answers are apart, and the rows that are made up to find it out."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zaffre.runtime.scoring import PROGRAM

sys.path.insert(0, str(PROGRAM.parent))
from zaffre_scoring.comparing import difference
from zaffre_scoring.converting import NotConvertible, conversions
from zaffre_scoring.sampling import NoSample, sample_of
from zaffre_scoring.signature import Signature

sys.path.pop(0)


@pytest.mark.parametrize(
    ("original", "other", "largest"),
    [
        ([], [], 0),
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([1.0, 2.0], [1.0, 2.5], 0.25),
        ([0.0], [0.001], 0.001),
        ([[0.1, 0.9]], [[0.1, 0.8]], 0.1),
        ([math.nan], [math.nan], 0),
        ([math.nan], [1.0], math.inf),
        (["yes"], ["no"], math.inf),
        ([1.0], [1.0, 2.0], math.inf),
        ([[1.0]], [1.0], math.inf),
        ([{"a": 1.0}], [{"a": 3.0}], 2),
        ([math.inf], [math.inf], 0),
        ([math.inf], [1.0], math.inf),
    ],
)
def test_numbers_are_compared_by_size_and_all_else_by_equality(
    original: list[Any], other: list[Any], largest: float
) -> None:
    assert difference(original, other).largest == pytest.approx(largest)


def test_the_worst_row_is_named() -> None:
    assert "row 1" in difference(["a", "b"], ["a", "c"]).text
    assert difference([1.0, 2.0], [1.0, 2.2]).text == "largest difference 0.1 (row 1)"


def model(*columns: tuple[str, str], width: int | None = None, names: Any = ()) -> Any:
    return SimpleNamespace(signature=Signature(tuple(columns)), width=width, names=names)


def test_made_up_rows_have_the_columns_types() -> None:
    table, origin = sample_of(model(("a", "long"), ("b", "double"), ("c", "boolean")), None, None)
    assert (table.columns, origin) == (("a", "b", "c"), "made-up rows")
    assert {tuple(map(type, row)) for row in table.rows} == {(int, float, bool)}


def test_an_example_comes_first_and_rows_near_it_after(tmp_path: Path) -> None:
    example = {"columns": ["a", "b"], "data": [[100, 0.5]]}
    (tmp_path / "input_example.json").write_text(json.dumps(example))
    table, origin = sample_of(model(("a", "double"), ("b", "double")), str(tmp_path), None)
    assert "near it" in origin
    assert table.rows[0] == [100, 0.5]
    assert len(table.rows) > 200


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.csv", "a,b\n1,x\n2,y\n"),
        ("rows.json", '{"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]}'),
        ("rows.json", '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]'),
    ],
)
def test_given_rows_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    table, _ = sample_of(model(), None, str(tmp_path / name))
    assert (table.columns, table.rows) == (("a", "b"), [[1, "x"], [2, "y"]])


@pytest.mark.parametrize(
    ("asked", "name", "message"),
    [
        (model(("a", "string")), None, "`a` is no number"),
        (model(), None, "which columns"),
        (model(), "rows.bin", "no .csv"),
        (model(), "rows.json", "cannot be read"),
    ],
)
def test_without_rows_it_says_what_to_give(
    tmp_path: Path, asked: Any, name: str | None, message: str
) -> None:
    given = tmp_path / name if name else None
    if given:
        given.write_text("{")
    with pytest.raises(NoSample, match=message):
        sample_of(asked, None, str(given) if given else None)


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        ("onnxruntime", "an ONNX model already"),
        ("torch", "no converter to ONNX for a Net of torch"),
    ],
)
def test_what_has_no_converter_is_told(library: str, reason: str) -> None:
    native = type("Net", (), {"__module__": f"{library}.somewhere"})()
    with pytest.raises(NotConvertible, match=reason):
        next(conversions(SimpleNamespace(native=native)))  # type: ignore[arg-type]
