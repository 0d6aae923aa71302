"""The designer: a pipeline drawn, run, reused, exported, and run again by the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from running import Server
from studio.conftest import Open, photograph

COMPONENTS = "/api/v1/workspaces/default/components"
JOBS = "/api/v1/workspaces/default/jobs"
CURRENT = {"python": "current"}

HAND_WRITTEN = """\
# Written by hand.
type: pipeline
display_name:   by hand   # three spaces

inputs: {word: hello}
jobs:
  # Says it.
  say:
    command: echo ${{inputs.word}} > ${{outputs.said}}/words.csv
    environment: {python: current}
    inputs:
      word: ${{parent.inputs.word}}   # bound
    outputs: {said: {type: uri_folder}}
  read:
    command: cat ${{inputs.said}}/words.csv
    environment: {python: current}
    inputs: {said: "${{parent.jobs.say.outputs.said}}"}
"""


@pytest.fixture(scope="module")
def components(shared_server: Server) -> Server:
    """Two components: one that writes a table, one that counts its rows."""
    for document in (
        {
            "name": "prepare",
            "version": "1",
            "inputs": {
                "rows": {"type": "integer", "min": 1, "max": 9, "description": "How many rows."}
            },
            "outputs": {"table": {"type": "uri_folder"}},
            "environment": CURRENT,
            "command": "printf 'a,b\\n1,${{inputs.rows}}\\n' > ${{outputs.table}}/rows.csv",
        },
        {
            "name": "count",
            "version": "1",
            "inputs": {
                "table": {"type": "uri_folder"},
                "least": {"type": "number", "default": 0},
            },
            "outputs": {"sum": {"type": "number"}},
            "environment": CURRENT,
            "command": "wc -l < ${{inputs.table}}/rows.csv > ${{outputs.sum}}",
        },
    ):
        shared_server.call("POST", COMPONENTS, document)
    return shared_server


def step(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_role("group", name=re.compile(f"^Step {name}(,|$)"))


def test_an_empty_designer_says_what_to_do(visit: Open) -> None:
    page = visit("designer")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    photograph(page, "designer-empty")


def test_draw_run_reuse_export_and_run_that(
    visit: Open, components: Server, tmp_path: Path
) -> None:
    page = visit("designer")
    page.get_by_role("button", name=re.compile("^prepare ")).click()
    page.get_by_role("button", name=re.compile("^count ")).press("Enter")
    expect(page.get_by_text("misses the input `rows`")).to_be_visible()
    page.get_by_label("table comes from").select_option("prepare: table")
    step(page, "prepare").click()
    page.get_by_label("Value").fill("3")
    expect(page.get_by_text("Nothing is wrong.")).to_be_visible()
    expect(step(page, "prepare").get_by_text("Runs")).to_be_visible()
    photograph(page, "designer")

    page.get_by_role("button", name="Run…").click()
    page.get_by_label("Job name").fill("drawn-1")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(step(page, "count").get_by_text("Completed")).to_be_visible(timeout=60_000)

    page.get_by_role("group", name=re.compile("^prepare, table, to count")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="b")).to_be_visible()
    photograph(page, "designer-flow")

    page.get_by_role("button", name="Run…").click()
    expect(page.get_by_role("dialog").get_by_text("Nothing changed since").first).to_be_visible()
    page.get_by_label("Job name").fill("drawn-2")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(step(page, "prepare").get_by_text("Reused")).to_be_visible(timeout=60_000)
    expect(step(page, "count").get_by_text("Reused")).to_be_visible()

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="YAML", exact=True).click()
    document = tmp_path / kept.value.suggested_filename
    kept.value.save_as(document)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "zaffre.cli.main",
            "job",
            "create",
            "-f",
            str(document),
            "--name",
            "exported",
            "--stream",
        ],
        check=True,
        env=components.environment,
        timeout=120,
    )
    assert all_reused(components, "exported")


def test_the_python_pane_is_a_program_that_makes_the_same(visit: Open, components: Server) -> None:
    steps = {
        "a": {"component": "azureml:prepare:1", "inputs": {"rows": 2}},
        "b": {
            "component": "azureml:count:1",
            "inputs": {"table": "${{parent.jobs.a.outputs.table}}"},
        },
    }
    document = {"type": "pipeline", "name": "for-python", "jobs": steps}
    components.call("POST", JOBS, document)
    page = visit("designer?job=for-python&tab=python")
    expect(step(page, "b").get_by_text("Completed")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Python of the pipeline")).to_contain_text("@pipeline(")
    program = page.get_by_label("Python of the pipeline").inner_text()
    subprocess.run(
        [sys.executable, "-c", f"{program}\nprint(job.name)"],
        check=True,
        env=components.environment,
        timeout=120,
    )
    newest = components.call("GET", f"{JOBS}?type=pipeline")["items"][0]
    assert newest["name"] != "for-python"
    assert all_reused(components, newest["name"])


def test_a_moved_box_changes_no_byte_and_an_edit_changes_its_line(visit: Open) -> None:
    page = visit("designer")
    page.get_by_role("button", name="Open…").click()
    page.get_by_label("A text").fill(HAND_WRITTEN)
    page.get_by_role("button", name="Open the text").click()
    step(page, "say").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert exported(page) == HAND_WRITTEN
    page.get_by_role("group", name=re.compile("^Input word")).click()
    page.get_by_label("Value").fill("moon")
    page.get_by_label("Value").press("Enter")
    assert exported(page) == HAND_WRITTEN.replace("{word: hello}", "{word: moon}")
    page.get_by_role("tab", name="YAML").click()
    expect(page.get_by_label("YAML of the pipeline")).to_contain_text("{word: moon}")
    photograph(page, "designer-yaml")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("YAML of the pipeline")).to_contain_text("{word: hello}")
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_label("Python of the pipeline")).to_contain_text("@pipeline(")


def test_keys_copy_paste_and_remove_steps(visit: Open) -> None:
    page = visit("designer")
    page.get_by_role("button", name="Open…").click()
    page.get_by_label("A text").fill(HAND_WRITTEN)
    page.get_by_role("button", name="Open the text").click()
    step(page, "read").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(step(page, "read_2")).to_be_visible()
    page.keyboard.press("Delete")
    expect(step(page, "read_2")).not_to_be_attached()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(step(page, "say")).to_be_visible()


def test_a_wire_that_does_not_fit_is_refused(visit: Open, components: Server) -> None:
    assert components.url
    page = visit("designer?component=count&version=1")
    page.get_by_role("button", name=re.compile("^prepare ")).click()
    source = step(page, "count").locator(".port.source")
    target = step(page, "prepare").locator(".port.target")
    source.drag_to(target)
    expect(page.get_by_text("`rows` takes integer; this is number.")).to_be_visible()


def exported(page: Page) -> str:
    """What the designer gives as the pipeline's YAML."""
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="YAML", exact=True).click()
    return Path(kept.value.path()).read_text()


def all_reused(server: Server, job: str) -> bool:
    """Whether no step of a pipeline was run again."""
    steps = server.call("GET", f"{JOBS}/{job}")["steps"]
    return bool(steps) and all(one["reused"] for one in steps.values())
