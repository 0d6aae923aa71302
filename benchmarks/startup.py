"""Starting: the command line, the SDK's import, the server, and what it weighs idle."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks import peers
from benchmarks.processes import (
    answer_seconds,
    end,
    environment,
    family,
    free_port,
    megabytes,
    of_home,
    running,
    scratch,
)
from benchmarks.product import BIN
from benchmarks.table import Goal, Table, median

SETTLE_SECONDS = 3


def run(*, quick: bool = False) -> Table:
    """Measure starts with a warm file cache, each in a fresh process."""
    table = Table("startup", quick)
    times = 3 if quick else 15
    env = environment(ZAFFRE_HOME=str(scratch("startup") / "none"))
    import_all = "from zaffre.ml import MLClient, command, Input, Output"
    within = Goal("value", at_most=200)
    for what, command, goal in (
        ("zaffre --help", [str(BIN / "zaffre"), "--help"], within),
        ("zaffre job --help", [str(BIN / "zaffre"), "job", "--help"], None),
        ("import zaffre.ml", [sys.executable, "-c", "import zaffre.ml"], within),
        (import_all, [sys.executable, "-c", import_all], within),
    ):
        value, bare = _turns(command, [sys.executable, "-c", "pass"], env, times)
        note = f"{value * 1000:.0f} ms, bare {bare * 1000:.0f} ms"
        table.add(f"{what}, over bare", "ms", (value - bare) * 1000, goal=goal, note=note)
    _server(table, quick=quick)
    return table


def _turns(
    command: list[str], bare: list[str], env: dict[str, str], times: int
) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(times + 1):
        for words, into in ((command, taken[0]), (bare, taken[1])):
            start = time.perf_counter()
            subprocess.run(words, env=env, capture_output=True, check=True)
            if number:  # the first fills the file cache
                into.append(time.perf_counter() - start)
    return median(taken[0]), median(taken[1])


def _server(table: Table, *, quick: bool) -> None:
    folder = scratch("startup")
    home = folder / "home"
    peer = _mlflow(folder)
    first = _up(home)
    table.add(
        "zaffre up to ready, new home",
        "s",
        first,
        peer=peer.get("new"),
        goal=Goal("value", at_most=2),
    )
    again = []
    for _ in range(1 if quick else 5):
        _down(home)
        again.append(_up(home))
    table.add(
        "zaffre up to ready, used home",
        "s",
        median(again),
        peer=peer.get("again"),
        goal=Goal("value", at_most=2),
    )
    time.sleep(SETTLE_SECONDS)
    processes = of_home(home)
    table.facts["idle_processes"] = [" ".join(process.cmdline())[-120:] for process in processes]
    table.add(
        "idle memory of all processes (PSS)",
        "MiB",
        megabytes(processes),
        peer=peer.get("memory"),
        goal=Goal("value", at_most=200),
    )
    _down(home)


def _up(home: Path) -> float:
    env = environment(ZAFFRE_HOME=str(home), ZAFFRE_PORT="0", ZAFFRE_GATEWAY_PORT="0")
    start = time.perf_counter()
    subprocess.run([str(BIN / "zaffre"), "up"], env=env, check=True, capture_output=True)
    return time.perf_counter() - start


def _down(home: Path) -> None:
    env = environment(ZAFFRE_HOME=str(home))
    subprocess.run([str(BIN / "zaffre"), "down"], env=env, check=False, capture_output=True)
    end(of_home(home))


def _mlflow(folder: Path) -> dict[str, float]:
    python = peers.program("mlflow")
    if python is None:
        return {}
    told = {}
    for what in ("new", "again"):
        port = free_port()
        command = [
            python,
            "-m",
            "mlflow",
            "server",
            "--backend-store-uri",
            f"sqlite:///{folder / 'peer.db'}",
        ]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        with running(command, folder / "peer.log", env=environment(), cwd=folder) as started:
            told[what] = answer_seconds(started, f"http://127.0.0.1:{port}/health")
            time.sleep(SETTLE_SECONDS)
            told["memory"] = megabytes(family(started.pid))
    return told
