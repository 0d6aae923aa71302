"""Fill an MLflow store with runs, in process: `python seed_mlflow.py URI ROOT RUNS`."""

from __future__ import annotations

import random
import sys
import time

from mlflow.entities import Metric, Param
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

METRICS = ("acc", "loss", "f1", "auc", "seconds")


def main(uri: str, root: str, runs: int) -> None:
    """Write runs with 5 parameters and 5 metrics."""
    store = SqlAlchemyStore(uri, root)
    where = store.get_experiment_by_name("benchmark").experiment_id
    now = int(time.time() * 1000)
    for number in range(runs):
        dice = random.Random(number)
        run = store.create_run(where, "benchmark", now, [], f"run-{number:06d}").info.run_id
        metrics = [Metric(key, dice.random(), now, 0) for key in METRICS]
        params = [Param("lr", dice.choice(("0.1", "0.01", "0.001", "1")))]
        params += [
            Param(key, str(dice.randrange(100))) for key in ("depth", "batch", "opt", "seed")
        ]
        store.log_batch(run, metrics, params, [])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
