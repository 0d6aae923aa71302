"""The processes of a job that runs as several, and what each finds in its environment.

Frameworks disagree about names and agree about the rest: who am I, how many are we, where is the
first of us. `hosts` are the address of each node with ports that were free on it.
"""

from __future__ import annotations

import importlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on now."""
    kind = importlib.import_module("socket").socket
    sockets = [kind() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def node_of_each(distribution: dict[str, Any], instances: int) -> list[int]:
    """Give the node of each process, in the order of their ranks."""
    kind = str(distribution.get("type") or "").lower()
    if kind in {"pytorch", "mpi"}:
        local = int(distribution.get("process_count_per_instance") or 1)
        return [rank // local for rank in range(instances * local)]
    if kind == "tensorflow":
        workers = int(distribution.get("worker_count") or instances)
        count = workers + int(distribution.get("parameter_server_count") or 0)
        return [index % instances for index in range(count)]
    return [0]


def environments(
    distribution: dict[str, Any], nodes: list[int], hosts: Any
) -> list[dict[str, str]]:
    """Give the variables of each process."""
    kind = str(distribution.get("type") or "").lower()
    ranks = range(len(nodes))
    if kind == "pytorch":
        return [_torch(rank, nodes, hosts) for rank in ranks]
    if kind == "mpi":
        return [_torch(rank, nodes, hosts) | _mpi(rank, nodes, hosts) for rank in ranks]
    if kind == "tensorflow":
        servers = int(distribution.get("parameter_server_count") or 0)
        addresses = _addresses(nodes, hosts)
        return [_tensorflow(index, len(nodes) - servers, addresses) for index in ranks]
    return [{} for _ in ranks]


def _torch(rank: int, nodes: list[int], hosts: Any) -> dict[str, str]:
    node = nodes[rank]
    return {
        "MASTER_ADDR": hosts[0][0],
        "MASTER_PORT": str(hosts[0][1][0]),
        "WORLD_SIZE": str(len(nodes)),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank - nodes.index(node)),
        "LOCAL_WORLD_SIZE": str(nodes.count(node)),
        "NODE_RANK": str(node),
    }


def _mpi(rank: int, nodes: list[int], hosts: Any) -> dict[str, str]:
    local = str(rank - nodes.index(nodes[rank]))
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(len(nodes)),
        "OMPI_COMM_WORLD_LOCAL_RANK": local,
        "OMPI_COMM_WORLD_NODE_RANK": local,
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(nodes.count(nodes[rank])),
        "OMPI_UNIVERSE_SIZE": str(len(nodes)),
        "AZ_BATCH_MASTER_NODE": f"{hosts[0][0]}:{hosts[0][1][0]}",
        "AZ_BATCHAI_MPI_MASTER_NODE": hosts[0][0],
    }


def _addresses(nodes: list[int], hosts: Any) -> list[str]:
    used = [nodes[:place].count(node) for place, node in enumerate(nodes)]
    return [
        f"{hosts[node][0]}:{hosts[node][1][turn]}" for node, turn in zip(nodes, used, strict=True)
    ]


def _tensorflow(index: int, workers: int, addresses: list[str]) -> dict[str, str]:
    cluster = {"worker": addresses[:workers]}
    if addresses[workers:]:
        cluster["ps"] = addresses[workers:]
    worker = index < workers
    task = {"type": "worker" if worker else "ps", "index": index if worker else index - workers}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task}), "RANK": str(index)}
