"""Pipelines: a chain and a fan-out of steps that do nothing, unchanged ones, and plans."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.processes import scratch
from benchmarks.product import Client, Product, serving
from benchmarks.table import Goal, Table, median, timed

PATH = "/api/v1/workspaces/default"
PAUSE = 0.005
ENVIRONMENT = "azureml:bench@latest"


def run(*, quick: bool = False) -> Table:
    """Run each pipeline twice: all of it, then nothing."""
    table = Table("pipelines", quick)
    folder = scratch("pipelines")
    bare = median(
        timed(
            lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 5 if quick else 20
        )
    )
    with serving(folder / "home") as product:
        client = product.client()
        client.post(f"{PATH}/environments", {"name": "bench", "python": sys.executable})
        _whole(client, chain(1, "warm"))
        for name, document, count, most in (
            ("chain of 20", chain(20, "chain"), 20, 2.0),
            ("50 in parallel and a join", fan(50), 51, 4.0),
        ):
            first, again = _whole(client, document), _whole(client, document)
            goal = Goal("value", at_most=most)
            note = f"reference: {count} bare Python processes, one after the other"
            table.add(
                f"{name}, first run", "s", first, reference=count * bare, goal=goal, note=note
            )
            table.add(f"{name}, nothing changed", "s", again, goal=Goal("value", at_most=0.3))
        steps = 100 if quick else 1000
        document = chain(steps, "long")
        taken = median(timed(lambda: client.post(f"{PATH}/jobs/plan", document), 3))
        table.add(f"plan of {steps} steps, HTTP", "s", taken, goal=Goal("value", at_most=1.0))
        table.add("the same by `--dry-run`", "s", _dry_run(product, folder, document))
    return table


def chain(count: int, name: str) -> dict[str, Any]:
    """Give a pipeline in which each step needs the one before."""
    jobs = {f"s{at}": _step(f"s{at - 1}" if at else "", at) for at in range(count)}
    return {"type": "pipeline", "display_name": name, "jobs": jobs}


def fan(count: int) -> dict[str, Any]:
    """Give a pipeline of steps side by side, and one that needs all of them."""
    jobs = {f"f{at}": _step("", at) for at in range(count)}
    inputs = {f"i{at}": f"${{{{parent.jobs.f{at}.outputs.o}}}}" for at in range(count)}
    jobs["join"] = {"command": "true", "environment": ENVIRONMENT, "inputs": inputs}
    return {"type": "pipeline", "display_name": "fan", "jobs": jobs}


def _step(before: str, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {
        "command": f"echo {number} > ${{{{outputs.o}}}}/f",
        "environment": ENVIRONMENT,
        "outputs": {"o": {}},
    }
    if before:
        found["inputs"] = {"i": f"${{{{parent.jobs.{before}.outputs.o}}}}"}
    return found


def _whole(client: Client, document: dict[str, Any]) -> float:
    start = time.perf_counter()
    name = client.post(f"{PATH}/jobs", document)["name"]
    while (state := client.get(f"{PATH}/jobs/{name}")["status"]) not in ("Completed", "Failed"):
        time.sleep(PAUSE)
    if state != "Completed":
        raise RuntimeError(f"the pipeline is {state}")
    return time.perf_counter() - start


def _dry_run(product: Product, folder: Path, document: dict[str, Any]) -> float:
    lines = ["type: pipeline", "display_name: long", "jobs:"]
    for name, step in document["jobs"].items():
        lines += [
            f"  {name}:",
            f"    command: {step['command']}",
            f"    environment: {ENVIRONMENT}",
        ]
        lines += ["    inputs:", *(f"      {k}: {v}" for k, v in step.get("inputs", {}).items())]
        lines += ["    outputs:", "      o:"]
    file = folder / "long.yml"
    file.write_text("\n".join(lines) + "\n")
    start = time.perf_counter()
    product.cli("job", "create", "-f", str(file), "--dry-run")
    return time.perf_counter() - start
