"""Calls are shared exactly, and one caller stays with one deployment."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zaffre.runtime.gateway.sharing import Rota, kept, turns


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=1, max_size=5)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return {f"d{number}": part for number, part in enumerate(parts)}


@given(shares(), st.integers(0, 99))
def test_any_hundred_turns_in_a_row_give_each_its_share(wanted, start):
    order = turns(wanted)
    window = (order * 2)[start : start + 100]
    assert Counter(window) == Counter(wanted)


def test_turns_are_mixed_evenly():
    order = turns({"blue": 90, "green": 10})
    places = [at for at, name in enumerate(order) if name == "green"]
    assert {late - early for early, late in pairwise(places)} == {10}


def test_what_is_left_of_a_hundred_is_nobodys_turn():
    assert Counter(turns({"copy": 25})) == {"copy": 25, None: 75}


def test_each_list_has_its_own_turn():
    rota, order = Rota(), turns({"blue": 50, "green": 50})
    seen = [rota.take("one", order) for _ in range(100)]
    assert Counter(seen) == {"blue": 50, "green": 50}
    assert rota.take("two", order) == rota.take("one", order)


@given(shares(), st.binary(max_size=40))
def test_a_caller_stays_with_a_deployment_that_has_a_share(wanted, caller):
    assert kept(wanted, caller) == kept(dict(reversed(wanted.items())), caller)
    assert wanted[kept(wanted, caller) or ""] > 0


@given(st.integers(0, 100), st.integers(0, 100), st.binary(max_size=40))
def test_callers_leave_only_the_deployment_that_loses(before, after, caller):
    old = kept({"blue": 100 - before, "green": before}, caller)
    new = kept({"blue": 100 - after, "green": after}, caller)
    assert new in (old, "green" if after > before else "blue")


def test_many_callers_are_shared_by_percent():
    callers = [f"caller-{number}".encode() for number in range(4000)]
    found = Counter(kept({"blue": 70, "green": 30}, caller) for caller in callers)
    assert 0.27 < found["green"] / len(callers) < 0.33


def test_without_shares_nobody_has_a_deployment():
    assert kept({"blue": 0}, b"x") is None
