"""Compute: where work runs."""

from __future__ import annotations

from pydantic import Field

from zaffre.kinds.compute_cluster import ClusterSpec, KubernetesSpec
from zaffre.kinds.compute_instance import InstanceSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.resource import Action, Kind, Status

NOT_YET = ("virtualmachine", "synapsespark", "ray")
"""Types of compute that a later version brings."""


class ComputeStatus(Status):
    """How busy the compute is."""

    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the compute can be used."
    )
    state: str = Field(
        default="Running",
        title="Working",
        description="`Running`, or `Stopped`: it starts no job.",
    )
    running: int = Field(default=0, title="Running", description="Jobs that run now.")
    waiting: int = Field(default=0, title="Waiting", description="Jobs that wait for it.")
    capacity: str | None = Field(
        default=None, title="Capacity", description="What its jobs may hold together."
    )
    free: str | None = Field(default=None, title="Free", description="What is left of that.")
    queue: dict[str, str] | None = Field(
        default=None, title="Queue", description="The first jobs that wait, and why they do."
    )


COMPUTE = Kind(
    name="compute",
    noun="compute",
    plural="computes",
    title="Compute",
    spec=LocalComputeSpec,
    status=ComputeStatus,
    columns=("name", "type", "state", "capacity", "free", "running", "waiting"),
    actions=(
        Action("start", "Take jobs again."),
        Action("stop", "Take no more jobs."),
    ),
    variants={
        "local": LocalComputeSpec,
        "amlcompute": ClusterSpec,
        "computeinstance": InstanceSpec,
        "kubernetes": KubernetesSpec,
    },
    later=NOT_YET,
    default_variant="local",
    example="""\
name: local
type: local
slots: 2
""",
)
