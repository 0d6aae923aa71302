"""What a job is made of, at every depth."""

from __future__ import annotations

from zaffre.errors import NotFound
from zaffre.ml.durations import elapsed, spoken
from zaffre.ml.job_tree import branches, failed_part, in_html, said

# A pipeline whose second step is a pipeline with a sweep in it.
NESTED = {
    "p": {
        "name": "p", "type": "pipeline", "status": "Running", "started_at": 0,
        "jobs": {"first": {"type": "command"}, "inner": {"type": "pipeline"}, "last": {}},
        "steps": {
            "first": {"job": "p-first", "status": "Completed", "reused": "old"},
            "inner": {"job": "p-inner", "status": "Running"},
        },
    },
    "p-inner": {
        "name": "p-inner", "type": "pipeline", "status": "Running",
        "component": {"jobs": {"search": {"type": "sweep"}}},
        "steps": {"search": {"job": "p-inner-search", "status": "Running"}},
    },
    "p-inner-search": {
        "name": "p-inner-search", "type": "sweep", "status": "Running",
        "trials": [
            {"number": 0, "params": {"x": 1}, "status": "Canceled", "stopped": "bandit"},
            {"number": 1, "params": {"x": "<2>"}, "status": "Completed", "value": 0.25},
        ],
    },
}  # fmt: skip


def test_a_tree_goes_down_to_the_trials_of_a_sweep_in_a_pipeline():
    first, inner, last = branches(NESTED["p"], NESTED.__getitem__)
    assert said(first.facts) == "Completed (reused from old)"
    assert said(last.facts) == "NotStarted"
    (search,) = inner.below
    assert [one.name for one in search.below] == ["0 (x=1)", "1 (x=<2>)"]
    assert [said(one.facts) for one in search.below] == [
        "Canceled (stopped by bandit)",
        "Completed, 0.25",
    ]


def test_a_part_that_cannot_be_looked_at_is_a_leaf():
    def look(name):
        raise NotFound(f"There is no job `{name}`.")

    assert [one.below for one in branches(NESTED["p"], look)] == [(), (), ()]


def test_html_shows_names_as_text():
    drawn = in_html(NESTED["p"], NESTED.__getitem__)
    assert drawn.count("<ul") == 3
    assert "&lt;2&gt;" in drawn
    assert "<2>" not in drawn
    assert in_html({"name": "j", "type": "command"}, None) == ""


def test_times_are_said_as_a_person_says_them():
    assert (spoken(None), spoken(3.21), spoken(245), spoken(7380)) == (
        "",
        "3.2 s",
        "4 min 05 s",
        "2 h 03 min",
    )
    assert elapsed({"started_at": 2.0, "ended_at": 5.5}) == 3.5
    assert elapsed({}) is None


def test_the_failed_part_is_found_at_any_depth():
    inner = {
        "type": "pipeline",
        "jobs": {"good": {}, "bad": {}},
        "steps": {
            "good": {"job": "i-good", "status": "Completed"},
            "bad": {"job": "i-bad", "status": "Failed"},
        },
    }
    steps = {"inner": {"job": "i", "status": "Failed"}}
    outer = {"type": "pipeline", "jobs": {"inner": {"type": "pipeline"}}, "steps": steps}
    assert failed_part(outer, {"i": inner}.__getitem__) == "i-bad"
    assert failed_part({"type": "command", "status": "Failed"}, NESTED.__getitem__) is None
