"""Pages of lists when there is much: 100,000 runs and 1,000,000 points."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from benchmarks.processes import scratch
from benchmarks.product import Client, serving
from benchmarks.seeding import API, experiment, seed
from benchmarks.table import Goal, Table, percentile

JOBS = "/api/v1/workspaces/default/jobs"
LIMIT = 50
DEEP = 40


def run(*, quick: bool = False) -> Table:
    """Fill a home and read pages of it; the figure is the 95th percentile."""
    table = Table("lists", quick)
    runs, points = (500, 2) if quick else (100_000, 2)
    repeats = 3 if quick else 15
    folder = scratch("lists")
    with serving(folder / "home") as product:
        client = product.client()
        took = seed(product.client, runs, points)
        table.facts |= {"runs": runs, "points": runs * 5 * points, "seeding_seconds": took}
        print(
            f"  {runs:,} runs with {runs * 5 * points:,} points written in {took:.0f} s",
            flush=True,
        )
        where = experiment(client)
        for what, pages in _questions(client, where).items():
            taken = list(_milliseconds(pages, repeats))
            table.add(
                f"{what}, p95 of {len(taken)} pages",
                "ms",
                percentile(taken, 0.95),
                goal=Goal("value", at_most=200),
            )
    return table


def _questions(client: Client, where: str) -> dict[str, Callable[[], Iterator[None]]]:
    search = {"experiment_ids": [where], "max_results": LIMIT}
    return {
        "jobs, newest first, page by page": lambda: _walk(client, f"{JOBS}?limit={LIMIT}"),
        "jobs of one experiment": lambda: _walk(
            client, f"{JOBS}?limit={LIMIT}&experiment_name=benchmark"
        ),
        "jobs whose name contains some letters": lambda: _walk(
            client, f"{JOBS}?limit={LIMIT}&name_contains=0a1"
        ),
        "search_runs, newest first, page by page": lambda: _search(client, search),
        "search_runs, ordered by a metric": lambda: _search(
            client, search | {"order_by": ["metrics.acc DESC"]}
        ),
        "search_runs, metric and parameter filter, ordered": lambda: _search(
            client,
            search
            | {
                "filter": "metrics.acc > 0.9 and params.lr = '0.1'",
                "order_by": ["metrics.loss ASC"],
            },
        ),
        "search_runs, a filter that finds nothing": lambda: _search(
            client, search | {"filter": "metrics.acc > 2"}
        ),
        "experiments": lambda: _experiments(client),
    }


def _milliseconds(pages: Callable[[], Iterator[None]], repeats: int) -> Iterator[float]:
    for _ in range(repeats):
        start = time.perf_counter()
        for _page in pages():
            yield (time.perf_counter() - start) * 1000
            start = time.perf_counter()


def _walk(client: Client, path: str) -> Iterator[None]:
    after = ""
    for _ in range(DEEP):
        page = client.get(path + (f"&after={quote(after, safe='')}" if after else ""))
        yield
        after = page.get("next") or ""
        if not after:
            return


def _search(client: Client, query: dict[str, object]) -> Iterator[None]:
    token = ""
    for _ in range(DEEP):
        page = client.post(f"{API}/runs/search", query | ({"page_token": token} if token else {}))
        yield
        token = page.get("next_page_token") or ""
        if not token:
            return


def _experiments(client: Client) -> Iterator[None]:
    client.post(f"{API}/experiments/search", {"max_results": LIMIT})
    yield
