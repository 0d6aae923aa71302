"""A machine for one person as a compute: `computeinstance`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.amounts import Amounts
from zaffre.kinds.compute_cloud import CloudComputeSpec
from zaffre.kinds.duration import IsoDuration, seconds_of_iso
from zaffre.kinds.machine import Gpu, Machine
from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.schedule import Trigger


class StartStop(Part):
    """When an instance is started or stopped by itself."""

    action: Annotated[Literal["start", "stop"], AnyCase] = Field(
        title="Action", description="`start` or `stop`."
    )
    state: Annotated[Literal["enabled", "disabled"], AnyCase] = Field(
        default="enabled", title="State", description="Whether it happens."
    )
    trigger: Trigger = Field(title="Trigger", description="At which times: `cron`, `recurrence`.")


class InstanceSchedules(Part):
    """What happens to an instance by the clock."""

    compute_start_stop: list[StartStop] = Field(
        default_factory=list, title="Start and stop", description="Starts and stops."
    )


class InstanceSpec(CloudComputeSpec):
    """A machine for one person (`computeinstance`): this one, while the instance is started.

    Jobs addressed to it run in a pool of its own; while it is stopped, they wait.
    """

    type: Annotated[Literal["computeinstance"], AnyCase] = Field(
        default="computeinstance", title="Type", description="Kind of compute."
    )
    create_on_behalf_of: dict[str, JsonValue] | None = Field(
        default=None, title="For", description="Accepted, not acted on."
    )
    schedules: InstanceSchedules | None = Field(
        default=None, title="Schedules", description="When it is started and stopped by itself."
    )
    setup_scripts: dict[str, JsonValue] | None = Field(
        default=None, title="Setup", description="Accepted, not acted on."
    )
    idle_time_before_shutdown: IsoDuration | None = Field(
        default=None,
        title="Idle time",
        description="How long nothing may run on it before it is stopped, as `PT30M`.",
    )
    idle_time_before_shutdown_minutes: int | None = Field(
        default=None, ge=1, title="Idle minutes", description="The same in minutes."
    )
    enable_sso: bool | None = Field(
        default=None, title="Single sign-on", description="Accepted, not acted on."
    )
    enable_root_access: bool | None = Field(
        default=None, title="Root", description="Accepted, not acted on."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say which machine it is."""
        return (("type", "There is no cloud here: the instance is this machine."),)

    def idle_seconds(self) -> int | None:
        """Give how long nothing may run on it before it is stopped, if it is ever."""
        if self.idle_time_before_shutdown:
            return seconds_of_iso(self.idle_time_before_shutdown)
        minutes = self.idle_time_before_shutdown_minutes
        return minutes * 60 if minutes else None

    def devices(self, machine: Machine) -> tuple[Gpu, ...]:
        """Give the GPUs that are for its jobs."""
        return machine.gpus

    def capacity(self, machine: Machine) -> Amounts:
        """Give what its jobs can hold together: the machine."""
        return machine.capacity()
