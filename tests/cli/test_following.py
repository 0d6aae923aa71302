"""How a deployment follows its model, as a person sees it."""

from __future__ import annotations

from zaffre.cli.following import described

FOUND = {
    "name": "blue",
    "model": "azureml:churn@latest",
    "model_version": "churn:1",
    "update_policy": "gated",
    "gate": {"job": {"command": "x"}, "metric": "accuracy"},
    "steps": [10, 50],
    "interval": "2m",
    "following": {
        "stage": "Shifting",
        "version": "2",
        "step": 1,
        "acted": True,
        "counted": {"requests": 4},
        "refused": "1",
        "events": [
            {"at": "2026-01-01T00:00:00Z", "stage": "Shifting", "version": "2", "why": "Well."},
            {"at": "2026-01-01T00:00:00Z", "stage": "Judging", "version": "2", "why": "Ready."},
        ],
    },
}


def lines(**changed):
    following = {**FOUND["following"], **changed}
    return described({**FOUND, "following": following})["following"].splitlines()


def test_it_says_what_is_followed_how_far_it_is_and_why():
    policy, state, refused, last = lines()
    assert policy == (
        "azureml:churn@latest, gated; gate: a job, by `accuracy`; steps: 10 %, 50 %, each 2m"
    )
    assert state == ("Shifting (50 %): churn:1 serves, candidate `blue-next` has version 2")
    assert refused == "version 1 went back and is not tried again"
    assert last.startswith("last change 20")
    assert last.endswith(": Shifting, version 2: Well.")


def test_at_rest_there_is_no_candidate():
    assert lines(stage="Resting")[1] == "Resting: churn:1 serves"
    assert lines(stage="Judging", gate_job="j-1")[2] == "gate's job: j-1"


def test_a_gate_of_copies_is_said():
    found = {**FOUND, "gate": {"mirror": 20}, "steps": []}
    assert "gate: 20 % of the requests copied for 10m" in described(found)["following"]


def test_one_that_follows_nothing_stays_as_it_is():
    assert described({"name": "blue"}) == {"name": "blue"}
