"""This machine as a compute."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.amounts import CPUS, MEMORY, Amounts, MemorySize, bytes_of
from zaffre.kinds.compute_price import Price
from zaffre.kinds.machine import Gpu, Machine
from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Spec


class LocalComputeSpec(Spec):
    """The machine that the server runs on: jobs are its processes and wait for what they need.

    A job takes one slot, unless its `resources` ask for more CPUs, for memory or for GPUs.
    """

    type: Annotated[Literal["local"], AnyCase] = Field(
        default="local", title="Type", description="Kind of compute."
    )
    slots: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        title="Slots",
        description="CPUs that its jobs hold together. Left out, those of the machine.",
    )
    memory: MemorySize | None = Field(
        default=None,
        title="Memory",
        description="Memory that its jobs hold together, as `16g`. Left out, the machine's.",
    )
    gpus: list[int] | None = Field(
        default=None,
        title="GPUs",
        description="Places in the driver's list of those for its jobs. Left out, all.",
    )
    price_per_hour: Price = None

    def devices(self, machine: Machine) -> tuple[Gpu, ...]:
        """Give the GPUs that are for its jobs."""
        return tuple(gpu for gpu in machine.gpus if self.gpus is None or gpu.index in self.gpus)

    def capacity(self, machine: Machine) -> Amounts:
        """Give what its jobs can hold together."""
        whole = replace(machine, gpus=self.devices(machine)).capacity()
        own = {CPUS: self.slots, MEMORY: bytes_of(self.memory or "0")}
        return {**whole, **{name: value for name, value in own.items() if value}}
