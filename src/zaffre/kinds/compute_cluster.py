"""Clusters as computes: `amlcompute` and `kubernetes`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.compute_cloud import CloudComputeSpec
from zaffre.kinds.part import AnyCase


class ClusterSpec(CloudComputeSpec):
    """A cluster of nodes that come when jobs wait, and go when they are idle (`amlcompute`).

    Its nodes are Ray nodes on this machine; without the extra `ray`, jobs run in the local pool.
    """

    type: Annotated[Literal["amlcompute"], AnyCase] = Field(
        default="amlcompute", title="Type", description="Kind of compute."
    )
    min_instances: int = Field(default=0, ge=0, title="Least", description="Nodes always kept.")
    max_instances: int = Field(default=4, ge=0, title="Most", description="Nodes at the most.")
    idle_time_before_scale_down: int = Field(
        default=120,
        ge=0,
        title="Idle time",
        description="Seconds before an idle node is given back.",
    )
    cpus: int | None = Field(
        default=None,
        ge=1,
        title="CPUs",
        description="CPUs that a node offers; left out, those of the machine. An extension.",
    )
    gpus: int | None = Field(
        default=None, ge=0, title="GPUs", description="GPUs that a node offers. An extension."
    )
    tier: Annotated[Literal["dedicated", "low_priority", "lowpriority"], AnyCase] = Field(
        default="dedicated", title="Tier", description="Whether nodes may be taken away."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what nodes are."""
        return (("type", "There is no cloud here: the cluster's nodes are on this machine."),)


class KubernetesSpec(CloudComputeSpec):
    """An attached Kubernetes cluster. Here it is a name for the local pool."""

    type: Annotated[Literal["kubernetes"], AnyCase] = Field(
        default="kubernetes", title="Type", description="Kind of compute."
    )
    resource_id: str | None = Field(
        default=None, title="Resource", description="Address of the cluster. Kept, not acted on."
    )
    namespace: str = Field(default="default", title="Namespace", description="Kept, not acted on.")
