"""Jobs on Ray: from submission to the first line of the log, and how a cluster comes and goes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import scratch
from benchmarks.product import Client, serving
from benchmarks.table import Goal, Table, median, timed

PATH = "/api/v1/workspaces/default"
PAUSE = 0.005
REST = 3.0
"""Seconds between jobs, as on a cluster that is warm but not flooded."""

NAME = "bench"
DRIVER = """
import ray, sys
from zaffre.runtime.ray import loopback
ray.init(address=sys.argv[1], log_to_driver=False, **loopback.settings(sys.argv[1]))
print("started", flush=True)
"""


def run(*, quick: bool = False) -> Table:
    """Time a cluster of one node from nothing to nothing, and jobs on it while it is warm."""
    table = Table("ray_jobs", quick)
    if importlib.util.find_spec("ray") is None:
        print("  the extra `ray` is not installed")
        return table
    times = 3 if quick else 9
    home = scratch("ray") / "home"
    with serving(home) as product:
        client = product.client()
        client.post(f"{PATH}/environments", {"name": NAME, "python": sys.executable})
        size = {"max_instances": 1, "idle_time_before_scale_down": 3600, "cpus": 2}
        client.post(f"{PATH}/computes", {"name": NAME, "type": "amlcompute", **size})
        table.add("from no node to the first line", "s", _first_line(client))
        warm = median([_first_line(client) for _ in range(times)])
        reference = median(timed(lambda: _drive(home), times))
        table.add(
            "submit to the first line, warm",
            "s",
            warm,
            reference=reference,
            goal=Goal("value", at_most=1.5),
            note="reference: a bare Ray driver, the least that `ray job submit` starts",
        )
        table.add("beside a bare driver", "s", warm, reference=reference, goal=Goal(at_most=2))
        product.cli("compute", "update", "-n", NAME, "--set", "idle_time_before_scale_down=0")
        table.add("from idle to no node", "s", _until(lambda: not _nodes(home)))
    return table


def _first_line(client: Client) -> float:
    """Submit a job and give the seconds until its log begins."""
    time.sleep(REST)
    document = {
        "command": "echo started",
        "compute": f"azureml:{NAME}",
        "environment": f"azureml:{NAME}@latest",
    }
    start = time.perf_counter()
    name = client.post(f"{PATH}/jobs", document)["name"]
    while not client.send("GET", f"{PATH}/jobs/{name}/logs?follow=false"):
        time.sleep(PAUSE)
    taken = time.perf_counter() - start
    _until(lambda: client.get(f"{PATH}/jobs/{name}")["status"] == "Completed")
    return taken


def _drive(home: Path) -> None:
    """Run a program that joins the cluster and says one line."""
    folder = home / "ray" / f"default@{NAME}"
    note = folder / "sessions"
    sessions = Path(note.read_text()) if note.exists() else folder / "ray"
    opening = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token")}
    command = [
        sys.executable,
        "-c",
        DRIVER,
        (sessions / "ray_current_cluster").read_text().strip(),
    ]
    subprocess.run(command, env={**os.environ, **opening}, capture_output=True, check=True)


def _nodes(home: Path) -> list[Path]:
    return list((home / "ray" / f"default@{NAME}").glob("node-*.json"))


def _until(holds: Callable[[], object]) -> float:
    start = time.perf_counter()
    while not holds():
        if time.perf_counter() - start > 120:
            raise RuntimeError("this did not come true")
        time.sleep(PAUSE)
    return time.perf_counter() - start
