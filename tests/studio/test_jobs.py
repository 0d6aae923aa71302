"""All jobs in the studio: the tree, what a filter finds, sorting, columns, views, and many at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from running import Server
from studio.conftest import Open, accessible, photograph

MLFLOW = "/api/2.0/mlflow"
MANY = 250


def log(server: Server, name: str, loss: float | None = None, parent: str = "") -> str:
    """Log a run as a program outside does."""
    tags = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
    body = {"experiment_id": experiment(server), "run_name": name, "start_time": 1, "tags": tags}
    run = server.call("POST", f"{MLFLOW}/runs/create", body)["run"]["info"]["run_id"]
    if loss is not None:
        metric = {"key": "loss", "value": loss, "timestamp": 1, "step": 0}
        server.call("POST", f"{MLFLOW}/runs/log-batch", {"run_id": run, "metrics": [metric]})
    return str(run)


def experiment(server: Server) -> str:
    found = server.call("POST", f"{MLFLOW}/experiments/search", {"max_results": 100})
    known = {one["name"]: one["experiment_id"] for one in found["experiments"]}
    if "trees" in known:
        return str(known["trees"])
    return str(
        server.call("POST", f"{MLFLOW}/experiments/create", {"name": "trees"})["experiment_id"]
    )


@pytest.fixture(scope="module")
def runs(shared_server: Server) -> dict[str, str]:
    made = {name: log(shared_server, name, loss) for name, loss in LOSSES.items()}
    child = log(shared_server, "fold-1", 0.7, made["oak"])
    log(shared_server, "fold-1-a", 0.6, child)
    return made


LOSSES = {"oak": 0.5, "elm": 0.1, "ash": 0.3}


def shown(page: Page) -> list[str]:
    return (
        page.get_by_role("table", name="Jobs")
        .get_by_role("row")
        .get_by_role("link")
        .all_inner_texts()
    )


def names(page: Page) -> list[str]:
    return [name for name in shown(page) if name != "trees"]


def test_an_empty_workspace_says_what_a_job_is(studio: Page, shared_server: Server) -> None:
    shared_server.call("POST", "/api/v1/workspaces", {"name": "empty"})
    studio.goto(f"{shared_server.url}/w/empty/jobs")
    expect(studio.get_by_role("heading", name="No job yet")).to_be_visible()
    expect(studio.get_by_text("zaffre job create -f job.yml")).to_be_visible()
    photograph(studio, "jobs-empty")


def test_children_are_in_a_tree(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs")
    expect(page.get_by_role("link", name="oak")).to_be_visible()
    assert "fold-1" not in shown(page)
    page.get_by_role("button", name="1 children of oak").click()
    page.get_by_role("button", name="1 children of fold-1").click()
    expect(page.get_by_role("link", name="fold-1-a")).to_be_visible()
    photograph(page, "jobs")


def test_a_filter_finds_and_a_header_sorts(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs")
    page.get_by_role("combobox", name="Filter by what was logged").fill("metrics.loss < 0.55")
    expect(page.get_by_role("columnheader", name="loss")).to_be_visible()
    expect(page.get_by_role("link", name="fold-1")).to_have_count(0)
    page.get_by_role("columnheader", name="loss").get_by_role("button").click()
    expect(page).to_have_url(re.compile("sort=metrics.loss"))
    expect(page.get_by_role("columnheader", name="loss")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("columnheader", name="loss").get_by_role("button").click()
    expect(page.get_by_role("columnheader", name="loss")).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(page.get_by_role("row").nth(1)).to_contain_text("elm")
    assert names(page) == ["elm", "ash", "oak"]
    photograph(page, "jobs-filtered")
    page.reload()
    expect(page.get_by_role("row").nth(1)).to_contain_text("elm")


def test_a_filter_that_is_wrong_is_explained(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs?filter=metrics.loss%20%3C")
    expect(page.get_by_role("heading", name="The filter is not understood")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("ends in the middle of a comparison")


def test_columns_are_chosen_and_remembered(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs")
    expect(page.get_by_role("link", name="oak")).to_be_visible()
    page.get_by_role("button", name="Choose columns").click()
    page.get_by_label("loss").check()
    page.get_by_label("Type").uncheck()
    accessible(page)
    page.reload()
    expect(page.get_by_role("columnheader", name="loss")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Type")).to_have_count(0)


def test_a_view_is_kept(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs?q=el")
    expect(page.get_by_role("link", name="elm")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Name of this view").fill("elms")
    page.get_by_role("button", name="Keep").click()
    page.goto(page.url.partition("?")[0])
    page.get_by_role("button", name="Views").click()
    page.get_by_role("button", name="elms", exact=True).click()
    expect(page).to_have_url(re.compile("q=el"))


def test_chosen_jobs_are_tagged_and_archived_together(
    visit: Open, runs: dict[str, str], shared_server: Server
) -> None:
    page = visit("jobs")
    for name in ("elm", "ash"):
        page.get_by_role("checkbox", name=f"Select {runs[name]}").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Tag…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tag").fill("kind")
    dialog.get_by_label("Value").fill("tree")
    dialog.get_by_role("button", name="Tag them").click()
    expect(page.get_by_text("Tagged 2 jobs")).to_be_visible()
    path = f"/api/v1/workspaces/default/jobs/{runs['elm']}"
    assert shared_server.call("GET", path)["tags"] == {"kind": "tree"}
    page.get_by_role("checkbox", name=f"Select {runs['elm']}").check()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_role("link", name="elm")).to_have_count(0)
    assert shared_server.call("GET", path)["archived"]
    shared_server.call("POST", f"{MLFLOW}/runs/restore", {"run_id": runs["elm"]})


def test_rows_are_read_as_they_come_into_view(visit: Open, shared_server: Server) -> None:
    for number in range(MANY):
        log(shared_server, f"many-{number:03d}")
    page = visit("jobs?q=many-")
    expect(page.get_by_role("link", name=f"many-{MANY - 1:03d}")).to_be_visible()
    assert page.get_by_role("row").count() < 60
    table = page.get_by_role("table", name="Jobs")
    for _ in range(MANY // 10):
        table.evaluate("element => element.scrollBy(0, 100000)")
        if page.get_by_role("link", name="many-000").count():
            break
    expect(page.get_by_role("link", name="many-000")).to_be_visible()


def test_a_job_is_submitted_from_its_document(visit: Open) -> None:
    page = visit("")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="A job", exact=True).click()
    dialog = page.get_by_role("dialog", name="New job")
    document = dialog.get_by_role("textbox")
    document.fill("command: echo submitted\nenvironmnt: {python: current}\n")
    dialog.get_by_role("button", name="Submit").click()
    expect(dialog.get_by_role("alert")).to_contain_text("environmnt")
    photograph(page, "jobs-new")
    document.fill("command: echo submitted\nenvironment: {python: current}\n")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("submitted", exact=True)).to_be_visible()


def test_two_tabs_follow_by_one_stream(
    visit: Open, studio: Page, shared_server: Server, runs: dict[str, str]
) -> None:
    first = visit("jobs")
    second = studio.context.new_page()
    second.goto(first.url)
    expect(second.get_by_role("table", name="Jobs").get_by_role("link").first).to_be_visible()
    body = {"name": "for-both", "command": "true", "environment": {"python": "current"}}
    shared_server.call("POST", "/api/v1/workspaces/default/jobs", body)
    for page in (first, second):
        expect(page.get_by_role("link", name="for-both")).to_be_visible()


def test_arrows_move_between_rows(visit: Open, runs: dict[str, str]) -> None:
    page = visit("jobs?q=many-")
    page.get_by_role("link", name=f"many-{MANY - 1:03d}").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name=f"many-{MANY - 2:03d}")).to_be_focused()


def test_a_new_run_shows_by_itself(visit: Open, shared_server: Server, tmp_path: Path) -> None:
    page = visit("jobs")
    expect(page.get_by_role("table", name="Jobs")).to_be_visible()
    body = {"name": "fresh", "command": "true", "environment": {"python": "current"}}
    shared_server.call("POST", "/api/v1/workspaces/default/jobs", body)
    expect(page.get_by_role("link", name="fresh")).to_be_visible()
