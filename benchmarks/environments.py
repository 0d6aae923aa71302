"""Environments: building one of five packages from a warm cache, and starting in one that is."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.processes import scratch
from benchmarks.product import Client, serving
from benchmarks.table import Goal, Table, median
from uv import find_uv_bin
from zaffre.runtime.builder.pip_settings import uv_variables
from zaffre.runtime.overlay import lay

PATH = "/api/v1/workspaces/default/environments"
PACKAGES = ("requests", "click", "attrs", "rich", "jinja2")
PAUSE = 0.02
SECONDS = 120


def run(*, quick: bool = False) -> Table:
    """Measure builds in turns with bare uv, then starts in turns with a bare interpreter."""
    table = Table("environments", quick)
    folder = scratch("environments")
    times = 2 if quick else 9
    orders = itertools.permutations(PACKAGES)  # each order is another recipe of the same content
    with serving(folder / "home") as product:
        client = product.client()
        last = _build(client, next(orders))[1]
        _bare(folder / "bare", PACKAGES)
        taken = [
            (_build(client, lines)[0], _bare(folder / "bare", lines))
            for lines in itertools.islice(orders, times)
        ]
        python, version = str(last["python_path"]), str(last["python_version"])
        asked = [_seconds_ready(client) for _ in range(times)]
    builds, bare = zip(*taken, strict=True)
    table.add(
        "pip environment of five packages, cache warm: asked for to ready",
        "s",
        median(builds),
        reference=median(bare),
        goal=Goal("ratio", at_most=1.3),
        note="reference: `uv venv --seed` and `uv pip install` in the same turns",
    )
    starts = [(_start(python, version, folder / "layers"), _plain(python)) for _ in range(times)]
    layered, plain = zip(*starts, strict=True)
    table.add(
        "start in a ready environment: asked for, layer made, interpreter up",
        "s",
        median(asked) + median(layered),
        reference=median(plain),
        goal=Goal("value", at_most=0.3),
        note="reference: the interpreter alone",
    )
    return table


def _build(client: Client, lines: Sequence[str]) -> tuple[float, dict[str, object]]:
    """Build a new version; give the seconds until it is ready, and wait until all is done."""
    made = client.post(PATH, {"name": "bench", "requirements": list(lines)})
    place = f"{PATH}/bench/versions/{made['version']}"
    start = time.perf_counter()
    client.post(f"{place}/build", {})
    found = next(each for each in _looks(client, place) if each["build_state"] == "ready")
    taken = time.perf_counter() - start
    next(each for each in _looks(client, place) if each["size_bytes"])
    return taken, found


def _looks(client: Client, place: str) -> Iterator[dict[str, object]]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = client.get(place)
        if found["build_state"] == "failed":
            raise RuntimeError(found["build_error"])
        yield found
        time.sleep(PAUSE)
    raise RuntimeError(f"{place} was not built in {SECONDS} s")


def _bare(folder: Path, lines: Sequence[str]) -> float:
    shutil.rmtree(folder, ignore_errors=True)
    environ = {**uv_variables(os.environ), **os.environ, "UV_NO_PROGRESS": "1"}
    uv, python = find_uv_bin(), str(folder / "bin" / "python")
    start = time.perf_counter()
    for command in (
        [uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", python, *lines],
    ):
        subprocess.run(command, env=environ, check=True, capture_output=True)
    return time.perf_counter() - start


def _seconds_ready(client: Client) -> float:
    start = time.perf_counter()
    client.post(f"{PATH}/bench/versions/1/build", {})
    return time.perf_counter() - start


def _start(python: str, version: str, layers: Path) -> float:
    start = time.perf_counter()
    programs = lay(str(layers / f"{start}"), python, version)
    subprocess.run([f"{programs}/python", "-c", "import click"], check=True)
    return time.perf_counter() - start


def _plain(python: str) -> float:
    start = time.perf_counter()
    subprocess.run([python, "-c", "import click"], check=True)
    return time.perf_counter() - start
