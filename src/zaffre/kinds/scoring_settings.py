"""How a batch deployment goes through data, and what an invocation says over it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.step import FileName, LogLevel, RetrySettings

PREDICTIONS = "predictions.csv"


class ScoringSettings(Part):
    """How data is cut, tried again and written. What is left out is said elsewhere, or default."""

    mini_batch_size: int | None = Field(
        default=None, ge=1, title="Mini-batch", description="Files of one `run()`; by default 10."
    )
    max_concurrency_per_instance: int | None = Field(
        default=None,
        ge=1,
        title="Processes",
        description="Processes on each instance; by default 1.",
    )
    output_action: Annotated[Literal["append_row", "summary_only"], AnyCase] | None = Field(
        default=None,
        title="Output",
        description="`append_row` writes what `run()` returns; `summary_only` counts it.",
    )
    output_file_name: FileName | None = Field(
        default=None,
        title="Output file",
        description=f"File that gets the rows; by default `{PREDICTIONS}`.",
    )
    retry_settings: RetrySettings | None = Field(
        default=None,
        title="Retries",
        description="Tries and seconds of each mini-batch; by default 3 more, 30 seconds.",
    )
    error_threshold: int | None = Field(
        default=None,
        ge=-1,
        title="Failed items",
        description="Failed files allowed before the job fails; by default -1, which is all.",
    )
    logging_level: LogLevel | None = Field(
        default=None, title="Log level", description="How much the runner tells."
    )
    environment_variables: dict[str, str] | None = Field(
        default=None, title="Environment variables", description="Variables the script sees."
    )
    instance_count: int | None = Field(
        default=None, ge=1, title="Instances", description="As `resources.instance_count`."
    )
