"""What a deployment asks of a cluster's nodes; kept, not acted on."""

from __future__ import annotations

from zaffre.ml.fields import Fields


class ResourceRequirementsSettings(Fields):
    """Requests and limits of a deployment's instances."""
