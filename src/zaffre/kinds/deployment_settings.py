"""Settings of online deployments: script, limits on requests, probes, scaling, collection."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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
    max_queue_length: int = Field(
        default=2000,
        ge=0,
        le=100_000,
        title="Queue length",
        description="Requests that may wait; more are answered 429. An extension.",
    )
    max_cold_start_wait_ms: int = Field(
        default=60_000,
        ge=0,
        le=3_600_000,
        title="Cold start wait",
        description="Milliseconds a request may wait for a sleeping deployment. An extension.",
    )
    max_request_bytes: int = Field(
        default=10 << 20,
        ge=1,
        le=1 << 30,
        title="Body",
        description="Bytes of one request's body; larger ones are answered 413. An extension.",
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
    """How the number of instances follows the load."""

    type: Annotated[Literal["default", "target_utilization"], AnyCase] = Field(
        default="default",
        title="Type",
        description="`default` keeps `instance_count`; `target_utilization` follows the load.",
    )
    min_instances: int = Field(
        default=1,
        ge=0,
        le=256,
        title="Least",
        description="Least instances; 0 lets an idle deployment sleep until it is asked.",
    )
    max_instances: int | None = Field(
        default=None,
        ge=1,
        le=256,
        title="Most",
        description="Most instances; `instance_count` where it is not given.",
    )
    polling_interval: int = Field(
        default=1, ge=1, title="Interval", description="Seconds between looks at the load."
    )
    target_utilization_percentage: int = Field(
        default=70,
        ge=1,
        le=100,
        title="Target",
        description="Requests at a time, in percent of those that the instances take.",
    )
    cool_down: int = Field(
        default=60,
        ge=1,
        title="Cool-down",
        description="Seconds for which fewer instances must do before some end. An extension.",
    )
    idle_time_before_zero: int = Field(
        default=300,
        ge=1,
        title="Idle time",
        description="Seconds without a request before the last instance ends, where"
        " `min_instances` is 0. An extension.",
    )

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.max_instances is not None and self.max_instances < self.min_instances:
            raise ValueError(
                "`max_instances` is less than `min_instances`: raise the one, or lower the other"
            )
        return self


class RequestLogging(Part):
    """What is kept of each request."""

    capture_headers: list[str] = Field(
        default_factory=list, title="Headers", description="Headers to keep."
    )


class CollectedData(Part):
    """The data asset that collected rows become."""

    name: str | None = Field(
        default=None,
        title="Name",
        description="Name of the asset; else `ENDPOINT-DEPLOYMENT-COLLECTION`.",
    )
    version: str | None = Field(
        default=None, title="Version", description="Accepted, not acted on: versions are counted."
    )
    path: str | None = Field(default=None, title="Path", description="Accepted, not acted on.")
    data_id: str | None = Field(default=None, title="Id", description="Accepted, not acted on.")


class Collection(Part):
    """Whether to keep one side of the traffic, and under which name."""

    enabled: bool = Field(default=True, title="Enabled", description="Whether to keep it.")
    data: CollectedData | None = Field(
        default=None, title="Data", description="The asset that it becomes."
    )
    client_id: str | None = Field(
        default=None, title="Client", description="Accepted, not acted on."
    )


SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "month": 86_400, "year": 86_400}
"""How long a file spans at most; longer spans would keep the data from sight."""


COLLECTIONS = ("model_inputs", "model_outputs")
"""The sides of the traffic."""
CollectionName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,99}$")]


class DataCollector(Part):
    """What is kept of requests and answers, as versions of data assets."""

    collections: dict[CollectionName, Collection | None] = Field(
        default_factory=dict,
        title="Collections",
        description="What to keep: `model_inputs`, `model_outputs`, and what the script collects "
        "under other names.",
    )
    rolling_rate: Annotated[Literal["minute", "hour", "day", "month", "year"], AnyCase] = Field(
        default="hour", title="Rolling", description="Span of one file; a day at most."
    )
    sampling_rate: float = Field(
        default=1.0, ge=0, le=1, title="Sampling", description="Share of requests to keep."
    )
    retention_days: int | None = Field(
        default=None, ge=1, title="Retention", description="Older files are removed."
    )
    max_megabytes: int = Field(
        default=1024,
        ge=1,
        title="Most",
        description="Size of one collection; above it the oldest files are removed.",
    )
    request_logging: RequestLogging | None = Field(
        default=None, title="Request logging", description="What to keep of each request."
    )

    @property
    def kept(self) -> dict[str, str | None]:
        """Give the collections that are kept, each with the name chosen for its asset."""
        return {
            name: one.data.name if one and one.data else None
            for name, one in self.collections.items()
            if one is None or one.enabled
        }

    @property
    def custom(self) -> list[str]:
        """Give the collections that are kept and that the script itself collects."""
        return sorted(set(self.kept).difference(COLLECTIONS))

    @property
    def seconds(self) -> int:
        """Give how long a file spans."""
        return SECONDS[self.rolling_rate]
