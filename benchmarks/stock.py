"""The stock MLflow client under measurement, and MLflow's own server as its peer."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.processes import (
    answer_seconds,
    environment,
    family,
    free_port,
    megabytes,
    running,
)
from benchmarks.product import Client
from benchmarks.seeding import API, experiment

HERE = Path(__file__).resolve().parent
PROCESSES = (1, 8)


@dataclass(frozen=True)
class Sizes:
    """How much: calls one by one, batches of 1,000, runs, and batches in the long history."""

    calls: int = 400
    batches: int = 40
    runs: int = 10_000
    points: int = 100


def do(python: str, env: dict[str, str], *words: object) -> Any:
    """Let a client program do one piece of work and give what it measured."""
    command = [python, str(HERE / "stock_client.py"), *map(str, words)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def batch_rate(python: str, env: dict[str, str], batches: int, processes: int) -> float:
    """Give points a second over all processes, from the first start to the last end."""
    begin = str(time.time() + (1 if processes == 1 else 12))
    each = str(max(1, batches // processes))
    command = [python, str(HERE / "stock_client.py"), "log_batch", each, "", begin]
    crowd = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in crowd]
    span = max(one["end"] for one in told) - min(one["start"] for one in told)
    return float(sum(one["points"] for one in told) / span)


def mlflow_figures(folder: Path, sizes: Sizes) -> dict[str, float]:
    """Measure MLflow's own server with its own client; {} unless peers are wanted."""
    python = peers.program("mlflow")
    if python is None:
        return {}
    port = free_port()
    database, artifacts = f"sqlite:///{folder / 'peer.db'}", str(folder / "peer-artifacts")
    url = f"http://127.0.0.1:{port}"
    env = environment(MLFLOW_TRACKING_URI=url)
    command = [python, "-m", "mlflow", "server", "--backend-store-uri", database]
    command += ["--host", "127.0.0.1", "--port", str(port), "--artifacts-destination", artifacts]
    with running(command, folder / "peer.log", env=env, cwd=folder) as started:
        answer_seconds(started, f"{url}/health")
        told = {"raw": _bare_rate(Client(url), sizes.calls)}
        told["single"] = do(python, env, "log_metric", sizes.calls)["rate"]
        for processes in PROCESSES:
            told[f"batch{processes}"] = batch_rate(python, env, sizes.batches, processes)
        written = do(python, env, "log_batch", sizes.points)
        told["history"] = do(python, env, "history", 1, written["run"])["seconds"]
        seeding = [python, str(HERE / "seed_mlflow.py"), database, artifacts, str(sizes.runs)]
        subprocess.run(seeding, env=env, check=True, capture_output=True)
        told["search"] = do(python, env, "search_runs", 3)["seconds"]
        told["memory"] = megabytes(family(started.pid))
    return told


def _bare_rate(client: Client, calls: int) -> float:
    made = client.post(f"{API}/runs/create", {"experiment_id": experiment(client)})
    run = made["run"]["info"]["run_id"]
    start = time.perf_counter()
    for step in range(calls):
        client.post(f"{API}/runs/log-metric", one_value(run, step))
    return calls / (time.perf_counter() - start)


def one_value(run: str, step: int) -> dict[str, Any]:
    """Give the body of a log-metric call."""
    return {"run_id": run, "key": "one", "value": step * 0.5, "timestamp": step, "step": step}
