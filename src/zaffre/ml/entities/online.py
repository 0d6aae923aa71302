"""Online endpoints, their deployments, and prediction views."""

from __future__ import annotations

from typing import Any

from zaffre.ml.entity import Entity


class OnlineEndpoint(Entity, kind="online_endpoint"):
    """A stable address that answers requests."""


class ManagedOnlineEndpoint(OnlineEndpoint):
    """An online endpoint that this server keeps."""


class KubernetesOnlineEndpoint(OnlineEndpoint):
    """An online endpoint written for a cluster; this machine serves it."""


class OnlineDeployment(Entity, kind="online_deployment"):
    """A model, its scoring script and its environment, behind an endpoint."""


class ManagedOnlineDeployment(OnlineDeployment):
    """A deployment that this server keeps."""


class KubernetesOnlineDeployment(OnlineDeployment):
    """A deployment written for a cluster; this machine serves it."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "kubernetes", **fields})


class PredictionView(Entity, kind="prediction_view"):
    """The newest prediction of each entity, whether a batch or an endpoint made it."""
