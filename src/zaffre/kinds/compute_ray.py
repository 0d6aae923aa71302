"""A Ray cluster as a compute: `ray`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Spec


class RayCredentials(Part):
    """What opens a Ray cluster."""

    token: str | None = Field(
        default=None, title="Token", description="The cluster's authentication token."
    )


class RayComputeSpec(Spec):
    """A Ray cluster that is there already: jobs run on its nodes."""

    type: Annotated[Literal["ray"], AnyCase] = Field(
        default="ray", title="Type", description="Kind of compute."
    )
    address: str = Field(
        pattern=r"^(ray://)?[A-Za-z0-9_.-]+:[0-9]{1,5}$",
        title="Address",
        description="`HOST:6379` where this machine is a node of it, else `ray://HOST:10001`.",
    )
    autoscales: bool = Field(
        default=False,
        title="Autoscales",
        description="Whether it makes nodes when jobs wait: then all are sent to it at once.",
    )
    credentials: RayCredentials | None = Field(
        default=None, title="Credentials", description="What opens it. Sealed, and never shown."
    )
