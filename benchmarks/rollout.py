"""Rollouts under load, waking from zero, and what a deployment weighs that nobody asks."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import Place, Sample, Steady
from benchmarks.processes import (
    PATIENCE,
    environment,
    family,
    megabytes,
    of_home,
    running,
    scratch,
)
from benchmarks.product import Product, serving
from benchmarks.scoring import JSON, MAKE, SCORE
from benchmarks.table import Goal, Table, median, percentile

ROW = {"data": [[0.01] * 10]}
CONNECTIONS = 4
IDLE = 3
"""How many idle deployments are weighed."""

BARE = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import score
score.init()
score.run(sys.argv[2])
print("answered", flush=True)
time.sleep(float(sys.argv[3]))
"""
NO_FAILURE = Goal("value", at_most=0)


def run(*, quick: bool = False) -> Table:
    """Measure a scikit-learn model behind a `score.py`: in two instances under load, else one."""
    table = Table("rollout", quick)
    folder = scratch("rollout")
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text(SCORE)
    command = [sys.executable, "-c", MAKE, str(folder / "models")]
    subprocess.run(command, env=environment(), check=True, capture_output=True)
    with serving(folder / "home") as product:
        _rollouts(table, product, folder, times=1 if quick else 5)
        _waking(table, product, folder, times=1 if quick else 5)
        _weights(table, product, folder)
    return table


def _rollouts(table: Table, product: Product, folder: Path, times: int) -> None:
    place = _deploy(product, folder, "busy", "instance_count: 2")
    spans: dict[str, list[tuple[float, float]]] = {"before": [], "during": [], "after": []}
    with Steady(place, CONNECTIONS) as load:
        for number in range(times):
            spans["before"].append(_pause())
            start = time.time()
            change = f"environment_variables.REVISION={number}"
            words = ("update", "-n", "blue", "-e", "busy", "--set", change)
            product.cli("online-deployment", *words)
            spans["during"].append((start, time.time()))
            spans["after"].append(_pause())
        samples = load.stop()
    for when, found in spans.items():
        _rate(table, when, samples, found)
    took = median(end - start for start, end in spans["during"])
    bare = median([_bare_seconds(folder) for _ in range(times)])
    note = "command to new revision serving; reference: bare process to first answer"
    table.add("one rollout", "s", took, reference=bare, goal=Goal("value", at_most=5), note=note)
    failed = sum(not sample.good for sample in samples)
    note = f"of {len(samples)} in {times} rollouts"
    table.add("requests failed", "", failed, goal=NO_FAILURE, note=note)
    product.cli("online-endpoint", "delete", "-n", "busy", "--yes")


def _pause() -> tuple[float, float]:
    """Let the load alone for a second."""
    start = time.time()
    time.sleep(1)
    return start, time.time()


def _rate(
    table: Table, when: str, samples: Sequence[Sample], spans: Sequence[tuple[float, float]]
) -> None:
    found = [one for one in samples if any(start <= one.at < end for start, end in spans)]
    rate = len(found) / sum(end - start for start, end in spans)
    late = percentile([one.seconds for one in found], 0.99) * 1000
    note = f"p99 {late:.1f} ms, {sum(not one.good for one in found)} failed"
    table.add(f"{CONNECTIONS} connections, {when} a rollout", "req/s", rate, note=note)


def _waking(table: Table, product: Product, folder: Path, times: int) -> None:
    place = _deploy(product, folder, "sleepy", *_sleeping(idle=1))
    taken, bare = [], []
    for _ in range(times):
        _until_asleep(product, "sleepy")
        start = time.perf_counter()
        _ask(place)
        taken.append(time.perf_counter() - start)
        bare.append(_bare_seconds(folder))
    note = "reference: bare process from start to first answer"
    goal = Goal(at_most=1.3)
    table.add(
        "scale from zero to first answer", "s", median(taken), reference=median(bare), goal=goal,
        note=note,
    )  # fmt: skip
    product.cli("online-endpoint", "delete", "-n", "sleepy", "--yes")


def _bare_seconds(folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(
        _bare(folder, 0), env=_bare_environment(folder), check=True, capture_output=True
    )
    return time.perf_counter() - start


def _bare(folder: Path, seconds: float) -> list[str]:
    words = [str(folder / "code"), json.dumps(ROW), str(seconds)]
    return [sys.executable, "-c", BARE, *words]


def _bare_environment(folder: Path) -> dict[str, str]:
    return environment(AZUREML_MODEL_DIR=str(folder / "models" / "linear" / "plain"))


def _weights(table: Table, product: Product, folder: Path) -> None:
    """Weigh deployments that nobody asks: awake, and asleep."""
    with running(
        _bare(folder, PATIENCE), folder / "bare.log", env=_bare_environment(folder)
    ) as it:
        while b"answered" not in it.log.read_bytes():
            time.sleep(0.05)
        reference = megabytes(family(it.pid))
    empty = _weight(product)
    names = [f"idle{number}" for number in range(IDLE)]
    for name in names:
        _deploy(product, folder, name, "instance_count: 1")
    awake = (_weight(product) - empty) / IDLE
    note = "one instance; reference: bare process with the same model"
    table.add(
        "memory of an idle deployment, awake (PSS)", "MiB", awake, reference=reference, note=note
    )
    for name in names:
        words = (f"scale_settings.{change}" for change in _changes(idle=1))
        sets = [word for change in words for word in ("--set", change)]
        product.cli("online-deployment", "update", "-n", "blue", "-e", name, *sets)
    for name in names:
        _until_asleep(product, name)
    asleep = max(0.0, (_weight(product) - empty) / IDLE)
    table.add(
        "memory of an idle deployment, asleep (PSS)", "MiB", asleep, goal=Goal("value", at_most=1)
    )


def _weight(product: Product) -> float:
    found = of_home(product.home)
    return megabytes([one for one in found if "zaffre.server" not in " ".join(one.cmdline())])


def _changes(idle: int) -> list[str]:
    return ["type=target_utilization", "min_instances=0", f"idle_time_before_zero={idle}"]


def _sleeping(idle: int) -> list[str]:
    return ["scale_settings:", *(f"  {change.replace('=', ': ')}" for change in _changes(idle))]


def _until_asleep(product: Product, name: str) -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        status = json.loads((product.home / "run" / "gateway-status.json").read_text())
        found = [one for one in status["deployments"].values() if one.get("endpoint") == name]
        if found and all(one["state"] == "asleep" and not one["pids"] for one in found):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{name} does not sleep")


def _deploy(product: Product, folder: Path, name: str, *lines: str) -> Place:
    """Serve the linear model at an endpoint of its own."""
    document = [
        "name: blue",
        f"endpoint_name: {name}",
        "instance_type: Standard_DS3_v2",
        "model:",
        f"  path: {folder / 'models' / 'linear' / 'plain'}",
        "environment:",
        f"  python: {sys.executable}",
        "code_configuration:",
        f"  code: {folder / 'code'}",
        "  scoring_script: score.py",
        "request_settings:",
        "  max_queue_wait_ms: 5000",
        *lines,
    ]
    path = folder / f"{name}.yml"
    path.write_text("\n".join(document) + "\n")
    product.cli("online-endpoint", "create", "-n", name)
    product.cli("online-deployment", "create", "-f", str(path), "--all-traffic")
    keys = json.loads(product.cli("online-endpoint", "get-credentials", "-n", name, "-o", "json"))
    headers = {**JSON, "Authorization": f"Bearer {keys['primaryKey']}"}
    place = Place(f"{product.gateway_url}/{name}/score", json.dumps(ROW).encode(), headers)
    _ask(place)
    return place


def _ask(place: Place) -> None:
    request = urllib.request.Request(place.url, place.body, place.headers)
    with contextlib.closing(urllib.request.urlopen(request, timeout=PATIENCE)) as answer:
        answer.read()
