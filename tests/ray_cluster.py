"""A real Ray cluster of this machine for tests; every process of it ends with the test."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.adapters.ray import members
from zaffre.adapters.ray.agents import Door
from zaffre.adapters.ray.fleet import Fleet
from zaffre.ports.clusters import Cluster, NodeSize

KEY = "tests/cluster"
UP_SECONDS = 90


def fleet_at(root: Path) -> Fleet:
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    return Fleet(root, sys.executable, environment)


@contextlib.contextmanager
def cluster(root: Path, nodes: int, cpus: int = 2) -> Iterator[tuple[Fleet, Door]]:
    """Start nodes, wait until all are up, and give how they are reached."""
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    fleet = fleet_at(root)
    wanted = Cluster(KEY, size=NodeSize(cpus=cpus), nodes=nodes)
    try:
        deadline = time.monotonic() + UP_SECONDS
        while (door := fleet.door(KEY)) is None or up(fleet, root) < nodes:
            fleet.tend(KEY, wanted, ())
            assert time.monotonic() < deadline, logs(root)
            time.sleep(0.05)
        yield fleet, door
    finally:
        end_nodes(root)


def up(fleet: Fleet, root: Path) -> int:
    return len(list(root.glob("*/node-*.json"))) - fleet.starting(KEY)


def end_nodes(root: Path) -> None:
    """End every process of every node below a folder."""
    for record in root.glob("*/node-*.json"):
        deadline = time.monotonic() + 15
        while left := members.marked(record):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert time.monotonic() < deadline, left
            time.sleep(0.02)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def logs(root: Path) -> str:
    return "\n".join(log.read_text(errors="replace")[-2000:] for log in root.glob("*/node-*.log"))
