"""Make, change, show and delete prediction views."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from functools import partial

from zaffre.errors import Invalid, NotFound, Place, Problem
from zaffre.kinds import entity
from zaffre.kinds.near import listed
from zaffre.kinds.prediction_view import (
    PREDICTION_VIEW,
    PredictionViewSpec,
    PredictionViewStatus,
)
from zaffre.kinds.reference import parse_remote
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse, Page
from zaffre.services import gateway, resources, workspaces
from zaffre.services.context import Context
from zaffre.services.predictions.parts import invocation_of, room_of, spec_of, status_of

ROOM_BYTES = 8
ROUNDS = 100
"""How often in a row the store is asked to go on removing."""

_PARTS = {
    "online_deployment": "online_endpoint",
    "batch_deployment": "batch_endpoint",
    "batch_input": "batch_endpoint",
    "batch_request": "batch_endpoint",
}


def create(ctx: Context, key: Key, spec: Spec) -> Resource:
    """Store a view; from now on the gateway keeps the answers of its online endpoint.

    Raises:
        Invalid: an endpoint that it names is not there.
        Conflict: there is one of that name.
    """
    workspaces.require(ctx, key.workspace)
    wanted = spec_of(spec)
    _check(ctx, key, wanted)
    status = PredictionViewStatus(room=secrets.token_hex(ROOM_BYTES))
    made = resources.create(ctx, PREDICTION_VIEW, key, wanted, status=status)
    ctx.predictions.open(room_of(made))
    gateway.publish(ctx)
    return made


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Give a view a new spec; the predictions that it has stay.

    Raises:
        Invalid: an endpoint that it names is not there.
        Stale: somebody changed it meanwhile.
    """
    wanted = spec_of(spec)
    _check(ctx, found.key, wanted)
    made = resources.replace_spec(ctx, PREDICTION_VIEW, found, wanted, revision=revision)
    gateway.publish(ctx)
    return shown(ctx, made)


def show(ctx: Context, key: Key) -> Resource:
    """Give a view with what it is made of now.

    Raises:
        NotFound: there is none.
    """
    return shown(ctx, ctx.metadata.get(key))


def browse(ctx: Context, query: Browse) -> Page:
    """List views with what they are made of now."""
    return resources.browse_shown(ctx, query, partial(shown, ctx))


def shown(ctx: Context, found: Resource) -> Resource:
    """Give a view with what its store says of it."""
    standing = ctx.predictions.open(room_of(found))
    batch = standing.generation
    facts: dict[str, object] = {"hot_rows": standing.hot, "hot_unread": standing.unread}
    facts |= {"hot_unread_why": standing.why or None}
    if batch is not None:
        watermark = entity.text_of(batch.watermark) if batch.rows else None
        facts |= {"batch_job": batch.job, "batch_rows": batch.rows, "watermark": watermark}
    return replace(found, status=status_of(found).model_copy(update=facts))


def delete(ctx: Context, key: Key) -> None:
    """Delete a view; the next sweep removes its predictions.

    Raises:
        NotFound: there is none.
    """
    resources.delete(ctx, key)
    gateway.publish(ctx)


def sweep(ctx: Context) -> None:
    """Remove the predictions that nobody sees any more: of batches of before, of gone views."""
    listed_at = ctx.clock.now()
    views = resources.every(ctx, Browse("prediction_view", archived=None))
    kept = {
        status_of(view).room: listed_at - timedelta(days=spec_of(view.spec).keep_hot_days)
        for view in views
    }
    for _ in range(ROUNDS):
        if not ctx.predictions.sweep(kept, listed_at):
            return


def _check(ctx: Context, key: Key, spec: PredictionViewSpec) -> None:
    """Refuse a view of endpoints that are not there, or of none that it could be filled by."""
    for kind in ("online_endpoint", "batch_endpoint"):
        name = getattr(spec, kind)
        try:
            if name is not None:
                ctx.metadata.get(Key(kind, key.workspace, name))
        except NotFound as error:
            raise _wrong(kind, error.message, "Create it first.") from None
    for part, whole in _PARTS.items():
        if getattr(spec, part) and getattr(spec, whole) is None:
            raise _wrong(part, f"`{part}` means nothing without `{whole}`.", f"Add `{whole}`.")
    if spec.batch_input is not None:
        try:
            parse_remote(spec.batch_input)
        except Invalid as error:
            raise _wrong("batch_input", error.message, error.hint or "") from None
    try:
        invocation_of(spec)
    except Invalid as error:
        raise _wrong("batch_request", error.message, error.hint or "") from None
    missing = {spec.entity_key, spec.event_time, spec.prediction_column}
    missing -= set(spec.batch_columns)
    if spec.batch_columns and missing:
        text = f"`batch_columns` has no {listed(sorted(missing))}."
        raise _wrong("batch_columns", text, "Name every column of the output's rows, in order.")


def _wrong(field: str, text: str, hint: str) -> Invalid:
    return Invalid(text, hint=hint, problems=(Problem(text, Place(field=field), hint),))
