"""What an hour of a compute costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Price = Annotated[
    float | None,
    Field(
        ge=0,
        title="Price per hour",
        description="Of the machine, or of each node, in any currency. An extension.",
    ),
]
"""A price, if there is one. A job on a part of a machine pays that part."""
