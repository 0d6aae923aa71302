"""Settings of online deployments: script, limits on requests, probes, scaling, collection."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.part import AnyCase, Part


class CodeConfiguration(Part):
    """The scoring script and the folder it lies in."""

    code: str | None = Field(default=None, title="Code", description="Folder of the script.")
    scoring_script: str = Field(
        title="Scoring script",
        description="File with `init()` and `run()`, relative to the folder.",
    )


class RequestSettings(Part):
    """Limits on requests."""

    request_timeout_ms: int = Field(
        default=5000,
        ge=1,
        le=3_600_000,
        title="Timeout",
        description="Milliseconds for one request.",
    )
    max_concurrent_requests_per_instance: int = Field(
        default=1, ge=1, title="Concurrency", description="Requests at a time in one instance."
    )
    max_queue_wait_ms: int = Field(
        default=500, ge=0, title="Queue wait", description="Milliseconds a request may wait."
    )


class Probe(Part):
    """How health is asked for."""

    failure_threshold: int = Field(
        default=30, ge=1, title="Failures", description="Failures in a row that mean it is ill."
    )
    success_threshold: int = Field(
        default=1, ge=1, title="Successes", description="Successes in a row that mean it is well."
    )
    timeout: float = Field(
        default=2, gt=0, title="Timeout", description="Seconds for one question."
    )
    period: float = Field(
        default=10, gt=0, title="Period", description="Seconds between questions."
    )
    initial_delay: float = Field(
        default=10, ge=0, title="Delay", description="Seconds before the first question."
    )
    scheme: str | None = Field(default=None, title="Scheme", description="Accepted, not acted on.")
    path: str | None = Field(default=None, title="Path", description="Accepted, not acted on.")
    port: int | None = Field(default=None, title="Port", description="Accepted, not acted on.")
    method: str | None = Field(default=None, title="Method", description="Accepted, not acted on.")


class ScaleSettings(Part):
    """How the number of instances follows the load. Accepted; the count stays as set."""

    type: Annotated[Literal["default", "target_utilization"], AnyCase] = Field(
        default="default", title="Type", description="`default` keeps the count as set."
    )
    min_instances: int | None = Field(
        default=None, ge=0, title="Least", description="Least instances."
    )
    max_instances: int | None = Field(
        default=None, ge=0, title="Most", description="Most instances."
    )
    polling_interval: int | None = Field(
        default=None, ge=1, title="Interval", description="Seconds between looks."
    )
    target_utilization_percentage: int | None = Field(
        default=None, ge=1, le=100, title="Target", description="Load to aim at."
    )


class RequestLogging(Part):
    """What is kept of each request."""

    capture_headers: list[str] = Field(
        default_factory=list, title="Headers", description="Headers to keep."
    )


class DataCollector(Part):
    """What is kept of requests and answers. Accepted, not acted on yet."""

    collections: dict[str, dict[str, JsonValue] | None] = Field(
        default_factory=dict, title="Collections", description="What to keep, by name."
    )
    rolling_rate: str | None = Field(
        default=None, title="Rolling", description="Span of one file."
    )
    sampling_rate: float | None = Field(
        default=None, ge=0, le=1, title="Sampling", description="Share of requests to keep."
    )
    request_logging: RequestLogging | None = Field(
        default=None, title="Request logging", description="What to keep of each request."
    )
