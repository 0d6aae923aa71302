"""What a view answers: the prediction that counts, and where it came from."""

from __future__ import annotations

from typing import Any

from zaffre.errors import NotFound
from zaffre.kinds import entity
from zaffre.kinds.names import shown
from zaffre.kinds.prediction import Prediction
from zaffre.kinds.prediction_view import PredictionViewSpec
from zaffre.kinds.reference import said_model
from zaffre.kinds.resource import Key
from zaffre.services.context import Context
from zaffre.services.predictions.parts import room_of, spec_of

HOUR = 3600 * 1_000_000


def look(ctx: Context, key: Key, entity_key: str, at: str | None = None) -> dict[str, Any]:
    """Give the prediction of an entity that counts, now or as of an event time.

    Raises:
        NotFound: there is no such view, or no prediction of the entity that is valid.
        Invalid: `at` is no moment, or the key is none.
    """
    view = ctx.metadata.get(key)
    spec = spec_of(view.spec)
    wanted, until = entity.key_of(entity_key), None if at is None else entity.moment_of(at)
    found = ctx.predictions.newest(room_of(view), wanted, until)
    if found is None:
        raise NotFound(
            f"View `{key.name}` has no prediction of {shown(wanted)}.",
            hint=f"`zaffre prediction-view show -n {key.name}` says what it is made of.",
        )
    if not _is_valid(found, spec, _now(ctx) if until is None else until):
        raise NotFound(
            f"The last prediction of {shown(wanted)} is as of {entity.text_of(found.event_time)}:"
            f" older than {spec.valid_hours:g} hours.",
            hint="Ask as of an earlier moment (`at`), or refresh the view.",
            code="too_old",
        )
    return document_of(found)


def page(ctx: Context, key: Key, after: str, limit: int, at: str | None = None) -> dict[str, Any]:
    """Give what counts of the next entities after a key.

    Raises:
        NotFound: there is no such view.
        Invalid: `at` is no moment.
    """
    view = ctx.metadata.get(key)
    until = None if at is None else entity.moment_of(at)
    found = ctx.predictions.page(room_of(view), after, limit, until)
    moment = _now(ctx) if until is None else until
    items = [document_of(one) for one in found if _is_valid(one, spec_of(view.spec), moment)]
    return {"items": items, "next": found[-1].key if len(found) == limit else ""}


def document_of(found: Prediction) -> dict[str, Any]:
    """Give a prediction as answers show it."""
    return {
        "key": found.key,
        "prediction": found.value,
        "event_time": entity.text_of(found.event_time),
        "path": found.path.value,
        "made_at": entity.text_of(found.made_at),
        "model": said_model(found.model) or None,
        "request_id": found.request or None,
        "job": found.job or None,
    }


def _is_valid(found: Prediction, spec: PredictionViewSpec, moment: int) -> bool:
    return spec.valid_hours is None or moment - found.event_time <= spec.valid_hours * HOUR


def _now(ctx: Context) -> int:
    return round(ctx.clock.now().timestamp() * 1_000_000)
