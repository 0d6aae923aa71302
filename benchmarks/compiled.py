"""Scoring one row by models compiled to ONNX: a forest beside a linear model, and a booster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.load import Load, Place, generator
from benchmarks.processes import environment, scratch
from benchmarks.product import Product, serving
from benchmarks.scoring import JSON, WORKERS, first_answer, row
from benchmarks.table import Goal, Table, median
from zaffre.ml import MLClient, load_online_deployment

CONNECTIONS = 64
MODELS = {"linear": "linear.joblib", "forest": "forest.joblib", "booster": "booster.lgb"}
PLACES = ("linear", "forest", "forest compiled", "booster", "booster compiled")

MAKE = """
import sys, joblib, lightgbm
from pathlib import Path
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

folder = Path(sys.argv[1])
x, y = load_diabetes(return_X_y=True)
joblib.dump(LinearRegression().fit(x, y), folder / "linear.joblib")
joblib.dump(RandomForestRegressor(100, random_state=0).fit(x, y), folder / "forest.joblib")
settings = {"objective": "regression", "verbose": -1, "num_threads": 1}
lightgbm.train(settings, lightgbm.Dataset(x, y), 100).save_model(folder / "booster.lgb")
with open(folder / "rows.csv", "w") as file:
    file.write(",".join(f"x{n}" for n in range(10)) + "\\n")
    file.writelines(",".join(map(repr, map(float, one))) + "\\n" for one in x)
"""


def run(*, quick: bool = False) -> Table:
    """Measure each model as it is and compiled, in turns."""
    table = Table("compiled", quick)
    table.facts["load"] = generator()
    folder = scratch("compiled")
    subprocess.run(
        [sys.executable, "-c", MAKE, str(folder)],
        env=environment(),
        check=True,
        capture_output=True,
    )
    with serving(folder / "home") as product:
        places = {name: _deployed(table, product, folder, name) for name in PLACES}
        _measure(table, places, folder, quick=quick)
    return table


def _deployed(table: Table, product: Product, folder: Path, name: str) -> Place:
    model, _, compiled = name.partition(" ")
    endpoint = name.replace(" ", "-")
    lines = [
        "name: blue",
        f"endpoint_name: {endpoint}",
        f"instance_count: {WORKERS}",
        f"model: {{path: {folder / MODELS[model]}, type: custom_model}}",
        f"environment: {{python: {sys.executable}}}",
        "request_settings: {max_concurrent_requests_per_instance: 64, max_queue_wait_ms: 5000}",
    ]
    if compiled:
        lines.append(f"acceleration: {{tolerance: 1e-5, sample_data: {folder / 'rows.csv'}}}")
    document = folder / f"{endpoint}.yml"
    document.write_text("\n".join(lines) + "\n")
    product.cli("online-endpoint", "create", "-n", endpoint)
    client = MLClient(url=product.url, token=product.token)
    made = client.begin_create_or_update(load_online_deployment(document)).result()
    if compiled:
        report = made.to_dict()["compiled"]
        assert report["used"], report
        table.facts[name] = report
    product.cli("online-endpoint", "update", "-n", endpoint, "--traffic", "blue=100")
    keys = product.cli("online-endpoint", "get-credentials", "-n", endpoint, "-o", "json")
    headers = {**JSON, "Authorization": f"Bearer {json.loads(keys)['primaryKey']}"}
    body = json.dumps({"input_data": [row()]}).encode()
    place = Place(f"{product.gateway_url}/{endpoint}/score", body, headers)
    first_answer(place, "")
    return place


def _measure(table: Table, places: dict[str, Place], folder: Path, *, quick: bool) -> None:
    seconds, rounds = (1.0, 1) if quick else (3.0, 3)
    many = _loads(places, CONNECTIONS, (seconds, rounds), folder)
    one = _loads(places, 1, (seconds, rounds), folder)
    rate = {name: median(load.rate for load in loads) for name, loads in many.items()}
    bad = {name: sum(load.bad for load in loads) for name, loads in many.items()}
    for name in PLACES:
        model, _, compiled = name.partition(" ")
        table.add(
            f"{name}, {CONNECTIONS} connections",
            "req/s",
            rate[name],
            reference=rate["linear"] if model == "forest" else rate[model],
            goal=Goal(at_least=0.9) if name == "forest compiled" else None,
            note=f"{bad[name]} bad; reference: {'linear' if model == 'forest' else model}",
        )
        if compiled:
            table.add(
                f"{name}, one at a time, p50",
                "ms",
                median(load.p50 for load in one[name]),
                reference=median(load.p50 for load in one[model]),
                note=f"reference: {model} as it is",
            )


def _loads(
    places: dict[str, Place], connections: int, load: tuple[float, int], folder: Path
) -> dict[str, list[Load]]:
    """Press each place in turns, so that all meet the same machine."""
    seconds, rounds = load
    taken: dict[str, list[Load]] = {name: [] for name in places}
    for place in places.values():
        place.press(connections, 1, folder)
    for _ in range(rounds):
        for name, place in places.items():
            taken[name].append(place.press(connections, seconds, folder))
    return taken
