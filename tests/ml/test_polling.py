from __future__ import annotations

import pytest

from zaffre.errors import Failed, Unavailable
from zaffre.ml.polling import Poller


class Hand:
    """A clock in hand: sleeping moves it on."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


def poller(states, reason=None):
    left = list(states)
    hand = Hand()

    def look():
        state = left.pop(0) if len(left) > 1 else left[0]
        return state, state.lower(), reason

    return Poller(look, clock=lambda: hand.now, sleep=hand.sleep), hand


def test_a_poller_waits_for_the_end():
    made, hand = poller(["Creating", "Creating", "Succeeded"])
    assert made.result() == "succeeded"
    assert made.status() == "Succeeded"
    assert made.done()
    assert hand.now > 0


def test_a_failure_says_its_reason():
    made, _ = poller(["Creating", "Failed"], "score.py has no `run`.")
    with pytest.raises(Failed, match=r"score.py has no `run`"):
        made.result()


def test_patience_ends():
    made, _ = poller(["Creating"])
    with pytest.raises(Unavailable, match="still Creating"):
        made.result(timeout=3)


def test_pauses_grow_but_not_for_ever():
    made, hand = poller(["Creating"] * 40 + ["Succeeded"])
    made.result()
    assert 10 < hand.now < 40
