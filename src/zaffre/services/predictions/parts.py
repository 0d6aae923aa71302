"""A view by its own types, and what its predictions lie under."""

from __future__ import annotations

from zaffre.errors import Invalid
from zaffre.kinds.prediction_view import PredictionViewSpec, PredictionViewStatus
from zaffre.kinds.resource import Resource, Spec
from zaffre.ports.predictions import View


def spec_of(spec: Spec) -> PredictionViewSpec:
    """Give a view's spec.

    Raises:
        Invalid: it is another kind's.
    """
    if not isinstance(spec, PredictionViewSpec):
        raise Invalid("This is no prediction view.")
    return spec


def status_of(found: Resource) -> PredictionViewStatus:
    """Give a view's status."""
    status = found.status
    return status if isinstance(status, PredictionViewStatus) else PredictionViewStatus()


def room_of(found: Resource) -> View:
    """Give what a view's predictions lie under."""
    return View(status_of(found).room, found.key.workspace, found.key.name)
