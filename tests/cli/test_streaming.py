"""What the terminal says of a job while it waits."""

from __future__ import annotations

import io

from zaffre.cli.streaming import Terminal


def lines(*states):
    messages = io.StringIO()
    terminal = Terminal(io.StringIO(), messages, lambda _: {})
    for status, reason in states:
        terminal.state({"name": "j", "status": status, "reason": reason})
    return messages.getvalue().splitlines()


def test_each_step_of_building_an_environment_is_told_once():
    assert lines(
        ("Queued", "It starts next."),
        ("Preparing", "Its environment is being built. Solving"),
        ("Preparing", "Its environment is being built. Solving"),
        ("Preparing", "Its environment is being built. Installing six"),
        ("Starting", None),
    ) == [
        "· j: Queued - It starts next.",
        "· j: Preparing - Its environment is being built. Solving",
        "· j: Preparing - Its environment is being built. Installing six",
        "· j: Starting",
    ]


def test_other_reasons_are_told_with_the_state_they_came_with():
    told = lines(("Queued", "2 jobs before it."), ("Queued", "1 job before it."))
    assert told == ["· j: Queued - 2 jobs before it."]
