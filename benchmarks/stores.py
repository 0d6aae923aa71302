"""Metadata on PostgreSQL against SQLite: both durable, in this process, without HTTP between."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from benchmarks.processes import scratch
from benchmarks.table import Goal, Table, median
from benchmarks.throwaway import postgres
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.search import Clause
from zaffre.kinds.tracking import Batch, Metric, NewRun
from zaffre.ports.metadata import Add, Browse, Put
from zaffre.ports.tracking import Search
from zaffre.server.clock import SystemClock
from zaffre.store.database import Database
from zaffre.store.migration import migrate
from zaffre.store.resources import SqlMetadata
from zaffre.store.tracking import SqlTracking

WS = "default"
ROUNDS = 5
HALF = Goal("ratio", at_least=0.5)


@dataclass
class Stores:
    """The stores on one database, with something in them."""

    database: Database
    metadata: SqlMetadata
    tracking: SqlTracking
    numbers: Iterator[int]
    run: str = ""

    @classmethod
    def on(cls, url: str, rows: int) -> Stores:
        """Make tables and fill them."""
        database = Database(url)
        migrate(database)
        clock = SystemClock()
        made = cls(
            database, SqlMetadata(database, clock), SqlTracking(database, clock), itertools.count()
        )
        for _ in range(rows // 100):
            made.metadata.apply([Add(made.asset()) for _ in range(100)])
        made.run = made.tracking.create_run(WS, NewRun("0")).info.id
        for _ in range(rows // 10):
            made.log(made.tracking.create_run(WS, NewRun("0")).info.id, 3)
        return made

    def asset(self) -> Resource:
        """Give a new data asset."""
        data = kind("data")
        document = {"path": "azureml://trees/sha256:" + "0" * 64, "tags": {"team": "a"}}
        name = f"d{next(self.numbers)}"
        spec = data.spec.model_validate({**document, "type": "uri_folder"})
        return Resource(Key("data", WS, name, "1"), spec, data.status())

    def log(self, run: str, count: int) -> None:
        """Log some metrics at once."""
        first = next(self.numbers) * count
        metrics = [Metric(f"m{n % 10}", n / 7, n, n) for n in range(first, first + count)]
        self.tracking.record(WS, run, Batch(metrics)).result()


def operations(stores: Stores) -> Mapping[str, tuple[Callable[[], object], int, int]]:
    """Give what is measured, how often it is done, and by how many threads."""
    known = [stores.metadata.apply([Add(stores.asset())])[0] for _ in range(8)]
    turns = itertools.count()
    keys = itertools.cycle([one.key for one in known])
    page = Browse("data", WS, limit=50)
    clause = Search((Clause("metric", "m1", ">", 0.5),), limit=50)

    def update() -> None:
        number = next(turns) % len(known)
        known[number] = stores.metadata.apply([Put(replace(known[number]))])[0]

    create = lambda: stores.metadata.apply([Add(stores.asset())])  # noqa: E731
    new_run = lambda: stores.tracking.create_run(WS, NewRun("0"))  # noqa: E731
    return {
        "create an asset": (create, 200, 1),
        "create assets, 8 at a time": (create, 1000, 8),
        "update an asset": (update, 200, 1),
        "get an asset": (lambda: stores.metadata.get(next(keys)), 500, 1),
        "get assets, 8 at a time": (lambda: stores.metadata.get(next(keys)), 1000, 8),
        "list 50 assets": (lambda: stores.metadata.browse(page), 100, 1),
        "create a run": (new_run, 200, 1),
        "get a run": (lambda: stores.tracking.get_run(WS, stores.run), 300, 1),
        "search 50 runs by a metric": (
            lambda: stores.tracking.search_runs(WS, ["0"], clause),
            50,
            1,
        ),
        "log a metric": (lambda: stores.log(stores.run, 1), 200, 1),
        "log metrics, 8 at a time": (lambda: stores.log(stores.run, 1), 1000, 8),
        "log_batch of 1,000 points": (lambda: stores.log(stores.run, 1000), 20, 1),
    }


def rate(act: Callable[[], object], times: int, threads: int) -> float:
    """Say how often something is done in a second."""
    start = time.perf_counter()
    if threads == 1:
        for _ in range(times):
            act()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for one in [pool.submit(act) for _ in range(times)]:
                one.result()
    return times / (time.perf_counter() - start)


def run(*, quick: bool = False) -> Table:
    """Do the same on both databases by turns; the figure is the median of the turns."""
    table = Table("stores", quick)
    rows = 200 if quick else 5000
    folder = scratch("stores")
    with postgres(durable=True) as url:
        if url is None:
            return table
        ends = [Stores.on(address, rows) for address in (f"sqlite:///{folder}/s.db", url)]
        works = [operations(end) for end in ends]
        for what, (_, times, threads) in works[0].items():
            count = max(threads, times // (10 if quick else 1))
            rates: list[list[float]] = [[], []]
            for _ in range(1 if quick else ROUNDS):
                for number, work in enumerate(works):
                    rates[number].append(rate(work[what][0], count, threads))
            lite, big = map(median, rates)
            table.add(what, "1/s", big, reference=lite, goal=HALF, note="reference: SQLite")
        for end in ends:
            end.database.close()
    return table
