"""A view by its own types, and what its predictions lie under."""

from __future__ import annotations

from zaffre.kinds.invocation import Invocation, read
from zaffre.kinds.prediction_view import PredictionViewSpec, PredictionViewStatus
from zaffre.kinds.resource import Json, Resource, Spec
from zaffre.ports.predictions import View
from zaffre.services.typed import spec_as, status_as


def spec_of(spec: Spec) -> PredictionViewSpec:
    """Give a view's spec.

    Raises:
        Invalid: it is another kind's.
    """
    return spec_as(PredictionViewSpec, spec, "prediction view")


def status_of(found: Resource) -> PredictionViewStatus:
    """Give a view's status."""
    return status_as(PredictionViewStatus, found)


def room_of(found: Resource) -> View:
    """Give what a view's predictions lie under."""
    return View(status_of(found).room, found.key.workspace, found.key.name)


def invocation_of(spec: PredictionViewSpec) -> Invocation:
    """Give what a new batch asks of the batch endpoint.

    Raises:
        Invalid: it is written wrong.
    """
    said: dict[str, Json] = dict(spec.batch_request)
    if spec.batch_input is not None:
        said["input"] = {"type": spec.batch_input_type, "path": spec.batch_input}
    if spec.batch_deployment is not None:
        said.setdefault("deployment_name", spec.batch_deployment)
    return read(said)
