"""Specs and statuses of endpoints and deployments by their own types."""

from __future__ import annotations

from zaffre.errors import Invalid
from zaffre.kinds.endpoint import (
    OnlineDeploymentSpec,
    OnlineDeploymentStatus,
    OnlineEndpointSpec,
    OnlineEndpointStatus,
)
from zaffre.kinds.resource import Resource, Spec, Status


def endpoint_spec(spec: Spec) -> OnlineEndpointSpec:
    """Give an endpoint's spec.

    Raises:
        Invalid: it is another kind's.
    """
    if not isinstance(spec, OnlineEndpointSpec):
        raise Invalid("This is no online endpoint.")
    return spec


def deployment_spec(spec: Spec) -> OnlineDeploymentSpec:
    """Give a deployment's spec.

    Raises:
        Invalid: it is another kind's.
    """
    if not isinstance(spec, OnlineDeploymentSpec):
        raise Invalid("This is no online deployment.")
    return spec


def endpoint_status(found: Resource) -> OnlineEndpointStatus:
    """Give an endpoint's status."""
    status: Status = found.status
    return status if isinstance(status, OnlineEndpointStatus) else OnlineEndpointStatus()


def deployment_status(found: Resource) -> OnlineDeploymentStatus:
    """Give a deployment's status."""
    status: Status = found.status
    return status if isinstance(status, OnlineDeploymentStatus) else OnlineDeploymentStatus()


def revision_reference(workspace: str, revision: str) -> str:
    """Give the end in links of one revision of a deployment."""
    return f"revision:{workspace}/{revision}"
