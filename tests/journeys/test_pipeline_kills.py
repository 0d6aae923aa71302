"""A ten-step pipeline whose server is killed whenever something has changed: each step runs once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from running import Server

JOBS = "/api/v1/workspaces/default/jobs"
KILLS = 6
SECONDS = 120


def pipeline(told: Path) -> dict[str, Any]:
    """Give a pipeline whose steps tell in a file that they ran."""

    def step(name: str, *after: str) -> dict[str, Any]:
        return {
            "command": f"echo {name} >> {told} && echo {name} > ${{{{outputs.o}}}}/f",
            "environment": {"python": "current"},
            "inputs": {one: f"${{{{parent.jobs.{one}.outputs.o}}}}" for one in after},
            "outputs": {"o": {}},
        }

    fan = [f"f{at}" for at in range(6)]
    jobs = {"a": step("a"), **{name: step(name, "a") for name in fan}}
    jobs |= {"left": step("left", *fan[:3]), "right": step("right", *fan[3:])}
    return {"type": "pipeline", "jobs": {**jobs, "join": step("join", "left", "right")}}


def states(server: Server, name: str) -> dict[str, str]:
    job = server.call("GET", f"{JOBS}/{name}")
    return {"": job["status"], **{step: one["status"] for step, one in job["steps"].items()}}


@pytest.mark.timeout(240)
def test_a_server_killed_at_changes_runs_each_step_once(home, tmp_path):
    told = tmp_path / "told"
    document = pipeline(told)
    server = Server(home).start()
    try:
        name = server.call("POST", JOBS, document)["name"]
        deadline, kills, before = time.monotonic() + SECONDS, 0, {"": "Running"}
        while (now := states(server, name))[""] not in ("Completed", "Failed"):
            assert time.monotonic() < deadline, now
            if now != before and kills < KILLS:
                kills, before = kills + 1, now
                server.kill()
                server.start()
            time.sleep(0.01)
        assert now == dict.fromkeys(["", *document["jobs"]], "Completed")
        assert kills >= 2
        assert sorted(told.read_text().split()) == sorted(document["jobs"])
        again = server.call("POST", JOBS, document)["name"]
        while states(server, again)[""] == "Running":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        job = server.call("GET", f"{JOBS}/{again}")
        assert all(one["reused"] for one in job["steps"].values())
        assert len(told.read_text().split()) == len(document["jobs"])
    finally:
        server.stop()
