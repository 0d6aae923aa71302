"""The same chain and fan-out by other pipeline tools: first, and with nothing changed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import peers
from benchmarks.processes import answer_seconds, environment, free_port, running

Pair = tuple[float, float]

PREFECT = """\
import sys

from prefect import flow, task
from prefect.cache_policies import INPUTS
from prefect.task_runners import ThreadPoolTaskRunner

count = int(sys.argv[2])


@task(cache_policy=INPUTS, persist_result=True)
def step(number, before):
    return number


@task(cache_policy=INPUTS, persist_result=True)
def join(results):
    return len(results)


@flow(task_runner=ThreadPoolTaskRunner())
def chain():
    found = 0
    for number in range(count):
        found = step.submit(number, found).result()
    return found


@flow(task_runner=ThreadPoolTaskRunner())
def fan():
    return join([one.result() for one in [step.submit(number, 0) for number in range(count)]])


{"chain": chain, "fan": fan}[sys.argv[1]]()
"""
METAFLOW = """\
from metaflow import FlowSpec, step


class {name}(FlowSpec):
{steps}

if __name__ == "__main__":
    {name}()
"""
STEP = """
    @step
    def {name}(self{joins}):
        self.x = 1
        {then}
"""


def metaflow(folder: Path, chain: int, fan: int) -> dict[str, Pair] | None:
    """Give Metaflow's seconds, each step a process of its own; the second time it resumes."""
    python = peers.program("metaflow")
    if python is None:
        return None
    found = {}
    for name, steps in (("Chain", _chain(chain)), ("Fan", _fan(fan))):
        file = folder / f"{name}.py"
        text = "".join(STEP.format(name=one, joins=joins, then=then) for one, joins, then in steps)
        file.write_text(METAFLOW.format(name=name, steps=text))
        variables = environment(
            METAFLOW_DATASTORE_SYSROOT_LOCAL=str(folder),
            METAFLOW_USER="bench",
            METAFLOW_HOME=str(folder / "home"),
        )
        command = [python, str(file), "--quiet"]
        found[name.lower()] = (
            _seconds([*command, "run", "--max-workers", "2"], folder, variables),
            _seconds([*command, "resume", "--max-workers", "2"], folder, variables),
        )
    return found


def _chain(count: int) -> Iterator[tuple[str, str, str]]:
    names = ["start", *(f"s{at}" for at in range(count - 2)), "end"]
    for name, after in zip(names, [*names[1:], ""], strict=True):
        yield name, "", f"self.next(self.{after})" if after else "pass"


def _fan(count: int) -> Iterator[tuple[str, str, str]]:
    each = f"self.items = list(range({count})); self.next(self.work, foreach='items')"
    yield "start", "", each
    yield "work", "", "self.next(self.join)"
    yield "join", ", inputs", "self.next(self.end)"
    yield "end", "", "pass"


def prefect(folder: Path, chain: int, fan: int) -> dict[str, Pair] | None:
    """Give Prefect's seconds, its steps in threads, on a server that runs already."""
    python = peers.program("prefect")
    if python is None:
        return None
    file = folder / "flows.py"
    file.write_text(PREFECT)
    found = {}
    with _prefect_server(folder) as variables:
        for kind, count in (("chain", chain), ("fan", fan)):
            command = [python, str(file), kind, str(count)]
            first = _seconds(command, folder, variables)
            found[kind] = (first, _seconds(command, folder, variables))
    return found


@contextmanager
def _prefect_server(folder: Path) -> Iterator[dict[str, str]]:
    port = free_port()
    address = f"http://127.0.0.1:{port}/api"
    variables = environment(
        PREFECT_HOME=str(folder / "prefect"),
        PREFECT_LOGGING_LEVEL="ERROR",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        DO_NOT_TRACK="1",
    )
    program = peers.program("prefect", "prefect") or ""
    command = [program, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with running(command, folder / "prefect.log", env=variables) as started:
        answer_seconds(started, f"{address}/health")
        yield {**variables, "PREFECT_API_URL": address}


def _seconds(command: list[str], folder: Path, variables: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return time.perf_counter() - start
