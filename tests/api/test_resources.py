"""The routes that all kinds share: what they refuse, and how they say where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served import Served, serving
from services.job_context import command
from zaffre.api.table import all_routes
from zaffre.kinds.job import JobStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tree import tree_of
from zaffre.ports.metadata import Add
from zaffre.services import files
from zaffre.services.jobs import runs

WS = "/api/v1/workspaces/default"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("resources"), all_routes()) as running:
        job = Resource(Key("job", "default", "j1"), command(), JobStatus(status="Completed"))
        runs.make(running.context, running.context.metadata.apply([Add(job)])[0])
        yield running


@pytest.fixture
def folder(served: Served) -> str:
    return f"azureml://trees/{files.store_tree(served.context, tree_of([]))}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "Failed"}, "status"),
        ({"exit_code": 0}, "exit_code"),
        ({"name": "zz"}, "name"),
        ({"revision": 7}, "revision"),
        ({"archived": True}, "archived"),
    ],
)
def test_what_only_the_server_says_cannot_be_set(served: Served, change: dict, field: str) -> None:
    answer = served.call("PATCH", f"{WS}/jobs/j1", change)
    assert answer.status == 422
    assert [problem["field"] for problem in answer.json["problems"]] == [field]


def test_what_is_sent_back_as_it_was_read_changes_nothing(served: Served) -> None:
    read = served.call("GET", f"{WS}/jobs/j1").json
    assert served.call("PATCH", f"{WS}/jobs/j1", read).json == read


def test_a_job_is_named_anew_and_what_it_ran_is_not(served: Served) -> None:
    named = served.call("PATCH", f"{WS}/jobs/j1", {"display_name": "n", "tags": {"a": "b"}})
    assert (named.status, named.json["display_name"], named.json["tags"]) == (200, "n", {"a": "b"})
    for method, document in (
        ("PATCH", {"command": "echo other"}),
        ("PUT", {"command": "echo other", "environment": {"python": "current"}}),
    ):
        answer = served.call(method, f"{WS}/jobs/j1", document)
        assert (answer.status, answer.json["code"]) == (409, "immutable")


@pytest.mark.parametrize(
    "query", ["limt=3", "state=Runing", "tags=a", "limit=x", "archived=maybe"]
)
def test_lists_refuse_what_they_do_not_know(served: Served, query: str) -> None:
    assert served.call("GET", f"{WS}/jobs?{query}").status == 422


@pytest.mark.parametrize(
    ("plural", "document", "field"),
    [
        ("data", {"name": "d", "type": "uri_file", "path": "{folder}"}, "path"),
        ("data", {"name": "d", "type": "mltable", "path": "{folder}"}, "path"),
        ("models", {"name": "m", "type": "mlflow_model", "path": "{folder}"}, "path"),
        ("models", {"name": "m", "path": "runs:/nope/model"}, "path"),
        ("models", {"name": "m", "path": "azureml://jobs/nope/outputs/x"}, "path"),
        ("environments", {"name": "e", "conda_file": "azureml:x:1"}, "conda_file"),
        ("jobs", {"name": "a.b", "command": "ls", "environment": {"python": "current"}}, "name"),
        (
            "jobs",
            {"command": "ls", "environment": {"conda_file": {"dependencis": []}}},
            "environment.conda_file.dependencis",
        ),
    ],
)
def test_what_the_server_finds_wrong_names_its_field(
    served: Served, folder: str, plural: str, document: dict, field: str
) -> None:
    sent = {key: folder if value == "{folder}" else value for key, value in document.items()}
    answer = served.call("POST", f"{WS}/{plural}", sent)
    assert answer.status in (404, 422)
    assert [problem["field"] for problem in answer.json["problems"]] == [field]
    assert "id=" not in answer.json["detail"]


def test_messages_speak_of_things_as_people_do(served: Served) -> None:
    served.call("POST", f"{WS}/computes", {"name": "c", "type": "amlcompute"})
    twice = served.call("POST", f"{WS}/computes", {"name": "c", "type": "amlcompute"})
    assert twice.json["detail"] == "There is already a compute `c`."
    missing = served.call("GET", f"{WS}/data/nope")
    assert missing.json["detail"] == "There is no data `nope` in workspace `default`."
    log = served.call("GET", f"{WS}/jobs/nope/outputs")
    assert log.json["detail"] == "There is no job or run `nope` in workspace `default`."
