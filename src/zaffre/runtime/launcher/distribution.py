"""The environment of each process of a job that runs as several on one machine."""

from __future__ import annotations

import importlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on now."""
    kind = importlib.import_module("socket").socket
    sockets = [kind() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((_HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def process_count(distribution: dict[str, Any], instances: int) -> int:
    """Say how many processes the job has: each instance's, times the instances."""
    kind = str(distribution.get("type") or "").lower()
    if kind in {"pytorch", "mpi"}:
        return instances * int(distribution.get("process_count_per_instance") or 1)
    if kind == "tensorflow":
        workers = int(distribution.get("worker_count") or instances)
        return workers + int(distribution.get("parameter_server_count") or 0)
    return instances if kind else 1


def environments(
    distribution: dict[str, Any], instances: int, ports: list[int]
) -> list[dict[str, str]]:
    """Give the variables of each process. Pure: the ports are given."""
    kind = str(distribution.get("type") or "").lower()
    count = process_count(distribution, instances)
    if kind == "pytorch":
        return [_pytorch(rank, count, instances, ports[0]) for rank in range(count)]
    if kind == "mpi":
        return [_mpi(rank, count, instances) for rank in range(count)]
    if kind == "tensorflow":
        servers = int(distribution.get("parameter_server_count") or 0)
        return [_tensorflow(index, count - servers, ports) for index in range(count)]
    return [{} for _ in range(count)]


def _pytorch(rank: int, count: int, instances: int, port: int) -> dict[str, str]:
    local = count // instances
    return {
        "MASTER_ADDR": _HOST,
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank % local),
        "LOCAL_WORLD_SIZE": str(local),
        "NODE_RANK": str(rank // local),
    }


def _mpi(rank: int, count: int, instances: int) -> dict[str, str]:
    local = count // instances
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(count),
        "OMPI_COMM_WORLD_LOCAL_RANK": str(rank % local),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(local),
        "OMPI_UNIVERSE_SIZE": str(count),
    }


def _tensorflow(index: int, workers: int, ports: list[int]) -> dict[str, str]:
    addresses = [f"{_HOST}:{port}" for port in ports]
    cluster = {"worker": addresses[:workers]}
    if addresses[workers:]:
        cluster["ps"] = addresses[workers:]
    worker = index < workers
    task = {"type": "worker" if worker else "ps", "index": index if worker else index - workers}
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task}), "RANK": str(index)}
