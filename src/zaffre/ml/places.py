"""Workspaces and components: what they can beyond any other resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.kinds.document import Document
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Component, Workspace
from zaffre.ml.entities.jobs import CommandJob, PipelineJob
from zaffre.ml.validation import ValidationResult, validate

DEFAULT = "default"


class Workspaces(Collection[Workspace]):
    """The workspaces of the server."""

    def entity(self, document: Mapping[str, Any]) -> Workspace:
        """Give a workspace with the address that MLflow clients use."""
        found = super().entity(document)
        url, name = self._connection.target.url, document["name"]
        found._tracking_uri = url if name == DEFAULT else f"{url}/workspaces/{name}"  # noqa: SLF001 (its own view of itself)
        return found


class Components(Collection[Component]):
    """The components of the workspace."""

    def validate(self, component: Component, **_: Any) -> ValidationResult:
        """Check a component without storing it."""
        return validate(self._kind, self._document(component))

    def _document(self, entity: Any) -> Document:
        """Give the document of a component, or of what a job does."""
        whole = entity.component if isinstance(entity, CommandJob | PipelineJob) else entity
        return super()._document(whole)
