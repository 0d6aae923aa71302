"""Rows of predictions, as values and back, and the query that ranks them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, case, func, or_, select

from zaffre.kinds.prediction import Generation, MadeBy, Prediction, Scored
from zaffre.store.prediction_tables import (
    HOT,
    prediction_generations,
    prediction_views,
    predictions,
)

_p, _v, _g = predictions.c, prediction_views.c, prediction_generations.c
_MADE = func.coalesce(_p.made_at, _g.read_at)
RANKING: tuple[ColumnElement[Any], ...] = (
    _p.event_time.desc(),
    _MADE.desc(),
    case((_p.generation == HOT, 1), else_=0),
    _p.source.desc(),
)
"""`Prediction.rank`, greatest first."""


ENDLESS = 2**62
"""An event time after all others."""

_SEEN = (
    select(
        _p.key,
        _p.event_time,
        _p.value,
        _p.source,
        (_p.generation == HOT).label("is_hot"),
        _MADE.label("made_at"),
        func.coalesce(_p.model, _g.model, "").label("model"),
        func.coalesce(_p.request, "").label("request"),
        func.coalesce(_p.job, _g.job, "").label("job"),
    )
    .select_from(predictions)
    .join(prediction_views, _v.id == _p.view)
    .outerjoin(prediction_generations, (_g.view == _p.view) & (_g.job == _p.generation))
    .where(
        _p.view == bindparam("view"),
        or_(_p.generation == HOT, _p.generation == _v.generation),
        _p.event_time <= bindparam("until"),
    )
)
"""What is to be seen of a view: hot rows, and those of the current batch."""

ONE = _SEEN.where(_p.key == bindparam("key")).order_by(*RANKING).limit(1)
"""The row of a key that counts. Statements are made once: that takes longer than their work."""


def _page() -> Select[Any]:
    some = _SEEN.where(_p.key > bindparam("after"))
    limit = bindparam("limit", type_=Integer)
    keys = some.with_only_columns(_p.key).distinct().order_by(_p.key).limit(limit).subquery()
    place = func.row_number().over(partition_by=_p.key, order_by=RANKING)
    ranked = some.where(_p.key <= select(func.max(keys.c.key)).scalar_subquery())
    best = ranked.add_columns(place.label("place")).subquery()
    return select(best).where(best.c.place == 1).order_by(best.c.key)


PAGE = _page()
"""The rows of the next keys that count."""


def prediction(row: Row[Any]) -> Prediction:
    """Give the prediction of a row of `seen`."""
    return Prediction(
        key=row.key,
        event_time=row.event_time,
        value=json.loads(row.value),
        path=MadeBy.HOT if row.is_hot else MadeBy.COLD,
        made_at=row.made_at,
        source=row.source,
        model=row.model,
        request=row.request,
        job=row.job,
    )


def generation(row: Row[Any] | None) -> Generation | None:
    """Give the batch of a row."""
    if row is None:
        return None
    return Generation(row.job, row.read_at, row.watermark, row.rows, row.model)


def hot_values(view: str, made: Sequence[Prediction]) -> list[dict[str, Any]]:
    """Give the rows of hot predictions."""
    return [
        {
            "view": view,
            "generation": HOT,
            "source": one.source,
            "key": one.key,
            "event_time": one.event_time,
            "made_at": one.made_at,
            "value": json.dumps(one.value),
            "model": one.model,
            "request": one.request,
        }
        for one in made
    ]


def cold_values(view: str, job: str, rows: Sequence[Scored], first: int) -> list[dict[str, Any]]:
    """Give the rows of a batch; each is called by its number."""
    return [
        {
            "view": view,
            "generation": job,
            "source": f"{number:012d}",
            "key": row.key,
            "event_time": row.event_time,
            "value": json.dumps(row.value),
        }
        for number, row in enumerate(rows, first)
    ]
