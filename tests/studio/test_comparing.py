"""Compare and sweep in the browser: two hundred jobs side by side, trials as parallel coordinates."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from running import Server
from studio.conftest import Open, photograph

API = "/api/2.0/mlflow"
MANY = 200
LONGEST = 90


@pytest.fixture(scope="module")
def runs(shared_server: Server) -> list[str]:
    """Runs that differ in one parameter and reach different losses."""
    call = shared_server.call
    experiment = call("POST", f"{API}/experiments/create", {"name": "many"})["experiment_id"]
    made = []
    for number in range(MANY):
        run = call(
            "POST", f"{API}/runs/create", {"experiment_id": experiment, "run_name": f"r{number}"}
        )
        name = run["run"]["info"]["run_id"]
        points = [
            {"key": "loss", "value": 1 / (step + 1 + number), "timestamp": step, "step": step}
            for step in range(5)
        ]
        params = [{"key": "lr", "value": str(number / 100)}, {"key": "kind", "value": "tree"}]
        call(
            "POST", f"{API}/runs/log-batch", {"run_id": name, "metrics": points, "params": params}
        )
        made.append(name)
    return made


def test_nothing_chosen_leads_to_the_jobs(visit: Open) -> None:
    page = visit("compare")
    expect(page.get_by_text("Nothing is chosen")).to_be_visible()
    page.get_by_role("link", name="Choose jobs").click()
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()


def test_two_hundred_jobs_stand_side_by_side(visit: Open, runs: list[str]) -> None:
    page = visit(f"compare?jobs={','.join(runs)}")
    values = page.get_by_role("region", name="Values of the jobs")
    expect(values.locator("tbody tr")).to_have_count(MANY)
    expect(values.get_by_role("columnheader", name="lr")).to_be_visible()
    expect(values.get_by_role("columnheader", name="kind")).to_have_count(0)
    page.get_by_label("only what differs").uncheck()
    expect(values.get_by_role("columnheader", name="kind")).to_be_visible()
    values.get_by_role("button", name="Take it").first.click()
    expect(values.locator("tbody tr").nth(1)).to_contain_text("-0.")
    lines = page.get_by_role("region", name="Parallel coordinates").locator("polyline")
    expect(lines).to_have_count(MANY)
    photograph(page, "compare")


@pytest.fixture(scope="module")
def sweep(shared_server: Server) -> str:
    """A sweep of four trials that has ended."""
    print_loss = (
        "from zaffre.ml import log_metric; import sys; log_metric('loss', float(sys.argv[1])**2)"
    )
    job: dict[str, Any] = {
        "name": "search",
        "type": "sweep",
        "trial": {
            "command": f'python -c "{print_loss}" ${{{{search_space.x}}}}',
            "environment": {"python": "current"},
        },
        "sampling_algorithm": "grid",
        "search_space": {
            "x": {"type": "choice", "values": [1, 2, 3, 4]},
        },
        "objective": {"goal": "minimize", "primary_metric": "loss"},
        "limits": {"max_total_trials": 4, "max_concurrent_trials": 2},
    }
    shared_server.call("POST", "/api/v1/workspaces/default/jobs", job)
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        found = shared_server.call("GET", "/api/v1/workspaces/default/jobs/search")
        if found["status"] in ("Completed", "Failed", "Canceled"):
            assert found["status"] == "Completed", found
            return "search"
        time.sleep(0.2)
    raise AssertionError("the sweep does not end")


def test_a_sweep_shows_what_goes_with_its_result(visit: Open, sweep: str) -> None:
    page = visit(f"sweeps/{sweep}")
    expect(page.get_by_text("Best so far:")).to_be_visible()
    expect(page.get_by_role("region", name="Importance")).to_contain_text("1.00")
    expect(page.get_by_role("region", name="Trials").locator("tbody tr")).to_have_count(4)
    expect(page.get_by_role("region", name="loss over x").locator("circle")).to_have_count(4)
    photograph(page, "sweep")
