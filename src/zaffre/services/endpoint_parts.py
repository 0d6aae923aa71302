"""Specs and statuses of endpoints and deployments by their own types."""

from __future__ import annotations

from zaffre.kinds.endpoint import (
    OnlineDeploymentSpec,
    OnlineDeploymentStatus,
    OnlineEndpointSpec,
    OnlineEndpointStatus,
)
from zaffre.kinds.resource import Resource, Spec
from zaffre.services.typed import spec_as, status_as


def endpoint_spec(spec: Spec) -> OnlineEndpointSpec:
    """Give an endpoint's spec.

    Raises:
        Invalid: it is another kind's.
    """
    return spec_as(OnlineEndpointSpec, spec, "online endpoint")


def deployment_spec(spec: Spec) -> OnlineDeploymentSpec:
    """Give a deployment's spec.

    Raises:
        Invalid: it is another kind's.
    """
    return spec_as(OnlineDeploymentSpec, spec, "online deployment")


def endpoint_status(found: Resource) -> OnlineEndpointStatus:
    """Give an endpoint's status."""
    return status_as(OnlineEndpointStatus, found)


def deployment_status(found: Resource) -> OnlineDeploymentStatus:
    """Give a deployment's status."""
    return status_as(OnlineDeploymentStatus, found)


def revision_reference(workspace: str, revision: str) -> str:
    """Give the end in links of one revision of a deployment."""
    return f"revision:{workspace}/{revision}"
