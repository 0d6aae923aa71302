"""What jobs took and cost, from outside: HTTP, Python, terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from served import Served, serving
from services.job_context import command
from zaffre.api.table import all_routes
from zaffre.cli.main import run
from zaffre.errors import Invalid
from zaffre.kinds.job import JobStatus, JobUsage
from zaffre.kinds.resource import Key, Resource
from zaffre.ml.client import MLClient
from zaffre.ports.metadata import Actor, Add


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("usage"), all_routes()) as running:
        used = JobUsage(
            wall_seconds=7200, cpu_seconds=90, memory_byte_seconds=3600 * 10**9, cost=3
        )
        status = JobStatus(status="Completed", ended_at=1.0, usage=used)
        job = Resource(Key("job", "default", "j"), command(type="command"), status)
        running.context.metadata.apply([Add(job)], Actor("anna"))
        yield running


def test_use_is_added_up_over_http(served):
    answer = served.call("GET", "/api/v1/workspaces/default/usage?by=user").json
    assert [(one["name"], one["jobs"], one["cost"]) for one in answer["items"]] == [
        ("anna", 1, 3.0),
        ("total", 1, 3.0),
    ]
    assert served.call("GET", "/api/v1/workspaces/default/usage?by=shoe").status == 422
    assert served.call("GET", "/api/v1/workspaces/default/usage?off=1").status == 422


def test_use_is_added_up_from_python(served):
    jobs = MLClient(url=served.url, token=served.token).jobs
    assert [one["name"] for one in jobs.usage()] == ["Default", "total"]
    assert jobs.usage("compute", since="1d")[-1]["jobs"] == 0
    with pytest.raises(Invalid, match="no time"):
        jobs.usage(since="soon")


def test_use_is_added_up_at_the_terminal(served, monkeypatch, capsys):
    monkeypatch.setenv("ZAFFRE_URL", served.url)
    monkeypatch.setenv("ZAFFRE_TOKEN", served.token)
    assert run(["job", "usage", "--by", "tag:team", "-o", "table"]) == 0
    heads, first, _ = capsys.readouterr().out.splitlines()
    assert heads.split() == ["NAME", "JOBS", "TIME", "CPU", "MEMORY", "COST"]
    assert first.split() == [
        "(none)",
        "1",
        "2",
        "h",
        "00",
        "min",
        "1",
        "min",
        "30",
        "s",
        "1.0",
        "GB",
        "h",
        "3",
    ]
    assert run(["job", "usage", "--by", "shoe"]) == 2
