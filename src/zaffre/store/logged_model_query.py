"""The search of logged models as SQL, with bound values only."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from zaffre.errors import Invalid
from zaffre.kinds.filters import Comparison
from zaffre.ports.logged_models import OrderModels, SearchModels
from zaffre.store.registry_tables import (
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)

ATTRIBUTES = {
    "name": "name",
    "model_id": "model_id",
    "model_type": "model_type",
    "source_run_id": "source_run_id",
    "experiment_id": "experiment_id",
    "status": "status",
    "creation_timestamp": "created",
    "creation_time": "created",
    "creation_timestamp_ms": "created",
    "last_updated_timestamp": "updated",
    "last_updated_time": "updated",
    "last_updated_timestamp_ms": "updated",
}
NUMERIC = frozenset({"created", "updated", "status"})
STATUS = {"PENDING": 1, "READY": 2, "FAILED": 3}
_SIGNS = ("<", "<=", ">", ">=", "=", "!=")


def search_statement(workspace: str, wanted: SearchModels, dialect: str) -> Select[Any]:
    """Build the statement of one page.

    Raises:
        Invalid: a condition or an order is on what models do not have.
    """
    statement = select(logged_models).where(
        logged_models.c.workspace == workspace,
        logged_models.c.experiment_id.in_(list(wanted.experiments)),
        logged_models.c.deleted.is_(False),
    )
    on_data = _on_data(wanted)
    for condition in wanted.conditions:
        statement = statement.where(_condition(condition, on_data, dialect))
    if on_data is not None and not any(one.entity == "metric" for one in wanted.conditions):
        having = select(logged_model_metrics.c.model_id).where(on_data)
        statement = statement.where(logged_models.c.model_id.in_(having))
    keys = [key for order in wanted.order for key in _order(order)]
    keys += [logged_models.c.created.desc(), logged_models.c.model_id.asc()]
    return statement.order_by(*keys).limit(wanted.limit).offset(wanted.offset)


def _on_data(wanted: SearchModels) -> ColumnElement[bool] | None:
    table = logged_model_metrics.c
    each = [
        and_(table.dataset_name == name, *([table.dataset_digest == digest] if digest else []))
        for name, digest in wanted.datasets
    ]
    return or_(*each) if each else None


def _condition(
    wanted: Comparison, on_data: ColumnElement[bool] | None, dialect: str
) -> ColumnElement[bool]:
    if wanted.entity == "attribute":
        return _attribute(wanted, dialect)
    if wanted.entity == "metric":
        table = logged_model_metrics
        parts = [table.c.key == wanted.key, _number(table.c.value, wanted), _counts(table.c.value)]
        parts += [] if on_data is None else [on_data]
        return logged_models.c.model_id.in_(select(table.c.model_id).where(*parts))
    tables = {"param": logged_model_params, "tag": logged_model_tags}
    if wanted.entity not in tables:
        raise Invalid(f"Invalid entity type: '{wanted.entity}'.", hint=_ENTITIES)
    pairs = tables[wanted.entity]
    having = select(pairs.c.model_id).where(
        pairs.c.key == wanted.key, _text(pairs.c.value, wanted, dialect)
    )
    return logged_models.c.model_id.in_(having)


_ENTITIES = "Use attributes, metrics, params or tags."


def _attribute(wanted: Comparison, dialect: str) -> ColumnElement[bool]:
    name = ATTRIBUTES.get(wanted.key)
    if name is None:
        raise Invalid(
            f"Invalid attribute key '{wanted.key}'.", hint=f"Use {', '.join(ATTRIBUTES)}."
        )
    column = logged_models.c[name]
    if name == "status" and isinstance(wanted.value, str):
        number = STATUS.get(wanted.value.upper().removeprefix("LOGGED_MODEL_"), -1)
        wanted = Comparison(wanted.entity, wanted.key, wanted.comparator, number)
    return _number(column, wanted) if name in NUMERIC else _text(column, wanted, dialect)


def _number(column: ColumnElement[Any], wanted: Comparison) -> ColumnElement[bool]:
    if wanted.comparator not in _SIGNS:
        raise Invalid(f"Invalid comparison operator for {wanted.key}: '{wanted.comparator}'.")
    try:
        value = float(wanted.value)  # type: ignore[arg-type]  # anything else is caught
    except (TypeError, ValueError, OverflowError):
        raise Invalid(f"Invalid value for {wanted.key}: {wanted.value!r}.") from None
    return column.bool_op(wanted.comparator)(value)


def _counts(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Leave out NaN, which both databases take for larger than all numbers."""
    return value <= math.inf


def _text(column: ColumnElement[Any], wanted: Comparison, dialect: str) -> ColumnElement[bool]:
    value, sign = wanted.value, wanted.comparator
    if isinstance(value, tuple):
        return column.in_(value) if sign == "IN" else column.not_in(value)
    if sign == "LIKE":
        # SQLite's LIKE is blind to case, its GLOB is not.
        return (
            column.op("GLOB")(_glob(str(value)))
            if dialect == "sqlite"
            else column.like(str(value))
        )
    if sign == "ILIKE":
        return func.lower(column).like(str(value).lower())
    if sign not in ("=", "!="):
        raise Invalid(f"Invalid comparison operator for {wanted.key}: '{sign}'.")
    return column == str(value) if sign == "=" else column != str(value)


def _glob(pattern: str) -> str:
    marks = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(marks.get(letter, letter) for letter in pattern)


def _order(order: OrderModels) -> list[ColumnElement[Any]]:
    """Give the keys of one order; what has no value comes last."""
    if not order.metric and order.key not in ATTRIBUTES:
        raise Invalid(
            f"Invalid order by field name: {order.key}.", hint=f"Use {', '.join(ATTRIBUTES)}."
        )
    value = _latest(order) if order.metric else logged_models.c[ATTRIBUTES[order.key]]
    nothing = or_(value.is_(None), value > math.inf) if order.metric else value.is_(None)
    missing = case((nothing, 1), else_=0)
    return [missing.asc(), value.asc() if order.ascending else value.desc()]


def _latest(order: OrderModels) -> Any:
    table = logged_model_metrics.c
    which = [table.model_id == logged_models.c.model_id, table.key == order.key]
    if order.dataset_name:
        which.append(table.dataset_name == order.dataset_name)
    if order.dataset_digest:
        which.append(table.dataset_digest == order.dataset_digest)
    newest = (table.timestamp.desc(), table.step.desc(), table.run_id.asc())
    return select(table.value).where(*which).order_by(*newest).limit(1).scalar_subquery()
