"""Acceleration: a model compiled to ONNX, used only where it answers as the original does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase, Part

TOLERANCE = 1e-5
PACKAGES = ("onnxruntime", "skl2onnx", "onnxmltools")
"""What compiling needs in the deployment's environment."""


class Acceleration(Part):
    """How a model without a script is compiled. Not Azure's: an extension of ours."""

    type: Annotated[Literal["onnx"], AnyCase] = Field(
        default="onnx", title="Type", description="What to compile to."
    )
    tolerance: float = Field(
        default=TOLERANCE,
        gt=0,
        le=1,
        title="Tolerance",
        description="Largest difference `|a - b| / max(1, |a|)` from the original's answers.",
    )
    sample_data: str | None = Field(
        default=None,
        title="Sample data",
        description="Rows to compare on: a .csv, .json or .parquet file or data asset; by default "
        "the model's input example, else rows made up from its columns.",
    )


class Compiled(Part):
    """What came of compiling a model."""

    used: bool = Field(title="Used", description="Whether the compiled model answers.")
    reason: str = Field(default="", title="Reason", description="Why the original answers.")
    max_difference: float | None = Field(
        default=None,
        title="Difference",
        description="The largest one from the original's answers.",
    )
    tolerance: float = Field(default=TOLERANCE, title="Tolerance", description="What was allowed.")
    rows: int = Field(default=0, title="Rows", description="How many were compared.")
    sample: str = Field(default="", title="Sample", description="Where these rows came from.")
