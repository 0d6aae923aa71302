"""The grammar of search filters and orders."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from zaffre.errors import Invalid
from zaffre.kinds.search import LONGEST_LIST, MOST, Clause, Order, parse_filter, parse_order
from zaffre.kinds.search_text import LONGEST
from zaffre.kinds.search_tracking import EXPERIMENTS, RUNS


def one(text: str) -> tuple[str, str, str, object]:
    (clause,) = parse_filter(text, RUNS)
    return clause.entity, clause.key, clause.operator, clause.value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("metrics.acc > 0.5", ("metric", "acc", ">", 0.5)),
        ("metric.1st<=-.5e-3", ("metric", "1st", "<=", -0.0005)),
        ("metrics.`a-b` != 3", ("metric", "a-b", "!=", 3)),
        ('metrics."a b" = 1.', ("metric", "a b", "=", 1.0)),
        ("`metrics`.x = 1", ("metric", "x", "=", 1)),
        ("params.x = 'a\"b'", ("parameter", "x", "=", 'a"b')),
        ('param.x = "it\'s"', ("parameter", "x", "=", "it's")),
        ("parameters.x = 'it''s'", ("parameter", "x", "=", "it''s")),
        ("parameter.x = 'C:\\'", ("parameter", "x", "=", "C:\\")),
        ("params.x = ''", ("parameter", "x", "=", "")),
        ("params.é like '%ü_'", ("parameter", "é", "LIKE", "%ü_")),
        ("params.and = 'or'", ("parameter", "and", "=", "or")),
        ("tags.mlflow.source.name ILIKE 'A%'", ("tag", "mlflow.source.name", "ILIKE", "A%")),
        ("tag.'x' = '\n'", ("tag", "x", "=", "\n")),
        ("tags.x IS NULL", ("tag", "x", "IS NULL", None)),
        ("tags.x is  not\nnull", ("tag", "x", "IS NOT NULL", None)),
        ("status = 'FINISHED'", ("attribute", "status", "=", "FINISHED")),
        ("attr.Created >= 7", ("attribute", "start_time", ">=", 7)),
        ("`Run Name` = 'x'", ("attribute", "run_name", "=", "x")),
        ("run.run_id IN ('a', \"b\",)", ("attribute", "run_id", "IN", ("a", "b"))),
        ("run_id not in ('a\\'b')", ("attribute", "run_id", "NOT IN", ("a'b",))),
        ("run_id IN ('\\d\\\\')", ("attribute", "run_id", "IN", ("\\d\\",))),
        ("datasets.context IN ('train')", ("dataset", "context", "IN", ("train",))),
        ("end_time = " + "9" * 30, ("attribute", "end_time", "=", int("9" * 30))),
        ("end_time = " + "9" * 5000, ("attribute", "end_time", "=", float("inf"))),
    ],
)
def test_a_comparison(text: str, wanted: tuple[str, str, str, object]):
    assert one(text) == wanted


def test_comparisons_are_joined_by_and():
    text = "metrics.a > 1 AND params.b = 'x'and\ttags.c != 'y'"
    assert [clause.key for clause in parse_filter(text, RUNS)] == ["a", "b", "c"]
    assert parse_filter(None, RUNS) == parse_filter("", RUNS) == parse_filter(" \n", RUNS) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics.a-b > 1", "-b > 1"),
        ("bogus.a = 'x'", "entity type 'bogus'"),
        ("bogus = 'x'", "attribute key 'bogus'"),
        ("dataset.size = 'x'", "dataset key 'size'"),
        ("metrics.a = 'x'", "numeric"),
        ("metrics.a > metrics.b", "numeric"),
        ("metrics.a LIKE 1", "'LIKE'"),
        ("metrics.a IS NULL", "IS NULL"),
        ("metrics.a <> 1", "'<>'"),
        ("metrics.a == 1", "'=='"),
        ("metrics.a IN (1)", "'IN'"),
        ("params.a = 1", "quoted"),
        ("params.a = `x`", "quoted"),
        ("params.a NOT LIKE 'x'", "NOT LIKE"),
        ("params.a > 'x'", "'>'"),
        ("status IN ('a')", "'IN'"),
        ("start_time LIKE 'a'", "'LIKE'"),
        ("start_time = 'a'", "numeric"),
        ("1 < metrics.a", "Identifier"),
        ("metrics.a 'x' 1", "Expected comparison"),
        ("(metrics.a > 1)", "'('"),
        ("metrics.a > 1 OR metrics.b > 1", "'OR'"),
        ("metrics.a > 1 metrics.b > 1", "'metrics.b'"),
        ("metrics.a > 1;", "';'"),
        ("metrics.a > 1 -- x", "--"),
        ("metrics.a >", "ends in the middle"),
        ("metrics.a", "ends in the middle"),
        ("metrics.a > 1 AND", "ends in the middle"),
        ("run_id IN", "expected '('"),
        ("run_id IN 'a'", "expected '('"),
        ("run_id IN ()", "non-empty list"),
        ("run_id IN (1)", "quoted string"),
        ("run_id IN ('a' 'b')", "',' or ')'"),
        ("run_id IN ('a',", "ends in the middle"),
        ("params.a = 'x", "'x"),
        ("params.a = '\x00'", "NUL"),
        ("x" * (LONGEST + 1), "longer than"),
        (" AND ".join(["metrics.a > 1"] * (MOST + 1)), "at most"),
        (f"run_id IN ({','.join(chr(39) * 2 for _ in range(LONGEST_LIST + 1))})", "at most"),
    ],
)
def test_what_is_no_filter(text: str, words: str):
    with pytest.raises(Invalid) as caught:
        parse_filter(text, RUNS)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("metrics.acc DESC", Order("metric", "acc", ascending=False)),
        ("metrics.`a b` asc", Order("metric", "a b")),
        ("start_time", Order("attribute", "start_time")),
        ("Created", Order("attribute", "start_time")),
        ('tags."x"', Order("tag", "x")),
    ],
)
def test_an_order(text: str, wanted: Order):
    assert parse_order(text, RUNS) == wanted


@pytest.mark.parametrize(
    "text", ["", "1", "metrics.a UP", "metrics.a DESC DESC", "dataset.name", "x", "metrics.a;"]
)
def test_what_is_no_order(text: str):
    with pytest.raises(Invalid):
        parse_order(text, RUNS)


def test_experiments_have_their_own_fields():
    assert parse_filter("name LIKE 'a%' AND tags.x = '1'", EXPERIMENTS) == [
        Clause("attribute", "name", "LIKE", "a%"),
        Clause("tag", "x", "=", "1"),
    ]
    for text in ("metrics.a > 1", "run_id = 'a'", "name IN ('a')"):
        with pytest.raises(Invalid):
            parse_filter(text, EXPERIMENTS)


@given(some.text())
def test_any_text_is_a_filter_or_refused(text: str):
    with contextlib.suppress(Invalid):
        parse_filter(text, RUNS)


@given(key=some.text(min_size=1).filter(lambda text: "`" not in text and "\x00" not in text))
def test_any_key_can_be_named_in_backticks(key: str):
    quoted = key[0] == key[-1] and key[0] in "'\"" and len(key) > 1
    if not quoted:
        assert one(f"tags.`{key}` = 'x'")[1] == key


@given(some.text(alphabet="'\\\"`(),.=<> a1", max_size=2000))
def test_quotes_take_no_time(text: str):
    with contextlib.suppress(Invalid):
        parse_filter(f"params.a = '{text}", RUNS)
