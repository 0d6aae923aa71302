"""This machine as a compute."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase
from zaffre.kinds.resource import Spec


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
