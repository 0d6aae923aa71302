"""The server's agent at one Ray cluster: `python -m zaffre.runtime.ray.agent ADDRESS`.

Importing Ray takes seconds and memory that the server does not have. The agent takes requests as
lines of JSON on its input and answers each with one line on its output; it ends with its input.
What it starts lives on without it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from collections.abc import Callable
from typing import Any

import ray
from ray._private.state import available_resources_per_node
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from zaffre.runtime.ray import loopback, node

SPACE = "zaffre"
"""The namespace of everything of ours in a cluster."""

NODE = "zaffre_node"
"""What nodes of our own clusters have one of."""

_AT_A_TIME = 4
_LATER = 1.5
"""Seconds after a job's start, which comes first, until a worker for the next one is made."""

_TICK = 0.5


class Agent:
    """What can be asked of a cluster. Every request may be repeated without harm."""

    def __init__(self) -> None:
        self.remote = ray.remote(node.JobNode)
        self.warm_at: float | None = time.monotonic()
        self.requests: dict[str, Callable[..., Any]] = {
            "start": self.start,
            "alive": self.alive,
            "stop": self.stop,
            "nodes": self.nodes,
        }

    def start(self, name: str, order: dict[str, Any]) -> None:
        """Give a job its nodes, now or when they are free; nothing happens if it has them."""
        if self._find(name) is not None:
            return
        share = order["share"]
        settings: dict[str, Any] = {**share, "name": name, "lifetime": "detached"}
        if order["nodes"] > 1:
            group = self._group(name, share, order["nodes"])
            settings["scheduling_strategy"] = PlacementGroupSchedulingStrategy(group, 0)
        with contextlib.suppress(ValueError):  # another call came first
            self.remote.options(max_concurrency=_AT_A_TIME, **settings).remote(order)
        self.warm_at = time.monotonic() + _LATER

    def warm(self) -> None:
        """Leave a worker on each node for the next job: starting one takes a second."""
        if self.warm_at is not None and time.monotonic() > self.warm_at:
            self.warm_at = None
            idle = ray.remote(num_cpus=0, scheduling_strategy="SPREAD", max_retries=0)(_idle)
            for _ in self.nodes():
                idle.remote()

    def _group(self, name: str, share: dict[str, Any], count: int) -> Any:
        with contextlib.suppress(ValueError):
            return ray.util.get_placement_group(name)
        bundle = {"CPU": share["num_cpus"], "GPU": share["num_gpus"], **share["resources"]}
        held = {key: value for key, value in bundle.items() if value}
        if share["memory"]:
            held["memory"] = share["memory"]
        return ray.util.placement_group(
            [held] * count, strategy="SPREAD", name=name, lifetime="detached"
        )

    def alive(self) -> list[str]:
        """Name the jobs that hold nodes, or wait for them."""
        return [
            one["name"]
            for one in ray.util.list_named_actors(all_namespaces=True)
            if one["namespace"] == SPACE
        ]

    def stop(self, name: str) -> None:
        """Take a job's nodes away."""
        found = self._find(name)
        if found is not None:
            ray.kill(found)
        with contextlib.suppress(ValueError):
            ray.util.remove_placement_group(ray.util.get_placement_group(name))

    def nodes(self) -> list[dict[str, Any]]:
        """Tell what there is."""
        free = available_resources_per_node()
        return [_node(found, free.get(found["NodeID"], {})) for found in ray.nodes()]

    def _find(self, name: str) -> Any:
        with contextlib.suppress(ValueError):
            return ray.get_actor(name)
        return None

    def answer(self, line: str) -> dict[str, Any]:
        """Do what a line asks for."""
        asked = json.loads(line)
        try:
            result = self.requests[asked["do"]](**asked["with"])
        except Exception as error:  # noqa: BLE001 - whatever Ray meets is the answer
            return {"id": asked["id"], "error": f"{type(error).__name__}: {error}"}
        return {"id": asked["id"], "result": result}


def _idle() -> None:
    """Do nothing: the worker that does it stays."""


def _node(found: dict[str, Any], free: dict[str, float]) -> dict[str, Any]:
    amounts = found.get("Resources", {})
    counted = NODE if NODE in amounts else "CPU"
    return {
        "name": str(found.get("NodeName") or found["NodeManagerAddress"]),
        "alive": bool(found["Alive"]),
        "cpus": amounts.get("CPU", 0.0),
        "gpus": amounts.get("GPU", 0.0),
        "memory": amounts.get("memory", 0.0),
        "busy": free.get(counted, 0.0) < amounts.get(counted, 0.0),
    }


def main(address: str) -> None:
    """Serve requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Ray prints is for the log
    ray.cloudpickle.register_pickle_by_value(node)
    settings = loopback.settings(address)
    ray.init(address=address, namespace=SPACE, log_to_driver=False, **settings)
    agent = Agent()
    _tell(answers, {"ready": ray.__version__})
    unread = b""
    while True:
        agent.warm()
        if not select.select([0], [], [], _TICK)[0]:
            continue
        data = os.read(0, 65536)
        if not data:
            break
        *lines, unread = (unread + data).split(b"\n")
        for line in lines:
            _tell(answers, agent.answer(line.decode()))
    os._exit(0)  # no farewell: a cluster that is gone would keep it waiting


def _tell(answers: Any, document: dict[str, Any]) -> None:
    answers.write(json.dumps(document) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
