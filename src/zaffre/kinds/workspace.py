"""The workspace: the scope of everything else."""

from __future__ import annotations

from pydantic import Field

from zaffre.kinds.resource import Kind, Spec, Status


class WorkspaceSpec(Spec):
    """A workspace holds data, environments, jobs, models and endpoints. A server holds several."""

    display_name: str | None = Field(
        default=None, title="Display name", description="Name shown to people."
    )
    location: str | None = Field(
        default=None, title="Location", description="Region, kept for documents from a cloud."
    )
    resource_group: str | None = Field(
        default=None, title="Resource group", description="Group, kept for documents from a cloud."
    )
    default_datastore: str = Field(
        default="workspaceblobstore",
        title="Default datastore",
        description="Datastore that uploads and outputs go to.",
    )


class WorkspaceStatus(Status):
    """Whether the workspace is ready."""

    provisioning_state: str = Field(
        default="Succeeded", title="State", description="Whether the workspace can be used."
    )


WORKSPACE = Kind(
    name="workspace",
    noun="workspace",
    plural="workspaces",
    title="Workspace",
    spec=WorkspaceSpec,
    status=WorkspaceStatus,
    columns=("name", "display_name", "provisioning_state", "created_at"),
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/workspace.schema.json
name: churn
display_name: Churn team
description: Everything about customers who leave.
""",
)
