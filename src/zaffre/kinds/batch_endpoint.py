"""Batch endpoints: stable addresses that take data and answer with a job."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status


class BatchDefaults(Part):
    """What an invocation means that does not say it."""

    deployment_name: str | None = Field(
        default=None, title="Deployment", description="Deployment that is invoked."
    )


class BatchEndpointSpec(Spec):
    """A stable address that scores whole data sets: each invocation becomes a job."""

    auth_mode: Annotated[Literal["key", "aad_token"], AnyCase] = Field(
        default="aad_token",
        title="Authentication",
        description="`key`: its own keys open it, too; else a token of the workspace does.",
    )
    defaults: BatchDefaults = Field(
        default_factory=BatchDefaults, title="Defaults", description="The default deployment."
    )
    identity: dict[str, JsonValue] | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on."""
        return (("identity", "There is no cloud identity here."),) if self.identity else ()


class BatchEndpointStatus(Status):
    """Where the endpoint is invoked."""

    hidden: ClassVar[frozenset[str]] = frozenset({"sealed_keys"})

    sealed_keys: dict[str, str] = Field(
        default_factory=dict, title="Sealed keys", description="The keys, encrypted, by type."
    )
    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the endpoint can be used."
    )
    scoring_uri: str | None = Field(
        default=None, title="Scoring address", description="Where invocations go."
    )


BATCH_ENDPOINT = Kind(
    name="batch_endpoint",
    noun="batch-endpoint",
    plural="batch-endpoints",
    title="Batch endpoint",
    spec=BatchEndpointSpec,
    status=BatchEndpointStatus,
    columns=("name", "auth_mode", "defaults", "scoring_uri", "created_at"),
    actions=(
        Action("invoke", "Score data: give the job that does it."),
        Action("list-jobs", "List the jobs of its invocations, newest first."),
        Action("get-credentials", "Print the keys."),
        Action("regenerate-keys", "Replace a key by a new one."),
    ),
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json
name: diabetes-batch
description: Scores whole folders of measurements.
auth_mode: key
""",
)
