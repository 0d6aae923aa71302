"""A Ray cluster of a job's own: the first node is its head, the others serve it. Pure."""

from __future__ import annotations

import hashlib
import shlex

from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_LOOPBACK = "127.0.0.1"
_MISSING = "[zaffre] A distribution of type ray needs the package `ray` in the job's environment."
_NEEDS = f"command -v ray >/dev/null || {{ echo {shlex.quote(_MISSING)}; exit 127; }}"
_START = "ray start --disable-usage-stats --node-ip-address"
_FOLDER = "folder=$(mktemp -d /tmp/zaffre-ray-XXXXXX) && trap 'rm -rf \"$folder\"' EXIT"


def variables(plan: Plan, hosts: Any) -> dict[str, str]:
    """Give what lets the job's own code, and nobody else, find its cluster."""
    token = hashlib.sha256(f"ray {plan.token} {plan.job}".encode()).hexdigest()
    address = _head(plan, hosts)
    return {"RAY_ADDRESS": address, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}


def command(plan: Plan, hosts: Any) -> str:
    """Give the command of this node."""
    head = _head(plan, hosts)
    if plan.rank:
        more = plan.distribution.get("worker_node_additional_args") or ""
        join = f"{_START} {_host(hosts, plan.rank)} --address {head} {more}"
        return f"{_NEEDS}\nuntil {join} --block >/dev/null; do sleep 0.5; done"
    wanted = plan.distribution
    dashboard = "true" if wanted.get("include_dashboard") else "false"
    port = f" --dashboard-port {wanted['dashboard_port']}" if wanted.get("dashboard_port") else ""
    start = (
        f"{_START} {_host(hosts, 0)} --head --port {head.rpartition(':')[2]}"
        f' --temp-dir "$folder" --include-dashboard {dashboard}{port}'
        f" {wanted.get('head_node_additional_args') or ''} >/dev/null || exit 1"
    )
    # What runs is the user's, which may leave by `exit`: the folder is removed in any case.
    return "\n".join(
        [_NEEDS, _FOLDER, start, *_others(plan, hosts, head), f"(\n{plan.command}\n)"]
    )


def _others(plan: Plan, hosts: Any, head: str) -> list[str]:
    """Give what starts the other nodes where this machine is all of them."""
    if plan.hosts:
        return []
    more = plan.distribution.get("worker_node_additional_args") or ""
    return [
        f"{_START} {_host(hosts, rank)} --address {head} {more} >/dev/null || exit 1"
        for rank in range(1, plan.instances)
    ]


def _head(plan: Plan, hosts: Any) -> str:
    return f"{_host(hosts, 0)}:{plan.distribution.get('port') or hosts[0][1][0]}"


def _host(hosts: Any, rank: int) -> str:
    """Give a node's address; another than 127.0.0.1, which Ray takes for the network."""
    own: str = hosts[rank][0]
    return f"127.0.1.{rank + 1}" if own == _LOOPBACK else own
