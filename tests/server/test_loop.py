"""The loop takes every step, each name once at a time, and survives what fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from zaffre.server.loop import Loop, Step

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
