"""The clusters socket: which clusters there are to run jobs on, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class NodeSize:
    """How large a node of this machine's own clusters is made; None leaves it to the machine."""

    cpus: int | None = None
    gpus: int | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Cluster:
    """A cluster: one elsewhere has an address, one made of this machine a size and a count."""

    key: str
    address: str = ""
    token: str = field(default="", repr=False)
    size: NodeSize = NodeSize()
    nodes: int = 0


@dataclass(frozen=True)
class Node:
    """A node as the cluster describes it."""

    name: str
    cpus: float
    gpus: float
    memory: float
    busy: bool = False


@dataclass(frozen=True)
class Seen:
    """How a cluster was when it was last looked at; `error` says why nothing is known."""

    nodes: Sequence[Node] = ()
    starting: int = 0
    error: str = ""


class Clusters(Protocol):
    """Keeps clusters as they are wanted. Every method may be called again without harm."""

    def tend(self, wanted: Sequence[Cluster]) -> None:
        """Take one step towards the clusters that are wanted, and forget all others.

        Nodes that run jobs are never taken away.
        """

    def look(self, key: str) -> Seen:
        """Say how a cluster is."""

    def rest(self) -> None:
        """Let nodes that run nothing end, for nobody looks after them until the next server."""
