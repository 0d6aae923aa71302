"""Settings of jobs: limits, resources, distribution, and what is accepted for clouds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.amounts import CPUS, GPUS, MEMORY, Amounts, MemorySize, bytes_of
from zaffre.kinds.part import AnyCase, Part

URGENCY = {"low": 25, "medium": 50, "high": 75}
"""What the words for a priority mean as numbers."""

MEDIUM = URGENCY["medium"]
"""The priority of a job that gives none."""

_TIERS = {"spot": "low", "premium": "high"}


class CommandLimits(Part):
    """What ends a job early."""

    timeout: int | None = Field(
        default=None, ge=1, title="Timeout", description="Seconds after which the job is ended."
    )


class JobResources(Part):
    """How much of a compute the job takes."""

    instance_count: int = Field(default=1, ge=1, title="Instances", description="How many nodes.")
    cpus: float | None = Field(
        default=None,
        gt=0,
        le=4096,
        title="CPUs",
        description="CPUs that it holds on each node; left out, one in all. An extension.",
    )
    memory: MemorySize | None = Field(
        default=None,
        title="Memory",
        description="Memory that it holds on each node, as `2g`. An extension.",
    )
    gpus: int | None = Field(
        default=None,
        ge=0,
        le=1024,
        title="GPUs",
        description="GPUs that it gets for itself on each node. An extension.",
    )
    instance_type: str | list[str] | None = Field(
        default=None, title="Instance type", description="Size of a node. Kept, not acted on."
    )
    max_instance_count: int | None = Field(
        default=None, ge=1, title="Most instances", description="Kept, not acted on."
    )
    shm_size: str | None = Field(
        default=None, title="Shared memory", description="Size as `2g`. Kept, not acted on."
    )
    docker_args: str | list[str] | None = Field(
        default=None, title="Container arguments", description="Kept, not acted on."
    )
    locations: list[str] | None = Field(
        default=None, title="Locations", description="Regions. Kept, not acted on."
    )
    properties: dict[str, JsonValue] = Field(
        default_factory=dict, title="Properties", description="Kept, not acted on."
    )

    def amounts(self) -> Amounts:
        """Give what the job holds of a machine that runs all of its nodes."""
        each = {
            CPUS: self.cpus or 0,
            MEMORY: bytes_of(self.memory) if self.memory else 0,
            GPUS: self.gpus or 0,
        }
        held = {name: value * self.instance_count for name, value in each.items() if value}
        return {CPUS: 1.0, **held}


class Distribution(Part):
    """How the processes of one job find each other."""

    type: Annotated[Literal["pytorch", "mpi", "tensorflow", "ray"], AnyCase] = Field(
        title="Type", description="Which convention to set up."
    )
    process_count_per_instance: int | None = Field(
        default=None, ge=1, title="Processes", description="Processes on each node (pytorch, mpi)."
    )
    worker_count: int | None = Field(
        default=None, ge=1, title="Workers", description="Workers (tensorflow)."
    )
    parameter_server_count: int | None = Field(
        default=None,
        ge=0,
        title="Parameter servers",
        description="Parameter servers (tensorflow).",
    )
    port: int | None = Field(default=None, title="Port", description="Port of the head (ray).")
    address: str | None = Field(
        default=None, title="Address", description="Address of the head (ray)."
    )
    include_dashboard: bool | None = Field(
        default=None, title="Dashboard", description="Start the dashboard (ray)."
    )
    dashboard_port: int | None = Field(
        default=None, title="Dashboard port", description="Port of the dashboard (ray)."
    )
    head_node_additional_args: str | None = Field(
        default=None, title="Head arguments", description="More arguments for the head (ray)."
    )
    worker_node_additional_args: str | None = Field(
        default=None, title="Worker arguments", description="More arguments for workers (ray)."
    )


class JobService(Part):
    """Something to look into a running job with. Accepted, never a reason to fail."""

    type: str | None = Field(
        default=None,
        title="Type",
        description="`vs_code`, `jupyter_lab`, `tensor_board` or `ssh`.",
    )
    job_service_type: str | None = Field(
        default=None, title="Type", description="Older word for it."
    )
    port: int | None = Field(default=None, title="Port", description="Port in the job.")
    nodes: str | None = Field(default=None, title="Nodes", description="`all`, or where it runs.")
    log_dir: str | None = Field(
        default=None, title="Logs", description="Folder of TensorBoard logs."
    )
    ssh_public_keys: str | None = Field(default=None, title="Keys", description="Keys for ssh.")
    properties: dict[str, JsonValue] = Field(
        default_factory=dict, title="Properties", description="Anything else."
    )


class JobIdentity(Part):
    """As whom the job acts in a cloud. Accepted, not acted on."""

    type: Annotated[
        Literal["user_identity", "user", "managed", "managed_identity", "aml_token", "amltoken"],
        AnyCase,
    ] = Field(title="Type", description="Kind of identity.")
    client_id: str | None = Field(default=None, title="Client", description="Id of the client.")
    object_id: str | None = Field(default=None, title="Object", description="Id of the object.")
    resource_id: str | None = Field(
        default=None, title="Resource", description="Id of the resource."
    )
    msi_resource_id: str | None = Field(
        default=None, title="Resource", description="Older word for the resource's id."
    )


class QueueSettings(Part):
    """How urgent the job is."""

    job_tier: (
        Annotated[Literal["null", "spot", "basic", "standard", "premium"], AnyCase] | None
    ) = Field(
        default=None,
        title="Tier",
        description="Where no priority is given, `spot` is a low one and `premium` a high one.",
    )
    priority: (
        Annotated[str, AnyCase, Field(pattern=r"^(low|medium|high|[0-9]{1,2}|100)$")] | None
    ) = Field(
        default=None,
        title="Priority",
        description="`low`, `medium`, `high`, or a number up to 100; they are 25, 50 and 75.",
    )

    def urgency(self) -> int:
        """Give the priority as a number: more goes first."""
        word = self.priority or _TIERS.get(self.job_tier or "", "medium")
        return URGENCY[word] if word in URGENCY else int(word)
