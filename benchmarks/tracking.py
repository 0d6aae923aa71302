"""Tracking: values one by one and in batches, reading a long history, finding runs among many."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import stock
from benchmarks.processes import (
    answer_seconds,
    environment,
    free_port,
    megabytes,
    of_home,
    running,
    scratch,
)
from benchmarks.product import Client, Product, serving
from benchmarks.seeding import API, experiment, seed
from benchmarks.stock import Sizes
from benchmarks.table import Goal, Table, median

HERE = Path(__file__).resolve().parent
ROUNDS = 3
DEAF = "ref: the client where nothing is kept"


def run(*, quick: bool = False) -> Table:
    """Measure the product, bare references, and MLflow's server if peers are wanted."""
    table = Table("tracking", quick)
    folder = scratch("tracking")
    sizes = Sizes(50, 4, 200, 4) if quick else Sizes()
    peer = stock.mlflow_figures(folder, sizes)
    with serving(folder / "home") as product:
        with _reference("points", folder, REF_DB=str(folder / "reference.db")) as url:
            pair = _Pair(product.client(), Client(url))
            _single(table, pair, sizes, peer)
            _batches(table, pair, sizes)
        with _reference("deaf", folder, REF_POINTS=str(sizes.points * 1000)) as url:
            _stock(table, product, environment(MLFLOW_TRACKING_URI=url), sizes, peer)
        _history(table, product, folder, sizes)
        _search(table, product, sizes, peer)
        table.add(
            "memory of server and gateway after it",
            "MiB",
            megabytes(of_home(product.home)),
            peer=peer.get("memory"),
        )
    return table


class _Pair:
    """The same requests to the product and to the reference, in turns."""

    def __init__(self, ours: Client, reference: Client) -> None:
        self.ours, self.reference = ours, reference
        made = ours.post(f"{API}/runs/create", {"experiment_id": experiment(ours)})
        self.run: str = made["run"]["info"]["run_id"]

    def turns(
        self, ours: Callable[[], None], reference: Callable[[], None], size: int
    ) -> tuple[float, float]:
        """Do both in turns; give the median rates."""
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for work, taken in ((reference, rates[1]), (ours, rates[0])):
                start = time.perf_counter()
                work()
                taken.append(size / (time.perf_counter() - start))
        return median(rates[0]), median(rates[1])


def _single(table: Table, pair: _Pair, sizes: Sizes, peer: dict[str, float]) -> None:
    def ours() -> None:
        for step in range(sizes.calls):
            pair.ours.post(f"{API}/runs/log-metric", stock.one_value(pair.run, step))

    def reference() -> None:
        for step in range(sizes.calls):
            pair.reference.post("/", {"metrics": [("one", step * 0.5, step, step)]})

    value, bare = pair.turns(ours, reference, sizes.calls)
    table.add(
        "log_metric, bare HTTP client, one after the other",
        "calls/s",
        value,
        reference=bare,
        peer=peer.get("raw"),
        goal=Goal(at_least=0.4),
    )


def _batches(table: Table, pair: _Pair, sizes: Sizes) -> None:
    rows = [("loss", at * 0.5, at, at) for at in range(1000)]
    plain = json.dumps({"metrics": rows}).encode()
    bodies = [_batch(pair.run, number * 1000) for number in range(sizes.batches)]

    def ours() -> None:
        for body in bodies:
            pair.ours.send("POST", f"{API}/runs/log-batch", body)

    def reference() -> None:
        for _ in bodies:
            pair.reference.send("POST", "/", plain)

    value, bare = pair.turns(ours, reference, sizes.batches * 1000)
    table.add(
        "log_batch of 1,000, bare HTTP client",
        "points/s",
        value,
        reference=bare,
        goal=Goal(at_least=0.4),
        note="the protocol's JSON is twice as long as the reference's",
    )


def _batch(run: str, first: int) -> bytes:
    metrics = [
        {"key": "loss", "value": at * 0.5, "timestamp": at, "step": at}
        for at in range(first, first + 1000)
    ]
    return json.dumps({"run_id": run, "metrics": metrics}).encode()


def _stock(
    table: Table, product: Product, deaf: dict[str, str], sizes: Sizes, peer: dict[str, float]
) -> None:
    ours = environment(**product.variables)

    def both(*words: object, of: str) -> list[float]:
        return [stock.do(sys.executable, env, *words)[of] for env in (ours, deaf)]

    rate, most = both("log_metric", sizes.calls, of="rate")
    more = {"reference": most, "peer": peer.get("single"), "note": DEAF}
    goal = Goal("peer", at_least=5)
    table.add("log_metric, stock client", "calls/s", rate, goal=goal, **more)
    for processes in stock.PROCESSES:
        rate, most = (
            stock.batch_rate(sys.executable, env, sizes.batches, processes) for env in (ours, deaf)
        )
        more = {"reference": most, "peer": peer.get(f"batch{processes}"), "note": DEAF}
        what = f"log_batch of 1,000, stock client, {processes} process(es)"
        table.add(what, "points/s", rate, goal=Goal("peer", at_least=20), **more)
    written = stock.do(sys.executable, ours, "log_batch", sizes.points)
    table.facts["long_run"] = written["run"]
    took, least = both("history", 3, written["run"], of="seconds")
    more = {"reference": least, "peer": peer.get("history"), "note": DEAF}
    what = f"history of a metric with {sizes.points}k points, stock client"
    table.add(what, "s", took, goal=Goal("peer", at_most=0.1), **more)


def _history(table: Table, product: Product, folder: Path, sizes: Sizes) -> None:
    """Read the same history page by page over a bare connection."""
    client = product.client()
    path = f"{API}/metrics/get-history?run_id={table.facts['long_run']}&metric_key=loss"
    path += "&max_results=25000"
    start = time.perf_counter()
    token, got = "", 0
    while got == 0 or token:
        page = client.get(path + (f"&page_token={token}" if token else ""))
        got += len(page["metrics"])
        token = page.get("next_page_token") or ""
    table.add(
        f"history of a metric with {got:,} points, bare HTTP client",
        "s",
        time.perf_counter() - start,
        reference=_sqlite_read(folder, sizes.points * 1000),
        note="ref: SQLite alone, in process",
    )


def _sqlite_read(folder: Path, points: int) -> float:
    with contextlib.closing(sqlite3.connect(folder / "read.db")) as database:
        database.execute("create table point (run text, key text, value real, at int, step int)")
        rows = (("r", "loss", at * 0.5, at, at) for at in range(points))
        database.executemany("insert into point values (?, ?, ?, ?, ?)", rows)
        database.commit()
        start = time.perf_counter()
        database.execute(
            "select key, value, at, step from point where run = 'r' order by at, step"
        ).fetchall()
        return time.perf_counter() - start


def _search(table: Table, product: Product, sizes: Sizes, peer: dict[str, float]) -> None:
    took = seed(product.client, sizes.runs)
    table.facts["seeded_runs_per_second"] = sizes.runs / took
    found = stock.do(sys.executable, environment(**product.variables), "search_runs", 5)
    table.add(
        f"search_runs over {sizes.runs:,} runs, stock client",
        "s",
        found["seconds"],
        peer=peer.get("search"),
        goal=Goal("peer", at_most=0.1),
    )


@contextlib.contextmanager
def _reference(name: str, folder: Path, **variables: str) -> Iterator[str]:
    """Serve a reference app for the length of the block; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"benchmarks.reference_apps:{name}"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    log = folder / f"{name}.log"
    with running(command, log, env=environment(**variables), cwd=HERE.parent) as started:
        answer_seconds(started, f"http://127.0.0.1:{port}/", b"{}")
        yield f"http://127.0.0.1:{port}"
