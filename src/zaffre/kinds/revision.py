"""A revision of a deployment: what it is started with, and what is known of it while it serves."""

from __future__ import annotations

from pydantic import Field, JsonValue

from zaffre.kinds.acceleration import Acceleration
from zaffre.kinds.deployment_settings import (
    DataCollector,
    Probe,
    RequestSettings,
    ScaleSettings,
)
from zaffre.kinds.part import Part


class Launch(Part):
    """One revision of a deployment as the gateway starts it; its id names its folder."""

    id: str = Field(title="Id", description="Names the revision, and its folder.")
    model_tree: str | None = Field(default=None, title="Model", description="Digest of its files.")
    model_folder: str = Field(
        default="",
        title="Model folder",
        description="Where the files lie under AZUREML_MODEL_DIR.",
    )
    model_reference: str = Field(default="", title="Model reference", description="For lineage.")
    is_mlflow: bool = Field(
        default=False, title="MLflow", description="Whether its MLmodel says how it is served."
    )
    flavor: str | None = Field(
        default=None, title="Flavor", description="What a model that is one plain file is."
    )
    model_file: str | None = Field(
        default=None, title="Model file", description="That file, among the model's files."
    )
    acceleration: Acceleration | None = Field(
        default=None, title="Acceleration", description="How the model is compiled."
    )
    sample_tree: str | None = Field(
        default=None, title="Sample data", description="Digest of the rows to compare on."
    )
    sample_file: str | None = Field(
        default=None, title="Sample file", description="The file that holds them."
    )
    schema_tree: str | None = Field(
        default=None, title="Request schema", description="Digest of the schema and its code."
    )
    code_tree: str | None = Field(default=None, title="Code", description="Digest of its files.")
    script: str | None = Field(default=None, title="Script", description="The scoring script.")
    environment: str | None = Field(
        default=None, title="Environment", description="The environment as it was pinned."
    )
    python: str = Field(default="", title="Interpreter", description="Once it is built.")
    asked: dict[str, JsonValue] = Field(
        default_factory=dict,
        title="Asked",
        description="The fields of the document that make a revision, for a rollback.",
    )
    variables: dict[str, str] = Field(
        default_factory=dict, title="Variables", description="What the script sees."
    )
    instances: int = Field(default=1, title="Instances", description="How many processes answer.")
    requests: RequestSettings = Field(
        default_factory=RequestSettings, title="Requests", description="Limits on requests."
    )
    collector: DataCollector | None = Field(
        default=None, title="Collector", description="What is kept of requests and answers."
    )
    scale: ScaleSettings | None = Field(
        default=None, title="Scaling", description="How the number follows the load."
    )
    start_seconds: float = Field(
        default=310, title="Start", description="How long a worker may take to load."
    )
    liveness: Probe = Field(
        default_factory=Probe, title="Liveness", description="When a worker is replaced."
    )


class Load(Part):
    """What a deployment had to do since the gateway started, and what it takes."""

    requests: int = Field(default=0, title="Requests", description="How many were answered.")
    errors: int = Field(default=0, title="Errors", description="Of these, with a status >= 400.")
    p50_ms: float | None = Field(
        default=None, title="p50", description="Milliseconds within which half are answered."
    )
    p95_ms: float | None = Field(
        default=None, title="p95", description="Milliseconds within which 95 % are answered."
    )
    p99_ms: float | None = Field(
        default=None, title="p99", description="Milliseconds within which 99 % are answered."
    )
    waiting: int = Field(default=0, title="Waiting", description="Requests in the queue now.")
    cpu_seconds: float = Field(
        default=0, title="Processor", description="Seconds that its workers computed."
    )
    memory_bytes: int = Field(
        default=0, title="Memory", description="Bytes that its workers hold now."
    )


class MirrorCounts(Part):
    """How answers to mirrored requests compare with those that callers got."""

    pairs: int = Field(default=0, title="Pairs", description="Pairs of answers compared.")
    agreed: int = Field(default=0, title="Agreed", description="Pairs equal in status and body.")
    dropped: int = Field(
        default=0, title="Dropped", description="Copies not made, as too many were waiting."
    )


class DeploymentEvent(Part):
    """Something that happened to the instances of a deployment."""

    at: str = Field(title="At", description="When, in UTC.")
    what: str = Field(title="What", description="What happened, and why.")
