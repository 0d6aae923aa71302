"""Keep Ray on this machine's loopback: it would take 127.0.0.1 for the address of the network."""

from __future__ import annotations

from typing import Any

from ray._private import services

HOST = "127.0.0.1"


def stay() -> None:
    """Let 127.0.0.1 be what it says; Ray then listens nowhere else."""
    services.resolve_ip_for_localhost = lambda host: host


def settings(address: str) -> dict[str, Any]:
    """Give what `ray.init` needs beside an address; one on loopback is taken as it is."""
    if address.partition(":")[0] != HOST:
        return {}
    stay()
    return {"_node_ip_address": HOST}
