"""The hot path: what the gateway answered comes into the views of its endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zaffre.errors import Invalid
from zaffre.kinds.prediction import MadeBy, Prediction
from zaffre.kinds.prediction_view import PredictionViewSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.scored_call import Columns, ReadCall, scored
from zaffre.ports.answers import Answer, AnswerJournal, Some
from zaffre.ports.metadata import Browse, Link
from zaffre.ports.predictions import Unread
from zaffre.services.context import Context
from zaffre.services.predictions.parts import room_of, spec_of


def take_in(ctx: Context, journal: AnswerJournal) -> bool:
    """Take the next answers into their views; true if there were some. Twice does no harm."""
    some = journal.next()
    if some is None:
        return False
    for view in of_endpoint(ctx, some.workspace, some.endpoint):
        _take(ctx, view, some)
    journal.settle(some)
    return True


def of_endpoint(ctx: Context, workspace: str, endpoint: str) -> Iterator[Resource]:
    """Give the views whose hot path is an endpoint."""
    query = Browse("prediction_view", workspace, archived=None, limit=1000)
    for view in ctx.metadata.browse(query).items:
        if spec_of(view.spec).online_endpoint == endpoint:
            yield view


def _take(ctx: Context, view: Resource, some: Some) -> None:
    spec = spec_of(view.spec)
    wanted = [one for one in some.answers if spec.online_deployment in (None, one.deployment)]
    made, unread = predictions(wanted, spec, some.workspace)
    ctx.predictions.open(room_of(view))
    ctx.predictions.append(room_of(view), made, unread)
    _link(ctx, view, some, made, wanted)


def predictions(
    answers: Sequence[Answer], spec: PredictionViewSpec, workspace: str
) -> tuple[list[Prediction], Unread]:
    """Give what answers predicted, and how many could not be read. Pure."""
    columns = Columns(spec.entity_key, spec.event_time, spec.prediction_column)
    made: list[Prediction] = []
    unread = Unread()
    for one in answers:
        moment = round(one.time * 1_000_000)
        rows, fault = _read(one, columns, moment)
        if fault:
            unread = Unread(unread.count + 1, f"Request {one.request}: {fault}")
        model = model_reference(one.model, workspace)
        made += [
            Prediction(*row, MadeBy.HOT, moment, f"{one.source}:{number}", model, one.request)
            for number, row in rows
        ]
    return made, unread


def _read(one: Answer, columns: Columns, moment: int) -> ReadCall:
    try:
        return scored(one.body, one.answer, columns, moment)
    except Invalid as error:
        return ReadCall([], f"{error.message} {error.hint or ''}".strip())


def model_reference(name: str, workspace: str) -> str:
    """Give the reference of a model that answers name as `NAME:VERSION`; of files it is one."""
    bare, _, version = name.partition(":")
    return name if bare in ("tree", "logged_model") or not version else f"model:{workspace}/{name}"


def _link(
    ctx: Context,
    view: Resource,
    some: Some,
    made: Sequence[Prediction],
    answers: Sequence[Answer],
) -> None:
    """Note for lineage which deployments and models answer into the view."""
    sources = {one.model for one in made if one.model} if made else set()
    for name in {one.deployment for one in answers} if made else set():
        key = Key("online_deployment", some.workspace, name, parent=some.endpoint)
        sources.add(key.reference)
    wanted = {Link(one, "answers", view.key.reference) for one in sources}
    new = wanted.difference(ctx.metadata.links(view.key.reference, up=True)) if wanted else set()
    if new:
        ctx.metadata.apply(list(new), ctx.actor)
