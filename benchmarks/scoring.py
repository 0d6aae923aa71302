"""Scoring one row: with a `score.py` and without, by a linear model and by a forest."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks import peers
from benchmarks.load import Load, Place, generator
from benchmarks.processes import (
    PATIENCE,
    Started,
    answer_seconds,
    environment,
    family,
    free_port,
    megabytes,
    of_home,
    running,
    scratch,
)
from benchmarks.product import Product, serving
from benchmarks.table import Goal, Table, median
from zaffre.ml import MLClient, load_online_deployment

HERE = Path(__file__).resolve().parent
CONNECTIONS = (8, 64)
MODELS = ("linear", "forest")
WORKERS = 2
JSON = {"Content-Type": "application/json"}

SCORE = '''"""A scoring script."""

import json
import os

import joblib


def init():
    global model
    folder = os.environ["AZUREML_MODEL_DIR"]
    name = "model.joblib"
    path = next(os.path.join(top, name) for top, _, files in os.walk(folder) if name in files)
    model = joblib.load(path)


def run(raw_data):
    return {"result": model.predict(json.loads(raw_data)["data"]).tolist()}
'''

MAKE = """
import sys, joblib, mlflow.sklearn
from pathlib import Path
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

folder = Path(sys.argv[1])
x, y = load_diabetes(return_X_y=True)
forest = RandomForestRegressor(100, random_state=0)
for name, model in (("linear", LinearRegression()), ("forest", forest)):
    model.fit(x, y)
    (folder / name / "plain").mkdir(parents=True)
    joblib.dump(model, folder / name / "plain" / "model.joblib")
    mlflow.sklearn.save_model(model, folder / name / "mlflow", serialization_format="cloudpickle")
"""


def run(*, quick: bool = False) -> Table:
    """Measure each model: the product, the in-process reference, Azure's server as peer."""
    table = Table("scoring", quick)
    folder = scratch("scoring")
    table.facts["load"] = generator()
    (folder / "code").mkdir()
    (folder / "code" / "score.py").write_text(SCORE)
    subprocess.run(
        [sys.executable, "-c", MAKE, str(folder / "models")],
        env=environment(),
        check=True,
        capture_output=True,
    )
    with serving(folder / "home") as product:
        for model in MODELS:
            _model(table, product, folder, model, quick=quick)
    return table


def _model(table: Table, product: Product, folder: Path, model: str, *, quick: bool) -> None:
    # Weighed alone, one after the other: processes that run together share pages of libraries.
    cold = median([_bare_cold(folder, model) for _ in range(1 if quick else 3)])
    with _reference(folder, model) as (_, started):
        memory = megabytes(family(started.pid))
    script, took = _deployed(product, folder, model, script=True)
    script.press(CONNECTIONS[0], 1, folder)
    weighs = megabytes(_serving_processes(product))
    table.add(
        f"{model}: create deployment to first answer",
        "s",
        took,
        reference=cold,
        goal=Goal(at_most=1.3),
        note="environment built; reference: bare process to first answer",
    )
    table.add(
        f"{model}: memory of gateway and 2 workers (PSS)",
        "MiB",
        weighs,
        reference=memory,
        goal=Goal(at_most=1.1),
    )
    places = {"script": script, "model": _deployed(product, folder, model, script=False)[0]}
    _loads(table, places, folder, model, quick=quick)
    _undeploy(product, model)


def _loads(
    table: Table, places: dict[str, Place], folder: Path, model: str, *, quick: bool
) -> None:
    seconds, rounds = (1.0, 1) if quick else (3.0, 3)
    with contextlib.ExitStack() as others:
        places["reference"] = others.enter_context(_reference(folder, model))[0]
        if azure := _azure(others, folder, model):
            places["azure"] = azure
        for connections in CONNECTIONS:
            _rates(table, places, model, connections, (seconds, rounds, folder))


def _rates(
    table: Table,
    places: dict[str, Place],
    model: str,
    connections: int,
    load: tuple[float, int, Path],
) -> None:
    seconds, rounds, work = load
    taken: dict[str, list[Load]] = {name: [] for name in places}
    for place in places.values():
        place.press(connections, 1, work)
    for _ in range(rounds):
        for name, place in places.items():
            taken[name].append(place.press(connections, seconds, work))
    rate = {name: median(one.rate for one in loads) for name, loads in taken.items()}
    late = {name: median(one.p99 for one in loads) for name, loads in taken.items()}
    bad = {name: sum(one.bad for one in loads) for name, loads in taken.items()}
    for name, what in (("script", "score.py"), ("model", "no script")):
        table.add(
            f"{model}, {what}, {connections} connections",
            "req/s",
            rate[name],
            reference=rate["reference"],
            peer=rate.get("azure"),
            goal=_goal(model, name, connections),
            note=f"p99 {late[name]:.1f} ms (ref {late['reference']:.1f}), {bad[name]} bad",
        )
        if name == "model" and model == "linear" and connections == CONNECTIONS[0]:
            table.add(
                "linear, no script, 8 connections, p99",
                "ms",
                late[name],
                goal=Goal("value", at_most=5),
            )


def _goal(model: str, name: str, connections: int) -> Goal | None:
    if model == "forest":
        return (
            Goal("peer", at_least=4) if name == "model" and connections == CONNECTIONS[1] else None
        )
    if name == "script":
        return Goal("peer", at_least=2 if connections == CONNECTIONS[0] else 3)
    return Goal(at_least=1.1) if connections == CONNECTIONS[1] else None


def row() -> list[float]:
    dice = random.Random(0)
    return [round(dice.uniform(-0.1, 0.1), 6) for _ in range(10)]


@contextlib.contextmanager
def _bare(folder: Path, model: str, workers: int) -> Iterator[tuple[Place, Started]]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.reference_apps:scored",
        "--port",
        str(port),
    ]
    command += ["--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    env = environment(
        AZUREML_MODEL_DIR=str(folder / "models" / model / "plain"),
        SCORE_SCRIPT=str(folder / "code" / "score.py"),
    )
    with running(command, folder / "reference.log", env=env, cwd=HERE.parent) as started:
        yield (
            Place(f"http://127.0.0.1:{port}/score", json.dumps({"data": [row()]}).encode(), JSON),
            started,
        )


@contextlib.contextmanager
def _reference(folder: Path, model: str) -> Iterator[tuple[Place, Started]]:
    with _bare(folder, model, WORKERS) as (place, started):
        answer_seconds(started, place.url, place.body, place.headers)
        place.press(CONNECTIONS[0], 1, folder)  # so that both workers have loaded the model
        yield place, started


def _bare_cold(folder: Path, model: str) -> float:
    with _bare(folder, model, WORKERS) as (place, started):
        return answer_seconds(started, place.url, place.body, place.headers)


def _deployed(product: Product, folder: Path, model: str, *, script: bool) -> tuple[Place, float]:
    """Deploy on an endpoint of its own; give the place and the seconds to the first answer."""
    name = f"{model}-{'script' if script else 'model'}"
    files = folder / name
    files.mkdir()
    (files / "endpoint.yml").write_text(f"name: {name}\nauth_mode: key\n")
    (files / "deployment.yml").write_text(_document(folder, name, model, script=script))
    product.cli("online-endpoint", "create", "-f", str(files / "endpoint.yml"))
    keys = json.loads(product.cli("online-endpoint", "get-credentials", "-n", name, "-o", "json"))
    headers = {**JSON, "Authorization": f"Bearer {keys['primaryKey']}"}
    document = {"data": [row()]} if script else {"input_data": [row()]}
    place = Place(f"{product.gateway_url}/{name}/score", json.dumps(document).encode(), headers)
    client = MLClient(url=product.url, token=product.token)
    start = time.perf_counter()
    ready = client.begin_create_or_update(load_online_deployment(files / "deployment.yml"))
    first_answer(place, "blue")
    took = time.perf_counter() - start
    ready.result()
    product.cli("online-endpoint", "update", "-n", name, "--traffic", "blue=100")
    first_answer(place, "")
    return place, took


def _document(folder: Path, name: str, model: str, *, script: bool) -> str:
    kind, source = ("custom_model", "plain") if script else ("mlflow_model", "mlflow")
    lines = [
        "name: blue",
        f"endpoint_name: {name}",
        "instance_type: Standard_DS3_v2",
        f"instance_count: {WORKERS}",
        "model:",
        f"  path: {folder / 'models' / model / source}",
        f"  type: {kind}",
        "environment:",
        f"  python: {sys.executable}",
        "request_settings:",
        "  max_concurrent_requests_per_instance: 64",
        "  max_queue_wait_ms: 5000",
    ]
    if script:
        code = ["code_configuration:", f"  code: {folder / 'code'}", "  scoring_script: score.py"]
        lines += code
    return "\n".join(lines) + "\n"


def first_answer(place: Place, deployment: str) -> None:
    """Ask until there is an answer, as an impatient user would."""
    headers = place.headers | ({"azureml-model-deployment": deployment} if deployment else {})
    until = time.perf_counter() + PATIENCE
    while True:
        try:
            request = urllib.request.Request(place.url, place.body, headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return
        except OSError:
            if time.perf_counter() > until:
                raise
        time.sleep(0.01)


def _undeploy(product: Product, model: str) -> None:
    for name in (f"{model}-script", f"{model}-model"):
        product.cli("online-endpoint", "delete", "-n", name, "--yes")


def _serving_processes(product: Product) -> list[object]:
    return [one for one in of_home(product.home) if "zaffre.server" not in " ".join(one.cmdline())]  # type: ignore[misc]


def _azure(stack: contextlib.ExitStack, folder: Path, model: str) -> Place | None:
    program = peers.program("azureml", "azmlinfsrv")
    if program is None:
        return None
    port = free_port()
    where = folder / "models" / model / "plain"
    command = [
        program,
        "--entry_script",
        str(folder / "code" / "score.py"),
        "--model_dir",
        str(where),
    ]
    command += ["--port", str(port), "--health_port", str(port), "--worker_count", str(WORKERS)]
    path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
    env = environment(PATH=path, AZUREML_MODEL_DIR=str(where))
    started = stack.enter_context(running(command, folder / "azure.log", env=env, cwd=folder))
    place = Place(f"http://127.0.0.1:{port}/score", json.dumps({"data": [row()]}).encode(), JSON)
    answer_seconds(started, place.url, place.body, place.headers)
    return place
