"""Compute: where work runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.part import AnyCase, Dropped, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status

NOT_YET = ("virtualmachine", "synapsespark", "ray")
"""Types of compute that a later version brings."""


class LocalComputeSpec(Spec):
    """The machine that the server runs on: jobs are its processes and wait for a free slot."""

    type: Annotated[Literal["local"], AnyCase] = Field(
        default="local", title="Type", description="Kind of compute."
    )
    slots: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        title="Slots",
        description="How many jobs run at a time. Left out, one for each core.",
    )


class SshSettings(Part):
    """Access to the nodes of a cluster. Accepted, not acted on."""

    admin_username: str | None = Field(default=None, title="User", description="Login name.")
    admin_password: Dropped = Field(
        default=None, title="Password", description="Accepted, never stored."
    )
    ssh_key_value: str | None = Field(default=None, title="Key", description="Public key.")
    ssh_port: int | None = Field(default=None, title="Port", description="Port of the service.")


class CloudComputeSpec(Spec):
    """What the computes of a cloud have in common. Here they are names for the local pool."""

    size: str | None = Field(
        default=None, title="Size", description="Size of a machine. Kept, not acted on."
    )
    location: str | None = Field(
        default=None, title="Location", description="Region. Kept, not acted on."
    )
    network_settings: dict[str, JsonValue] | None = Field(
        default=None, title="Network", description="Accepted, not acted on."
    )
    identity: dict[str, JsonValue] | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    ssh_settings: SshSettings | None = Field(
        default=None, title="SSH", description="Accepted, not acted on."
    )
    ssh_public_access_enabled: bool | None = Field(
        default=None, title="SSH access", description="Accepted, not acted on."
    )
    enable_node_public_ip: bool | None = Field(
        default=None, title="Public address", description="Accepted, not acted on."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say that the local pool does the work."""
        return (("type", "There is no cloud here: jobs for this compute run in the local pool."),)


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


class InstanceSpec(CloudComputeSpec):
    """A machine for one person (`computeinstance`). Here it is a name for the local pool."""

    type: Annotated[Literal["computeinstance"], AnyCase] = Field(
        default="computeinstance", title="Type", description="Kind of compute."
    )
    create_on_behalf_of: dict[str, JsonValue] | None = Field(
        default=None, title="For", description="Accepted, not acted on."
    )
    schedules: dict[str, JsonValue] | None = Field(
        default=None, title="Schedules", description="Accepted, not acted on."
    )
    setup_scripts: dict[str, JsonValue] | None = Field(
        default=None, title="Setup", description="Accepted, not acted on."
    )
    idle_time_before_shutdown: str | None = Field(
        default=None, title="Idle time", description="Accepted, not acted on."
    )
    idle_time_before_shutdown_minutes: int | None = Field(
        default=None, title="Idle minutes", description="Accepted, not acted on."
    )
    enable_sso: bool | None = Field(
        default=None, title="Single sign-on", description="Accepted, not acted on."
    )
    enable_root_access: bool | None = Field(
        default=None, title="Root", description="Accepted, not acted on."
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


class ComputeStatus(Status):
    """How busy the compute is."""

    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the compute can be used."
    )
    running: int = Field(default=0, title="Running", description="Jobs that run now.")
    waiting: int = Field(default=0, title="Waiting", description="Jobs that wait for a slot.")


COMPUTE = Kind(
    name="compute",
    noun="compute",
    plural="computes",
    title="Compute",
    spec=LocalComputeSpec,
    status=ComputeStatus,
    columns=("name", "type", "slots", "running", "waiting"),
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
