"""One job in the studio: each of its tabs, and what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from running import Server
from studio.conftest import Open, accessible, photograph
from studio.work import BROKEN, JOB, PIPELINE, WAITING, finished, submit

JOBS = "/api/v1/workspaces/default/jobs"


@pytest.fixture(scope="module")
def done(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = submit(shared_server, tmp_path_factory.mktemp("job"), JOB)
    assert finished(shared_server, name) == "Completed"
    return name


@pytest.fixture
def waiting(shared_server: Server, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A job that runs until its file is gone."""
    flag = tmp_path / "flag"
    flag.touch()
    yield submit(shared_server, tmp_path, WAITING.replace("FLAG", str(flag))), flag
    flag.unlink(missing_ok=True)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_a_job_is_shown_with_everything_it_made(visit: Open, done: str) -> None:
    page = visit(f"jobs/{done}")
    main = page.get_by_role("main")
    expect(main.get_by_text("Completed")).to_be_visible()
    expect(main.get_by_role("cell", name="loss")).to_be_visible()
    photograph(page, "run-overview")
    tab(page, "Metrics")
    expect(page.get_by_role("img", name="loss along step").locator("canvas")).to_be_visible()
    page.get_by_label("Log scale").check()
    expect(page).to_have_url(re.compile("log=true"))
    photograph(page, "run-metrics")
    tab(page, "Outputs")
    page.get_by_role("button", name="weights.txt").click()
    expect(main.get_by_text("0.5 0.25")).to_be_visible()
    photograph(page, "run-outputs")
    tab(page, "Code")
    expect(main.get_by_text("from zaffre.ml import log_metric")).to_be_visible()
    tab(page, "Environment")
    expect(main.get_by_text("ready")).to_be_visible()
    tab(page, "Inputs and lineage")
    expect(main.get_by_text("It came of")).to_be_visible()
    photograph(page, "run-lineage")
    tab(page, "Resources")
    expect(main.get_by_text("Processor time")).to_be_visible()
    tab(page, "Raw")
    expect(main.get_by_text(f'"name": "{done}"')).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tab", name="Resources")).to_have_attribute("aria-selected", "true")


def test_a_log_is_searched(visit: Open, done: str) -> None:
    page = visit(f"jobs/{done}?tab=logs")
    expect(page.get_by_text("Training")).to_be_visible()
    page.get_by_role("searchbox", name="Search the log").fill("STEP 1")
    expect(page.get_by_text("of 11")).to_be_visible()
    page.get_by_label("only these").check()
    expect(page.get_by_text("Training")).not_to_be_visible()
    photograph(page, "run-logs")


def test_a_failure_says_why_and_what_next(
    visit: Open, shared_server: Server, tmp_path: Path
) -> None:
    name = submit(shared_server, tmp_path, BROKEN)
    assert finished(shared_server, name) == "Failed"
    page = visit(f"jobs/{name}")
    expect(page.get_by_role("main").get_by_text("The log tells more")).to_be_visible()
    page.get_by_role("link", name="open it").click()
    expect(page.get_by_text("column bmi has text").first).to_be_visible()
    photograph(page, "run-failed")


def test_a_running_job_shows_what_comes_without_reloading(
    visit: Open, waiting: tuple[str, Path]
) -> None:
    name, flag = waiting
    page = visit(f"jobs/{name}?tab=logs")
    expect(page.get_by_text("step 4")).to_be_visible()
    expect(page.get_by_text("Running")).to_be_visible()
    flag.unlink()
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    expect(page.get_by_text("Completed")).to_be_visible()


def test_cancelling_says_what_is_lost(
    visit: Open, waiting: tuple[str, Path], shared_server: Server
) -> None:
    page = visit(f"jobs/{waiting[0]}")
    page.get_by_role("button", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What it computed since it began is lost")
    accessible(page)
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("Canceled")).to_be_visible()
    assert finished(shared_server, waiting[0]) == "Canceled"


def test_a_job_runs_again(visit: Open, done: str) -> None:
    page = visit(f"jobs/{done}")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("Submitted again as")).to_be_visible()
    expect(page).not_to_have_url(re.compile(f"/{done}$"))
    expect(page.get_by_text("Completed")).to_be_visible()


def test_a_job_is_archived_and_restored(visit: Open, done: str, shared_server: Server) -> None:
    page = visit(f"jobs/{done}")
    for verb, archived in (("Archive", True), ("Restore", False)):
        page.get_by_role("button", name="More").click()
        page.get_by_role("button", name=verb, exact=True).click()
        expect(page.get_by_text(f"{verb}d:")).to_be_visible()
        assert shared_server.call("GET", f"{JOBS}/{done}")["archived"] is archived


def test_an_output_becomes_a_model(visit: Open, done: str, shared_server: Server) -> None:
    page = visit(f"jobs/{done}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Register a model").click()
    dialog = page.get_by_role("dialog", name="Register a model")
    expect(dialog.get_by_label("Path")).to_have_value(f"azureml://jobs/{done}/outputs/model")
    dialog.get_by_label("Name", exact=True).fill("own-ridge")
    accessible(page)
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_text("Registered model own-ridge")).to_be_visible()
    models = shared_server.call("GET", "/api/v1/workspaces/default/models")["items"]
    assert [model["name"] for model in models] == ["own-ridge"]


def test_a_pipeline_shows_its_steps(visit: Open, shared_server: Server, tmp_path: Path) -> None:
    name = submit(shared_server, tmp_path, PIPELINE)
    assert finished(shared_server, name) == "Completed"
    page = visit(f"jobs/{name}?tab=children")
    expect(
        page.get_by_role("table", name="Steps").get_by_role("link", name="prepare")
    ).to_be_visible()
    photograph(page, "run-children")


def test_the_equal_command_is_shown(visit: Open, done: str) -> None:
    page = visit(f"jobs/{done}")
    page.get_by_role("button", name="Show as").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"zaffre job show -n {done}")
    dialog.get_by_role("tab", name="Python SDK").click()
    expect(dialog).to_contain_text(f'ml.jobs.get("{done}")')
    dialog.get_by_role("tab", name="YAML").click()
    expect(dialog).to_contain_text("experiment_name: ridge")
    accessible(page)
