"""The environment of the user's processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from zaffre.runtime.launcher import ray_cluster
from zaffre.runtime.launcher.distribution import HOST, environments, free_ports, node_of_each
from zaffre.runtime.launcher.plan import Plan
from zaffre.runtime.launcher.processes import MARKER
from zaffre.runtime.overlay import lay

Task = tuple[int, dict[str, str]]
"""A process of the job: its node, and its environment."""


def tasks_of(plan: Plan, note: Callable[[str], None]) -> list[Task]:
    """Give the processes that the command is run in on this node."""
    shared = _shared(plan)
    if plan.instances > 1 and not plan.distribution and not plan.rank:
        note(f"instance_count is {plan.instances} without a distribution: the command runs once.")
    if not plan.distribution:
        return [] if plan.rank else [(0, shared)]
    nodes = node_of_each(plan.distribution, plan.instances)
    hosts = plan.hosts or _own_hosts(nodes, plan.instances)
    if plan.serves_the_first:
        shared |= ray_cluster.variables(plan, hosts)
        plan.command = ray_cluster.command(plan, hosts)
        return [(plan.rank, shared)]
    each = environments(plan.distribution, nodes, hosts)
    return [
        (node, {**shared, **own})
        for node, own in zip(nodes, each, strict=True)
        if not plan.hosts or node == plan.rank
    ]


def _own_hosts(nodes: list[int], instances: int) -> list[tuple[str, list[int]]]:
    """Let this machine be all nodes."""
    ports = free_ports(max(len(nodes), instances))
    return [(HOST, ports[node::instances]) for node in range(instances)]


def _shared(plan: Plan) -> dict[str, str]:
    found = {"PYTHONUNBUFFERED": "1", **os.environ, **plan.environment}
    _choose_python(plan, found)
    if plan.guest:
        # Last, so that it hides nothing of the user's; it gives way to an installed zaffre.
        found["PYTHONPATH"] = ":".join(
            part for part in (found.get("PYTHONPATH"), plan.guest) if part
        )
    found["ZAFFRE_PYTHON"] = sys.executable  # ours, for programs of ours that need extras
    found["ZAFFRE_JOURNAL"] = plan.journal
    found["ZAFFRE_ARTIFACTS"] = f"{plan.folder}/artifacts"
    found[MARKER] = plan.lead
    return found


def _choose_python(plan: Plan, found: dict[str, str]) -> None:
    """Put the job's interpreter first; what it installs stays in a layer of its own."""
    path = found.get("PATH", os.defpath)
    if plan.python_bin:
        path = f"{plan.python_bin}:{path}"
    if plan.python and plan.python_version:
        layer = f"{plan.folder}/venv"
        path = f"{lay(layer, plan.python, plan.python_version)}:{path}"
        found["VIRTUAL_ENV"] = layer
    found["PATH"] = path
