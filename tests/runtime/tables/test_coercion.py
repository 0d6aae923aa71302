"""What values become in the types of a model's signature, whatever format they came in."""

from __future__ import annotations

import pytest

pa = pytest.importorskip("pyarrow")

from zaffre.runtime.tables.coercion import Feature, coerced, holes  # noqa: E402


def becomes(values: list, kind: str) -> tuple[list, list[int]]:
    """Give what values become, and the places of those that do not fit."""
    table, misfits = coerced(pa.table({"x": pa.array(values)}), [Feature("x", kind)])
    wrong = [
        place for one in misfits for place, is_wrong in enumerate(one.rows.to_pylist()) if is_wrong
    ]
    return table["x"].to_pylist(), wrong


@pytest.mark.parametrize(
    ("kind", "values", "expected", "wrong"),
    [
        ("double", [1, 2], [1.0, 2.0], []),
        ("double", ["1", " 2.5e1 ", "abc", None], [1.0, 25.0, None, None], [2]),
        ("float", [1.5, None], [1.5, None], []),
        ("long", ["1", "2"], [1, 2], []),
        ("long", [1.0, 2.0], [1, 2], []),
        ("long", [1.0, 2.5], [1.0, None], [1]),
        ("long", ["1", "2.5", "x"], [1.0, None, None], [1, 2]),
        ("long", [1, None], [1.0, None], []),
        ("boolean", ["true", "False", "1"], [True, False, True], []),
        ("boolean", ["true", "no", None, "0"], [1.0, None, None, 0.0], [1]),
        ("boolean", [True, None], [1.0, None], []),
        ("boolean", [1, 0, 2], [1.0, 0.0, None], [2]),
        ("string", [1, None], ["1", None], []),
        ("string", [[1], None], ["[1]", None], []),
        ("", [1, 2], [1.0, 2.0], []),
        ("", ["a", None], ["a", None], []),
        ("", [True, False], [True, False], []),
    ],
)
def test_values_become_what_the_signature_says(kind, values, expected, wrong):
    assert becomes(values, kind) == (expected, wrong)


def test_rows_are_told_by_what_they_lack():
    table = pa.table({"a": [1.0, float("nan"), None], "b": [1, 2, None]})
    assert holes(table).to_pylist() == ["", "`a` ", "`a` `b` "]
    assert holes(pa.table({"a": [1.0]})) is None
