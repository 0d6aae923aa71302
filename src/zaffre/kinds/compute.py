"""Compute: where work runs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from zaffre.kinds.compute_cluster import ClusterSpec, KubernetesSpec
from zaffre.kinds.compute_instance import InstanceSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.compute_ray import RayComputeSpec
from zaffre.kinds.part import Part
from zaffre.kinds.resource import Action, Kind, Status

NOT_YET = ("virtualmachine", "synapsespark")
"""Types of compute that a later version brings."""

ATTACHED = ("kubernetes", "ray")
"""Types of compute that stand for something made elsewhere."""


class ComputeNode(Part):
    """A node of a cluster."""

    name: str = Field(title="Name", description="What the cluster calls it.")
    cpus: float = Field(default=0, title="CPUs", description="CPUs that it offers.")
    gpus: float = Field(default=0, title="GPUs", description="GPUs that it offers.")
    memory_gib: float = Field(default=0, title="Memory", description="Memory for jobs, in GiB.")
    busy: bool = Field(default=False, title="Busy", description="Whether a job holds it.")


class ComputeChange(Part):
    """A change of how many nodes a cluster has."""

    time: float = Field(title="Time", description="When, in seconds of Unix time.")
    nodes: int = Field(title="Nodes", description="How many are wanted since then.")
    why: str = Field(title="Why", description="What asked for it.")


class ComputeStatus(Status):
    """How busy the compute is."""

    hidden: ClassVar[frozenset[str]] = frozenset({"handled_until", "sealed_credentials"})

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
    nodes: tuple[ComputeNode, ...] | None = Field(
        default=None, title="Nodes", description="The nodes of a cluster that are up."
    )
    nodes_starting: int | None = Field(
        default=None, title="Starting", description="Nodes that are not up yet."
    )
    timeline: tuple[ComputeChange, ...] | None = Field(
        default=None, title="Timeline", description="The last changes of how many nodes there are."
    )
    idle_since: float | None = Field(
        default=None, title="Idle since", description="Since when it has more nodes than it needs."
    )
    error: str | None = Field(
        default=None, title="Error", description="Why the cluster cannot be used now."
    )
    has_credentials: bool | None = Field(
        default=None, title="Credentials", description="Whether it has some, sealed."
    )
    sealed_credentials: str = Field(
        default="", title="Sealed credentials", description="What opens it, encrypted."
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
        "ray": RayComputeSpec,
    },
    later=NOT_YET,
    default_variant="local",
    example="""\
name: local
type: local
slots: 2
""",
)
