"""The rule of what counts, and how calls are read: pure."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds import entity, scored_call
from zaffre.kinds.prediction import Generation, MadeBy, Prediction, Scored, current, newest
from zaffre.kinds.scored_call import Columns

COLUMNS = Columns("id", "at", "p")


def scored(*call):
    """Give the rows of a call, all of which can be read."""
    found = scored_call.scored(*call)
    if found.fault:
        raise Invalid(found.fault)
    return [row for _, row in found.rows]


SMALL = st.integers(0, 3)
HOT = st.builds(
    Prediction, st.just("k"), SMALL, SMALL, st.just(MadeBy.HOT), SMALL, st.sampled_from("abc")
)
BATCHES = st.lists(
    st.tuples(st.builds(Generation, st.sampled_from("xyz"), SMALL, SMALL, SMALL), SMALL),
    max_size=4,
    unique_by=lambda one: one[0].job,
)


def counts(batches, hot, until=None):
    """Give what counts when batches and hot predictions have come in, in any order."""
    now = current(one for one, _ in batches)
    cold = [
        Prediction("k", event, 0, MadeBy.COLD, one.read_at, "0", job=one.job)
        for one, event in batches
        if one is now
    ]
    return newest([*cold, *hot], until)


@given(
    batches=BATCHES,
    hot=st.lists(HOT, max_size=5, unique_by=lambda one: one.source),
    data=st.data(),
)
def test_the_order_in_which_things_come_does_not_matter(batches, hot, data):
    shuffled = data.draw(st.permutations(batches)), data.draw(st.permutations(hot))
    assert counts(*shuffled) == counts(batches, hot)


@given(batches=BATCHES, hot=st.lists(HOT, min_size=1, max_size=5))
def test_no_batch_ever_overwrites_a_newer_hot_prediction(batches, hot):
    found = counts(batches, hot)
    for one in hot:
        assert (found.event_time, found.made_at) >= (one.event_time, one.made_at)


@given(batches=BATCHES, hot=st.lists(HOT, max_size=5), more=HOT)
def test_a_hot_prediction_never_takes_an_answer_back_in_time(batches, hot, more):
    before, after = counts(batches, hot), counts(batches, [*hot, more])
    assert before is None or after.rank >= before.rank


@given(batches=BATCHES, hot=st.lists(HOT, max_size=5), until=SMALL)
def test_as_of_a_moment_nothing_later_counts(batches, hot, until):
    found = counts(batches, hot, until)
    assert found is None or found.event_time <= until


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01 11:00:00+01:00",
        "2026-03-01T10:00:00",
        1772359200,
        "1772359200",
        1772359200000,
        1772359200000000,
        1772359200000000000,
    ],
)
def test_moments_are_written_in_many_ways(written):
    assert entity.text_of(entity.moment_of(written)) == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    "written", ["soon", "", None, True, float("nan"), 1e300, 10**400, -(10**400), [], "9" * 400]
)
def test_what_is_no_moment_is_said_so(written):
    with pytest.raises(Invalid, match="no moment"):
        entity.moment_of(written)


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_read_back(moment):
    assert entity.text_of(entity.moment_of(moment.isoformat())) == moment.isoformat().replace(
        "+00:00", "Z"
    )


@pytest.mark.parametrize(("value", "key"), [("a", "a"), (7, "7"), (7.0, "7"), (1.5, "1.5")])
def test_keys_are_texts(value, key):
    assert entity.key_of(value) == key


@pytest.mark.parametrize(
    "value",
    ["", None, True, [], "a\x00", "\ud800", "a" * 513, float("nan"), float("inf"), 10**600],
)
def test_what_is_no_key_is_said_so(value):
    with pytest.raises(Invalid, match="no key"):
        entity.key_of(value)


TWO = [{"id": "a", "at": 1, "x": 5}, {"id": "b", "at": 2, "x": 6}]
SPLIT = {"columns": ["id", "at", "x"], "index": [0, 1], "data": [["a", 1, 5], ["b", 2, 6]]}


@pytest.mark.parametrize(
    "request_body",
    [
        {"input_data": SPLIT},
        {"dataframe_split": SPLIT},
        {"dataframe_records": TWO},
        {"instances": TWO},
        {"inputs": {"id": ["a", "b"], "at": [1, 2], "x": [5, 6]}},
        {"data": TWO},
        TWO,
    ],
)
@pytest.mark.parametrize(
    "answer",
    [[0.1, 0.2], {"predictions": [0.1, 0.2]}, {"result": [{"p": 0.1}, {"p": 0.2}]}, "[0.1, 0.2]"],
)
def test_calls_are_read_in_every_form(request_body, answer):
    found = scored(json.dumps(request_body).encode(), json.dumps(answer).encode(), COLUMNS, 9)
    assert found == [Scored("a", 1_000_000, 0.1), Scored("b", 2_000_000, 0.2)]


def test_a_single_row_needs_no_list():
    found = scored(b'{"id": 7, "x": 1}', b'{"p": 0.5, "label": "yes"}', COLUMNS, 9)
    assert found == [Scored("7", 9, 0.5)]
    assert scored(b'{"id": 7, "x": 1}', b'{"label": NaN}', COLUMNS, 9)[0].value == {"label": None}


@pytest.mark.parametrize(
    ("body", "answer", "said"),
    [
        (b"x", b"[1]", "request is no JSON"),
        (b'{"id": 1}', b"x", "answer is no JSON"),
        (b'{"x": 1}', b"[1]", "no column `id`"),
        (b"[[1]]", b"[1]", "no column `id`"),
        (b'[{"id": 1}]', b"[1, 2]", "1 rows, the answer 2"),
        (b'{"id": 1, "at": "soon"}', b"[1]", "no moment"),
    ],
)
def test_what_cannot_be_read_is_said_so(body, answer, said):
    with pytest.raises(Invalid, match=said):
        scored(body, answer, COLUMNS, 9)


@given(body=st.binary(max_size=60), answer=st.binary(max_size=60))
def test_no_bytes_do_more_harm_than_an_invalid(body, answer):
    with suppress(Invalid):
        scored(body, answer, COLUMNS, 9)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(key=ANY, at=ANY, value=ANY)
def test_whatever_a_row_holds_is_a_prediction_or_said_to_be_none(key, at, value):
    body = json.dumps([{"id": key, "at": at}]).encode()
    with suppress(Invalid):
        (found,) = scored(body, json.dumps([value]).encode(), COLUMNS, 9)
        json.dumps(found.value, allow_nan=False)
        found.key.encode()
        assert abs(found.event_time) < 2**62


def test_rows_that_can_be_read_are_kept_beside_those_that_cannot():
    body = b'[{"id": 1}, {"x": 1}, {"id": 3}]'
    found = scored_call.scored(body, b"[0.1, 0.2, 0.3]", COLUMNS, 9)
    assert [(number, row.key, row.value) for number, row in found.rows] == [
        (0, "1", 0.1),
        (2, "3", 0.3),
    ]
    assert "no column `id`" in found.fault


@pytest.mark.parametrize("depth", [10, 40, 900, 100_000])
def test_a_prediction_is_not_nested_without_end(depth):
    answer = b"[" + b"[" * depth + b"]" * depth + b"]"
    try:
        (found,) = scored(b'[{"id": 1}]', answer, COLUMNS, 9)
    except Invalid:
        assert depth > 32
    else:
        assert depth < 32
        assert found.key == "1"
