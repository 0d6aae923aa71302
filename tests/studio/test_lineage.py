"""Lineage in the browser: where it begins, what it shows, and where it leads."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect

from running import Server
from studio.conftest import Open, photograph

JOBS = "/api/v1/workspaces/default/jobs"
LONGEST = 60


def ran(server: Server, name: str, command: str, **fields: object) -> None:
    """Run a job to its end."""
    document = {"name": name, "command": command, "environment": {"python": "current"}, **fields}
    server.call("POST", JOBS, document)
    deadline = time.monotonic() + LONGEST
    while server.call("GET", f"{JOBS}/{name}")["status"] not in ("Completed", "Failed"):
        assert time.monotonic() < deadline, f"{name} does not end"
        time.sleep(0.1)


def test_without_a_beginning_it_asks_for_one(visit: Open) -> None:
    page = visit("lineage")
    expect(page.get_by_text("zaffre lineage job NAME")).to_be_visible()


def test_a_job_is_shown_with_what_it_came_of(visit: Open, shared_server: Server) -> None:
    ran(
        shared_server,
        "maker",
        "echo 1 > ${{outputs.out}}/f",
        outputs={"out": {"type": "uri_folder"}},
    )
    made = {"type": "uri_folder", "path": "azureml://jobs/maker/outputs/out"}
    ran(shared_server, "taker", "ls ${{inputs.data}}", inputs={"data": made})
    page = visit("lineage")
    page.get_by_label("Name").fill("taker")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("name=taker"))
    maker = page.get_by_role("link", name="maker", exact=True)
    expect(maker).to_be_visible()
    photograph(page, "lineage")
    maker.click()
    expect(page).to_have_url(re.compile("/jobs/maker$"))
