"""How the rows of a chunk are told apart that a model refuses, on a model that the test plays."""

from __future__ import annotations

import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.compute as pc  # noqa: E402

from zaffre.runtime.tables import scoring  # noqa: E402
from zaffre.runtime.tables.coercion import Feature  # noqa: E402
from zaffre.runtime.tables.crew import Died, NotScored  # noqa: E402

FEATURES = [Feature("x", "double")]


class Model:
    """Doubles; refuses, or dies of, tables with certain values."""

    def __init__(self, *bad: float, error: type[NotScored] = NotScored) -> None:
        self.bad = pa.array(bad, pa.float64())
        self.error = error
        self.calls = 0

    def __call__(self, table: pa.Table) -> pa.Table:
        self.calls += 1
        if pc.any(pc.is_in(table["x"], self.bad)).as_py():
            raise self.error("it is bad")
        return pa.table({"prediction": pc.multiply(table["x"], 2)})


def numbers(count: int) -> pa.Table:
    return pa.table({"x": [float(one) for one in range(count)]})


def test_a_sound_chunk_is_one_call():
    model = Model()
    found = scoring.score(numbers(100), FEATURES, model)
    assert model.calls == 1
    assert found.results["prediction"].to_pylist() == [one * 2.0 for one in range(100)]


def test_bad_rows_are_found_and_the_others_stay_in_order():
    found = scoring.score(numbers(1000), FEATURES, Model(3.0, 500.0, 999.0))
    assert found.reasons == dict.fromkeys((3, 500, 999), "it is bad")
    assert len(found.rows) == 997
    assert found.results["prediction"].to_pylist() == [one * 2.0 for one in found.rows.to_pylist()]


def test_one_row_that_kills_is_found_in_a_whole_chunk():
    model = Model(70_000.0, error=Died)
    found = scoring.score(numbers(131_072), FEATURES, model)
    assert list(found.reasons) == [70_000]


def test_a_model_that_always_dies_is_not_tried_for_ever():
    model = Model(*map(float, range(1000)), error=Died)
    found = scoring.score(numbers(1000), FEATURES, model)
    assert len(found.reasons) == 1000
    assert found.results is None
    assert model.calls < 40
