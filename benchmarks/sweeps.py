"""Sweeps: what a trial costs beyond its process, and what Bayesian sampling finds over random."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.processes import scratch
from benchmarks.product import Client, serving
from benchmarks.table import Goal, Table, median, timed
from zaffre.kinds.sweep_settings import SearchParameter
from zaffre.services.sweeps import bayesian, sampling

PATH = "/api/v1/workspaces/default"
PAUSE = 0.005
TRIALS, SEEDS = 30, 11
RANGES = {"a": (-5.0, 10.0), "b": (0.0, 15.0)}


def run(*, quick: bool = False) -> Table:
    """Time sweeps whose trials do nothing, and search the valley of Branin's function."""
    table = Table("sweeps", quick)
    trials = 5 if quick else 20
    bare = median(
        timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), trials)
    )
    with serving(scratch("sweeps") / "home") as product:
        client = product.client()
        client.post(f"{PATH}/environments", {"name": "bench", "python": sys.executable})
        _whole(client, 1)
        each = _whole(client, trials) / trials
    note = f"{trials} trials, one at a time; reference: a bare Python process"
    table.add("a trial of a sweep", "s", each, reference=bare, note=note)
    goal = Goal("value", at_most=0.2)
    table.add("a trial beyond its bare process", "s", max(0.0, each - bare), goal=goal)
    _found(table, [1000 * at for at in range(SEEDS)])
    return table


def _whole(client: Client, trials: int) -> float:
    """Give the seconds of a whole sweep, one trial after the other."""
    script = "from zaffre.ml import log_metric; log_metric('m', 1)"
    document = {
        "type": "sweep",
        "trial": {
            "command": f'python -c "{script}"',
            "environment": "azureml:bench@latest",
        },
        "search_space": {"x": {"type": "uniform", "min_value": 0, "max_value": 1}},
        "sampling_algorithm": "random",
        "objective": {"goal": "minimize", "primary_metric": "m"},
        "limits": {"max_total_trials": trials, "max_concurrent_trials": 1},
    }
    start = time.perf_counter()
    name = client.post(f"{PATH}/jobs", document)["name"]
    while (state := client.get(f"{PATH}/jobs/{name}")["status"]) not in ("Completed", "Failed"):
        time.sleep(PAUSE)
    if state != "Completed":
        raise RuntimeError(f"the sweep is {state}")
    return time.perf_counter() - start


def _found(table: Table, seeds: Sequence[int]) -> None:
    """Compare the best of equally many trials; the least that there is is 0.398."""
    chance = median(_best("random", seed) for seed in seeds)
    what = f"best of {TRIALS} trials, median of {len(seeds)} seeds"
    note = "Branin's function, least 0.398; reference: random sampling"
    model = median(_best("bayesian", seed) for seed in seeds)
    goal = Goal(at_most=1.0)
    table.add(f"{what}: bayesian", "", model, reference=chance, goal=goal, note=note)


def _best(algorithm: str, seed: int) -> float:
    space = {
        name: SearchParameter.model_validate(
            {"type": "uniform", "min_value": least, "max_value": most}
        )
        for name, (least, most) in RANGES.items()
    }
    known: list[bayesian.Known] = []
    for number in range(TRIALS):
        if algorithm == "random":
            values = sampling.sample(space, "random", seed, number) or {}
        else:
            sampler = bayesian.fitting_sampler(space)
            values = bayesian.suggest(space, "minimize", seed, known, sampler)
        known.append(bayesian.Known(values, branin(values["a"], values["b"])))
    return min(one.value for one in known if one.value is not None)


def branin(a: float, b: float) -> float:
    """Give the height at a place: three valleys, equally deep."""
    bow = b - 5.1 / (4 * math.pi**2) * a**2 + 5 / math.pi * a - 6
    return bow**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10
