"""A machine for one person as a compute: `computeinstance`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.compute_cloud import CloudComputeSpec
from zaffre.kinds.part import AnyCase


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
