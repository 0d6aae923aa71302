"""Submitting: from the call to the first line of the job's log, and to its end."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.processes import scratch
from benchmarks.product import Client, Product, serving
from benchmarks.table import Goal, Table, median, percentile, timed

PATH = "/api/v1/workspaces/default"
SCRIPT = "echo started"


def run(*, quick: bool = False) -> Table:
    """Measure one job after the other, then some at once."""
    table = Table("submit", quick)
    folder = scratch("submit")
    times = 3 if quick else 20
    bare = median(
        timed(lambda: subprocess.run(["sh", "-c", SCRIPT], capture_output=True, check=True), times)
    )
    with serving(folder / "home") as product:
        client = product.client()
        client.post(f"{PATH}/environments", {"name": "bench", "python": sys.executable})
        _one(product, client)  # builds what is built once
        taken = [_one(product, client) for _ in range(times)]
    first, end = zip(*taken, strict=True)
    table.add(
        "submit to first log line, environment known (median)",
        "s",
        median(first),
        reference=bare,
        goal=Goal("value", at_most=0.5),
        note="reference: a bare `sh -c`",
    )
    table.add("the same, 95th percentile", "s", percentile(first, 0.95))
    table.add("submit to Completed, outputs sealed (median)", "s", median(end))
    return table


def _one(product: Product, client: Client) -> tuple[float, float]:
    """Submit a job; give the seconds to its first log line and to its end."""
    start = time.perf_counter()
    job = client.post(
        f"{PATH}/jobs",
        {"type": "command", "command": SCRIPT, "environment": "azureml:bench@latest"},
    )
    first = 0.0
    kind = b""
    for line in _events(product, f"{PATH}/jobs/{job['name']}/logs"):
        if line.startswith(b"event:"):
            kind = line.partition(b":")[2].strip()
        elif kind == b"log" and not first and b"started" in line:
            first = time.perf_counter() - start
        if kind == b"end":
            break
    end = time.perf_counter() - start
    state = client.get(f"{PATH}/jobs/{job['name']}")["status"]
    if state != "Completed" or not first:
        raise RuntimeError(f"the job is {state} (first line after {first} s)")
    return first, end


def _events(product: Product, path: str) -> Iterator[bytes]:
    parts = urlsplit(product.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {product.token}"})
    answer = connection.getresponse()
    while line := answer.readline():
        yield line.rstrip()
    connection.close()
