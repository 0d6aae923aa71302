"""What a user of the stock MLflow client does, timed; prints one JSON line.

`python stock_client.py WORK COUNT [RUN] [START]`, in any environment that has `mlflow`, with
MLFLOW_TRACKING_URI set; WORK is one of the functions below.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric

client = MlflowClient()


def experiment() -> str:
    """Give the id of the experiment of these measurements."""
    found = client.get_experiment_by_name("benchmark")
    return found.experiment_id if found else client.create_experiment("benchmark")


def rate(work: Callable[[int], Any], count: int) -> float:
    """Do something `count` times and give how often a second."""
    start = time.perf_counter()
    for number in range(count):
        work(number)
    return count / (time.perf_counter() - start)


def log_metric(count: int, _: str) -> dict[str, Any]:
    """Log one value after the other."""
    run = client.create_run(experiment()).info.run_id
    client.log_metric(run, "loss", 0.0, step=0)
    return {
        "rate": rate(lambda step: client.log_metric(run, "loss", step * 0.5, step=step), count)
    }


def log_batch(count: int, _: str) -> dict[str, Any]:
    """Log batches of 1,000 values; say when, so that several processes can be added up."""
    run = client.create_run(experiment()).info.run_id
    now = int(time.time() * 1000)
    batches = [
        [Metric("loss", step * 0.5, now + step, step) for step in range(first, first + 1000)]
        for first in range(0, count * 1000, 1000)
    ]
    if len(sys.argv) > 4:
        time.sleep(max(0.0, float(sys.argv[4]) - time.time()))
    start = time.time()
    for batch in batches:
        client.log_batch(run, metrics=batch)
    return {"start": start, "end": time.time(), "points": count * 1000, "run": run}


def history(count: int, run: str) -> dict[str, Any]:
    """Read the whole history of a metric."""
    points = len(client.get_metric_history(run, "loss"))
    taken = [1 / rate(lambda _: client.get_metric_history(run, "loss"), 1) for _ in range(count)]
    return {"seconds": statistics.median(taken), "points": points}


def search_runs(count: int, _: str) -> dict[str, Any]:
    """Find the 100 best of the runs with one parameter."""
    query = {
        "filter_string": "metrics.acc > 0.5 and params.lr = '0.1'",
        "order_by": ["metrics.acc DESC"],
        "max_results": 100,
    }
    found = len(client.search_runs([experiment()], **query))
    taken = [
        1 / rate(lambda _: client.search_runs([experiment()], **query), 1) for _ in range(count)
    ]
    return {"seconds": statistics.median(taken), "found": found}


if __name__ == "__main__":
    work = {one.__name__: one for one in (log_metric, log_batch, history, search_runs)}
    print(
        json.dumps(work[sys.argv[1]](int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
    )
