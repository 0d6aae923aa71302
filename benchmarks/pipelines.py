"""Pipelines: a chain and a fan-out of steps that do nothing, unchanged ones, and plans."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.pipeline_peers import Pair, metaflow, prefect
from benchmarks.processes import scratch
from benchmarks.product import Client, Product, serving
from benchmarks.table import Goal, Table, median, timed

PATH = "/api/v1/workspaces/default"
PAUSE = 0.00025
"""Seconds between two looks, for each step: a look at a long pipeline takes its time, too."""
ENVIRONMENT = "azureml:bench@latest"
CHAIN, FAN = "chain of 20", "50 in parallel and a join"


def run(*, quick: bool = False) -> Table:
    """Run each pipeline twice: all of it, then nothing; with PEERS=1, others run the same."""
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
        own: dict[str, Pair] = {}
        for name, document, count, most in (
            (CHAIN, chain(20, "chain"), 20, 2.0),
            (FAN, fan(50), 51, 4.0),
        ):
            first, again = own[name] = _whole(client, document), _whole(client, document)
            goal = Goal("value", at_most=most)
            note = f"reference: {count} bare Python processes, one after the other"
            table.add(
                f"{name}, first run", "s", first, reference=count * bare, goal=goal, note=note
            )
            table.add(f"{name}, nothing changed", "s", again, goal=Goal("value", at_most=0.3))
        _large(table, product, folder, 100 if quick else 1000)
    _peers(table, own)
    return table


def _large(table: Table, product: Product, folder: Path, steps: int) -> None:
    """Plan, run and reuse a graph of many steps."""
    client, document = product.client(), layers(steps)
    one_second = Goal("value", at_most=1.0)
    table.add(f"plan of {steps} new steps, HTTP", "s", _plan(client, document), goal=one_second)
    dry = _dry_run(product, folder, document)
    table.add("the same by `--dry-run`", "s", dry, goal=one_second)
    table.add(f"{steps} steps in layers, first run", "s", _whole(client, document))
    decided = 1000 * _plan(client, document) / steps
    goal = Goal("value", at_most=1.0)
    table.add(f"deciding that {steps} are unchanged, a step", "ms", decided, goal=goal)
    dry = _dry_run(product, folder, document)
    table.add(f"`--dry-run` of {steps} unchanged steps", "s", dry, goal=one_second)
    again = _whole(client, document)
    note = f"{1000 * again / steps:.2f} ms a step, with all jobs, runs and links written"
    table.add(f"{steps} steps, nothing changed", "s", again, note=note)


def _peers(table: Table, own: dict[str, Pair]) -> None:
    """Put the peers beside our figures, where they are wanted."""
    third = Goal("peer", at_most=0.333)
    for peer, measure, goal in (
        ("Metaflow (processes)", metaflow, third),
        ("Prefect (threads)", prefect, None),
    ):
        theirs = measure(scratch(f"pipelines-{measure.__name__}"), 20, 50)
        for name, kind in ((CHAIN, "chain"), (FAN, "fan")) if theirs else ():
            for what, mine, its in zip(
                ("first run", "nothing changed"), own[name], theirs[kind], strict=True
            ):
                wanted = goal if what == "first run" else None
                table.add(f"{name}, {what}: {peer}", "s", mine, peer=its, goal=wanted)


def _plan(client: Client, document: dict[str, Any]) -> float:
    return median(timed(lambda: client.post(f"{PATH}/jobs/plan", document), 3))


def layers(count: int) -> dict[str, Any]:
    """Give a pipeline of layers of 50 steps, each step needing one of the layer before."""
    jobs = {f"s{at}": _step(f"s{at - 50}" if at >= 50 else "", at) for at in range(count)}
    return {"type": "pipeline", "display_name": "layers", "jobs": jobs}


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
        time.sleep(PAUSE * max(20, len(document["jobs"])))
    if state != "Completed":
        raise RuntimeError(f"the pipeline is {state}")
    return time.perf_counter() - start


def _dry_run(product: Product, folder: Path, document: dict[str, Any]) -> float:
    lines = ["type: pipeline", f"display_name: {document['display_name']}", "jobs:"]
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
