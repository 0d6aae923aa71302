"""Filter strings follow MLflow's grammar, and nothing else passes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds.filters import (
    Comparison,
    Order,
    number_matches,
    parse,
    parse_order,
    text_matches,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name = 'a'", Comparison("attribute", "name", "=", "a")),
        ('name="a"', Comparison("attribute", "name", "=", "a")),
        ("attributes.name != 'a b'", Comparison("attribute", "name", "!=", "a b")),
        ("name like '%x_'", Comparison("attribute", "name", "LIKE", "%x_")),
        ("tags.k ILIKE 'V'", Comparison("tag", "k", "ILIKE", "V")),
        ("tag.`a b.c` = ''", Comparison("tag", "a b.c", "=", "")),
        ("tags.\"mlflow.user\" = 'me'", Comparison("tag", "mlflow.user", "=", "me")),
        ("tags.mlflow.source.type = 'x'", Comparison("tag", "mlflow.source.type", "=", "x")),
        ("metrics.loss <= 1e-3", Comparison("metric", "loss", "<=", 0.001)),
        ("metrics.`val/loss` > -2", Comparison("metric", "val/loss", ">", -2)),
        ("params.lr = '0.1'", Comparison("param", "lr", "=", "0.1")),
        ("version_number >= 3", Comparison("attribute", "version_number", ">=", 3)),
        ("run_id IN ('a', 'b')", Comparison("attribute", "run_id", "IN", ("a", "b"))),
        ("run_id NOT IN ('a')", Comparison("attribute", "run_id", "NOT IN", ("a",))),
        ("name = 'it''s'", Comparison("attribute", "name", "=", "it's")),
        ("name = 'a AND b'", Comparison("attribute", "name", "=", "a AND b")),
    ],
)
def test_one_condition(text: str, found: Comparison):
    assert parse(text) == [found]


def test_conditions_are_joined_by_and():
    assert len(parse("name='a' and tags.x = 'b'  AND metrics.m>1")) == 3
    assert parse(None) == parse("  ") == []


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name =",
        "= 'a'",
        "name = a",
        "name 'a'",
        "name = 'a' OR name = 'b'",
        "name = 'a' name = 'b'",
        "name = 'a' AND",
        "name = 'a",
        "name IN 'a'",
        "name IN ()",
        "name IN ('a'",
        "name NOT 'a'",
        "bogus.key = 'a'",
        "name = 'a'; drop table runs",
        "(name = 'a')",
        "name = ('a')",
        "\x00",
        "name = 'a' -- x",
    ],
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(Invalid):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str):
    with contextlib.suppress(Invalid):
        parse(text)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("name", Order("attribute", "name")),
        ("name DESC", Order("attribute", "name", ascending=False)),
        (" last_updated_timestamp  asc ", Order("attribute", "last_updated_timestamp")),
        ("metrics.`a b` desc", Order("metric", "a b", ascending=False)),
    ],
)
def test_orders(text: str, order: Order):
    assert parse_order(text) == order


@pytest.mark.parametrize("text", ["", "name up", "name, other", "'name'", "a b c"])
def test_other_orders_are_refused(text: str):
    with pytest.raises(Invalid):
        parse_order(text)


def matches(value: str | None, text: str) -> bool:
    return text_matches(value, parse(f"name {text}")[0])


def test_texts_are_compared():
    assert matches("a", "= 'a'")
    assert matches("a", "!= 'b'")
    assert matches("a.b", "LIKE 'a._'")
    assert not matches("AXB", "LIKE 'a%'")
    assert matches("AXB", "ILIKE 'a%'")
    assert not matches("a+b", "LIKE 'a.b'")
    assert matches("a", "IN ('a', 'b')")
    assert matches("c", "NOT IN ('a', 'b')")
    assert not any(matches(None, text) for text in ("= 'a'", "!= 'a'", "LIKE '%'", "NOT IN ('a')"))
    with pytest.raises(Invalid):
        matches("a", "> 'a'")


def test_numbers_are_compared():
    assert number_matches(2, parse("v >= 2")[0])
    assert not number_matches(None, parse("v != 2")[0])
    assert number_matches(2, parse("v = '2'")[0])
    for text in ("v = 'x'", "v LIKE '1'", "v IN ('1')"):
        with pytest.raises(Invalid):
            number_matches(2, parse(text)[0])
