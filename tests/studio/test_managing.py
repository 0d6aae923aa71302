"""Schedules, compute, batch endpoints and views in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from running import Server
from studio.conftest import Open, photograph

BASE = "/api/v1/workspaces/default"
EMPTY = {
    "schedules": "zaffre schedule create",
    "batch-endpoints": "zaffre batch-endpoint create",
    "views": "zaffre prediction-view create",
}


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_says_what_to_do(visit: Open, path: str) -> None:
    page = visit(path)
    expect(page.get_by_text(EMPTY[path]).first).to_be_visible()
    photograph(page, f"{path}-empty")


@pytest.fixture(scope="module")
def nightly(shared_server: Server) -> str:
    shared_server.call(
        "POST",
        f"{BASE}/schedules",
        {
            "name": "nightly",
            "trigger": {"type": "cron", "expression": "0 2 * * *", "time_zone": "UTC"},
            "create_job": {
                "type": "command",
                "command": "echo hello",
                "environment": {"python": "current"},
            },
        },
    )
    return "nightly"


def test_a_schedule_says_when_and_is_triggered(visit: Open, nightly: str) -> None:
    page = visit("schedules")
    expect(page.get_by_role("row", name=nightly)).to_contain_text("0 2 * * * (UTC)")
    photograph(page, "schedules")
    page.get_by_role("link", name=nightly).click()
    expect(page.get_by_role("region", name="Next times").locator("time")).to_have_count(5)
    photograph(page, "schedule")
    page.get_by_role("button", name="Trigger now").click()
    expect(page.get_by_text("A job was created.")).to_be_visible()
    page.get_by_role("tab", name="History").click()
    expect(page.locator("tbody a").first).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()


def test_a_compute_is_stopped_says_why_jobs_wait_and_is_started(
    visit: Open, shared_server: Server
) -> None:
    page = visit("compute")
    expect(page.get_by_role("row", name="local")).to_contain_text("Running")
    photograph(page, "computes")
    page.get_by_role("link", name="local").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    job = {
        "type": "command",
        "command": "echo",
        "name": "waiting",
        "environment": {"python": "current"},
    }
    shared_server.call("POST", f"{BASE}/jobs", job)
    queue = page.get_by_role("region", name="Queue")
    expect(queue).to_contain_text("waiting", timeout=30_000)
    photograph(page, "compute")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()


def test_a_batch_endpoint_is_invoked_by_a_form(visit: Open, shared_server: Server) -> None:
    shared_server.call("POST", f"{BASE}/batch-endpoints", {"name": "scoring"})
    photograph(visit("batch-endpoints"), "batch-endpoints")
    page = visit("batch-endpoints/scoring")
    expect(page.get_by_text("Nothing scores here yet")).to_be_visible()
    photograph(page, "batch-endpoint")
    page.get_by_role("button", name="Invoke…").click()
    page.get_by_label("Data").fill("azureml:customers@latest")
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("deployment")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("tab", name="Jobs").click()
    expect(page.get_by_text("It was not invoked yet.")).to_be_visible()


def test_a_view_is_asked_by_key(visit: Open, shared_server: Server) -> None:
    shared_server.call("POST", f"{BASE}/online-endpoints", {"name": "live"})
    view = {
        "name": "risk",
        "entity_key": "customer",
        "event_time": "at",
        "prediction_column": "score",
        "online_endpoint": "live",
    }
    shared_server.call("POST", f"{BASE}/prediction-views", view)
    photograph(visit("views"), "views")
    page = visit("views/risk")
    page.get_by_label("customer").fill("c1")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_role("alert")).to_contain_text("has no prediction of")
    photograph(page, "view")
    page.get_by_role("tab", name="Predictions").click()
    expect(page.get_by_text("No prediction counts yet")).to_be_visible()


def test_settings_tell_how_to_connect_and_what_was_used(visit: Open) -> None:
    page = visit("settings")
    expect(page.get_by_text("owner")).to_be_visible()
    photograph(page, "settings")
    page.get_by_role("tab", name="Connect").click()
    expect(page.get_by_text('eval "$(zaffre status --export)"')).to_be_visible()
    page.get_by_role("tab", name="Use and cost").click()
    expect(page.get_by_text("zaffre job usage --by experiment")).to_be_visible()
    photograph(page, "settings-use")
    page.get_by_role("tab", name="Storage").click()
    page.get_by_role("button", name="Look for garbage").click()
    expect(page.get_by_text("To be deleted")).to_be_visible()
