"""Many runs, written through the tracking protocol by several connections."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks.product import Client

API = "/api/2.0/mlflow"
METRICS = ("acc", "loss", "f1", "auc", "seconds")
WRITERS = 8


def experiment(client: Client, name: str = "benchmark") -> str:
    """Give the id of an experiment, made if it is new."""
    try:
        found = client.get(f"{API}/experiments/get-by-name?experiment_name={name}")
        return str(found["experiment"]["experiment_id"])
    except RuntimeError:
        return str(client.post(f"{API}/experiments/create", {"name": name})["experiment_id"])


def seed(connect: Callable[[], Client], runs: int, points: int = 1) -> float:
    """Write runs with 5 parameters and 5 metrics of `points` values; give the seconds taken."""
    where = experiment(connect())
    start = time.perf_counter()
    failed: list[BaseException] = []

    def write(numbers: range) -> None:
        client = connect()
        try:
            for number in numbers:
                one_run(client, where, number, points)
        except (RuntimeError, OSError) as error:
            failed.append(error)

    writers = [
        threading.Thread(target=write, args=(range(first, runs, WRITERS),))
        for first in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - start


def one_run(client: Client, where: str, number: int, points: int) -> None:
    """Write one run, the same for the same number."""
    dice = random.Random(number)
    made = client.post(
        f"{API}/runs/create",
        {
            "experiment_id": where,
            "run_name": f"run-{number:06d}",
            "start_time": 1_700_000_000_000 + number,
        },
    )
    client.post(f"{API}/runs/log-batch", content(made["run"]["info"]["run_id"], dice, points))


def content(run: str, dice: random.Random, points: int) -> dict[str, Any]:
    """Make up the metrics and parameters of a run."""
    return {
        "run_id": run,
        "metrics": [
            {
                "key": key,
                "value": dice.random(),
                "timestamp": 1_700_000_000_000 + step,
                "step": step,
            }
            for key in METRICS
            for step in range(points)
        ],
        "params": [
            {"key": "lr", "value": dice.choice(("0.1", "0.01", "0.001", "1"))},
            *(
                {"key": key, "value": str(dice.randrange(100))}
                for key in ("depth", "batch", "opt", "seed")
            ),
        ],
    }
