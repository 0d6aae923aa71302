"""Pipelines and components in the browser: lists, a run in its time, ports, and what is said without any."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from running import Server
from studio.conftest import Open, photograph

WS = "/api/v1/workspaces/default"
CURRENT = {"python": "current"}
LONGEST = 60


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("pipelines", "zaffre job create -f pipeline.yml"),
        ("pipelines?show=published", "zaffre component create -f pipeline-component.yml"),
        ("components", "zaffre component create -f train.yml"),
    ],
)
def test_an_empty_page_says_what_to_do(visit: Open, path: str, command: str) -> None:
    page = visit(path)
    expect(page.get_by_text(command).first).to_be_visible()


@pytest.fixture(scope="module")
def pipeline(shared_server: Server) -> str:
    """A pipeline that ran twice, the second time with one step reused, and a published one."""
    component = {
        "name": "write",
        "version": "1",
        "inputs": {
            "word": {"type": "string", "default": "a", "enum": ["a", "b"], "description": "Which."}
        },
        "outputs": {"text": {"type": "uri_file"}},
        "environment": CURRENT,
        "command": "echo ${{inputs.word}} > ${{outputs.text}}",
    }
    shared_server.call("POST", f"{WS}/components", component)
    inner = {"only": {"component": "azureml:write:1", "inputs": {"word": "b"}}}
    published = {"name": "both", "version": "1", "type": "pipeline", "jobs": inner}
    shared_server.call("POST", f"{WS}/components", published)
    for name, said in (("first", "one"), ("second", "two")):
        read = {
            "command": f"echo {said}; cat ${{{{inputs.text}}}}",
            "environment": CURRENT,
            "inputs": {"text": "${{parent.jobs.write.outputs.text}}"},
        }
        jobs = {
            "write": {"component": "azureml:write:1"},
            "read": read,
            "inside": {"type": "pipeline", "component": "azureml:both:1"},
        }
        shared_server.call(
            "POST",
            f"{WS}/jobs",
            {"type": "pipeline", "name": name, "display_name": "words", "jobs": jobs},
        )
        ended(shared_server, name)
    return "second"


def ended(server: Server, name: str) -> None:
    deadline = time.monotonic() + LONGEST
    while server.call("GET", f"{WS}/jobs/{name}")["status"] not in ("Completed", "Failed"):
        assert time.monotonic() < deadline, f"{name} does not end"
        time.sleep(0.1)


def test_a_run_is_listed_shown_in_its_time_and_drawn(visit: Open, pipeline: str) -> None:
    page = visit("pipelines")
    row = page.get_by_role("row").filter(has_text="words").filter(has_text=pipeline)
    expect(row).to_contain_text("3 steps, 1 reused")
    photograph(page, "pipelines")
    row.get_by_role("link", name="words").click()
    step = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="write"))
    expect(step).to_contain_text("first-write")
    photograph(page, "pipeline-run")
    page.get_by_role("link", name="Open in the designer").click()
    inside = page.get_by_role("button", name="Open inside")
    inside.click()
    expect(page.get_by_role("group", name="Step only")).to_contain_text("Reused")
    expect(page.get_by_text("registered: to read")).to_be_visible()
    page.get_by_role("button", name="pipeline", exact=True).click()
    expect(inside).to_be_visible()


def test_a_pipeline_that_ran_is_deployed_to_a_batch_endpoint(
    visit: Open, pipeline: str, shared_server: Server
) -> None:
    page = visit(f"designer?job={pipeline}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Deploy to a batch endpoint").click()
    photograph(page, "designer-deploy")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_text("`words` runs this pipeline now.")).to_be_visible()
    made = shared_server.call("GET", f"{WS}/batch-endpoints/words")
    assert made["defaults"]["deployment_name"] == "default"


def test_a_component_shows_its_ports_source_and_versions(visit: Open, pipeline: str) -> None:
    assert pipeline
    page = visit("components")
    photograph(page, "components")
    page.get_by_role("link", name="write").click()
    expect(page.get_by_role("cell", name="a, b")).to_be_visible()
    photograph(page, "component")
    page.get_by_role("tab", name="Source").click()
    expect(page.get_by_text("echo ${{inputs.word}}")).to_be_visible()
    page.get_by_role("link", name="Draw with it").click()
    expect(page.get_by_role("group", name="Step write")).to_be_visible()
