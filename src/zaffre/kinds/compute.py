"""Compute: where work runs."""

from __future__ import annotations

from pydantic import Field

from zaffre.kinds.compute_cluster import ClusterSpec, KubernetesSpec
from zaffre.kinds.compute_instance import InstanceSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.resource import Action, Kind, Status

NOT_YET = ("virtualmachine", "synapsespark", "ray")
"""Types of compute that a later version brings."""

ATTACHED = ("kubernetes", "ray")
"""Types of compute that stand for something made elsewhere."""


class ComputeStatus(Status):
    """How busy the compute is."""

    hidden = frozenset({"handled_until"})

    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the compute can be used."
    )
    state: str = Field(
        default="Running",
        title="Working",
        description="`Running`, or `Stopped`: it starts no job.",
    )
    turned_at: float | None = Field(
        default=None, title="Since", description="When it was started or stopped."
    )
    state_reason: str | None = Field(
        default=None, title="Why", description="Why, where nobody did it by hand."
    )
    last_activity_at: float | None = Field(
        default=None, title="Last activity", description="When it was started, or a job ran."
    )
    handled_until: float | None = Field(
        default=None, title="Handled", description="Up to when its own schedules are followed."
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
        Action("stop", "Start no more jobs; those under way go on."),
        Action("attach", "Let something made elsewhere be a compute."),
        Action("detach", "Forget a compute that was attached."),
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
