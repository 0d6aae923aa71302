"""Clusters as computes: `amlcompute` and `kubernetes`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.compute_cloud import CloudComputeSpec
from zaffre.kinds.part import AnyCase


class ClusterSpec(CloudComputeSpec):
    """A cluster of a cloud (`amlcompute`). Here it is a name for the local pool."""

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
    tier: Annotated[Literal["dedicated", "low_priority", "lowpriority"], AnyCase] = Field(
        default="dedicated", title="Tier", description="Whether nodes may be taken away."
    )


class KubernetesSpec(CloudComputeSpec):
    """An attached Kubernetes cluster. Here it is a name for the local pool."""

    type: Annotated[Literal["kubernetes"], AnyCase] = Field(
        default="kubernetes", title="Type", description="Kind of compute."
    )
    resource_id: str | None = Field(
        default=None, title="Resource", description="Address of the cluster. Kept, not acted on."
    )
    namespace: str = Field(default="default", title="Namespace", description="Kept, not acted on.")
