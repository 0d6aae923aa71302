"""Home: the first steps of a new workspace, then what runs, failed and serves."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from running import Server
from studio.conftest import photograph
from studio.work import BROKEN, finished, submit


def test_a_new_workspace_is_shown_its_first_steps(studio: Page) -> None:
    steps = studio.get_by_role("region", name="First steps")
    expect(steps).to_contain_text("0 of 4 done")
    expect(steps.get_by_text("zaffre data create")).to_be_visible()
    photograph(studio, "home-empty")


def test_a_failure_shows_by_itself(studio: Page, shared_server: Server, tmp_path: Path) -> None:
    failed = studio.get_by_role("region", name="Failed in the last day")
    expect(failed).to_contain_text("Nothing failed")
    finished(shared_server, submit(shared_server, tmp_path, BROKEN))
    expect(failed.get_by_role("link", name="broken")).to_be_visible()
    expect(failed).to_contain_text("column bmi has text")
    expect(studio.get_by_role("region", name="First steps")).to_contain_text("1 of 4 done")
    photograph(studio, "home")
    failed.get_by_role("link", name="broken").click()
    expect(studio.get_by_role("heading", name="broken", level=1)).to_be_visible()
