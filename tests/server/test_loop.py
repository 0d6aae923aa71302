"""The loop takes every step, each name once at a time, and survives what fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from zaffre.server.loop import IDLE_SECONDS, Loop, Step

DEADLINE = 20


@pytest.fixture
def started() -> Iterator[list[Loop]]:
    loops: list[Loop] = []
    yield loops
    for loop in loops:
        loop.stop()


def test_a_failing_step_and_a_failing_source_stop_nothing(started: list[Loop]) -> None:
    done = threading.Event()

    def broken_source() -> list[Step]:
        raise RuntimeError("no work today")

    def broken_step() -> None:
        raise RuntimeError("no luck today")

    steps = [Step("broken", broken_step), Step("good", done.set)]
    loop = Loop([broken_source, lambda: steps])
    started.append(loop)
    loop.start()
    assert done.wait(DEADLINE)


def test_a_name_is_never_worked_on_twice_at_once(started: list[Loop]) -> None:
    running, overlaps, count = threading.Lock(), [], threading.Semaphore(0)

    def act() -> bool:
        free = running.acquire(blocking=False)
        if not free:
            overlaps.append(1)
            return False
        count.release()
        running.release()
        return True

    loop = Loop([lambda: [Step("one", act)] * 3])
    started.append(loop)
    loop.start()
    for _ in range(50):
        assert count.acquire(timeout=DEADLINE)
    assert overlaps == []


def test_a_change_during_a_step_leads_to_another_turn(started: list[Loop]) -> None:
    entered, go_on, again = threading.Event(), threading.Event(), threading.Event()

    def act() -> None:
        if entered.is_set():
            again.set()
        entered.set()
        go_on.wait(DEADLINE)

    loop = Loop([lambda: [Step("one", act)]])
    started.append(loop)
    loop.start()
    assert entered.wait(DEADLINE)
    loop.wake()
    go_on.set()
    assert again.wait(DEADLINE)


def test_a_name_that_is_known_is_taken_without_asking_the_sources(started: list[Loop]) -> None:
    asked, taken = threading.Semaphore(0), threading.Semaphore(0)

    def source() -> list[Step]:
        asked.release()
        return [Step("one", taken.release)]

    loop = Loop([source])
    loop.wake("one")  # nothing is known yet: all are asked
    started.append(loop)
    loop.start()
    assert asked.acquire(timeout=DEADLINE)
    assert taken.acquire(timeout=DEADLINE)
    loop.stop()
    started.clear()
    while asked.acquire(blocking=False):
        pass
    loop.wake("one")
    assert not asked.acquire(blocking=False)


def test_what_moves_inward_asks_its_own_source_only(started: list[Loop]) -> None:
    moves, others = threading.Semaphore(0), []
    left = [20]

    def act() -> bool:
        moves.release()
        left[0] -= 1
        return left[0] > 0

    def other() -> list[Step]:
        others.append(time.monotonic())
        return []

    loop = Loop([lambda: [Step("one", act, inward=True)], other])
    started.append(loop)
    loop.start()
    for _ in range(20):
        assert moves.acquire(timeout=DEADLINE)
    apart = [after - before for before, after in pairwise(others)]
    assert all(seconds > IDLE_SECONDS / 2 for seconds in apart)
