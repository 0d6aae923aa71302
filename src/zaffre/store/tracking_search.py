"""Searches as SQL: clauses become conditions with bound values, orders become keys to page by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Row,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from zaffre.errors import Invalid
from zaffre.kinds.search import Clause, Order, Value
from zaffre.kinds.tracking import DATASET_CONTEXT
from zaffre.ports.tracking import Search
from zaffre.store.tracking_paging import MOST_PARTS, Found, SortKey, page_of
from zaffre.store.tracking_shared import LARGEST, experiment_number
from zaffre.store.tracking_tables import (
    NAN,
    dataset_input_tags,
    dataset_inputs,
    datasets,
    experiment_tags,
    experiments,
    params,
    runs,
    series,
    tags,
)

FEW = 2000
"""Runs that are sorted by a metric's numbers faster than found among those of all runs."""

PATTERN = 10_000
"""Characters that a LIKE pattern may have."""

_RUN_COLUMNS: dict[str, ColumnElement[Any]] = {
    "run_id": runs.c.id,
    "run_name": runs.c.name,
    "status": runs.c.status,
    "artifact_uri": runs.c.artifact_uri,
    "user_id": runs.c.user_id,
    "start_time": runs.c.start_time,
    "end_time": runs.c.end_time,
}
_EXPERIMENT_COLUMNS: dict[str, ColumnElement[Any]] = {
    "name": experiments.c.name,
    "experiment_id": experiments.c.id,
    "creation_time": experiments.c.created_at,
    "last_update_time": experiments.c.updated_at,
}
_KEYED = {"parameter": params, "tag": tags}


def find_runs(
    connection: Connection, workspace: str, experiment_ids: Sequence[int], search: Search
) -> tuple[list[int], str]:
    """Find runs and give their numbers in order, and the token of the next page."""
    dialect = connection.dialect.name
    named = [(order.entity, order.key) for order in search.order]
    if twice := [key for place, (_, key) in enumerate(named) if named[place] in named[:place]]:
        raise Invalid(f"`order_by` contains duplicate fields: {twice[0]}")
    last = [SortKey(runs.c.id, str)]
    if ("attribute", "start_time") not in named:
        last.insert(0, SortKey(runs.c.start_time, int, ascending=False))
    conditions = [
        runs.c.workspace == workspace,
        _stages(runs, search),
        *(_run_condition(clause, dialect) for clause in search.clauses),
    ]
    if search.below:
        conditions.append((runs.c.id == search.below) | (runs.c.parent == search.below))
    asked = Found(runs.c.seq, runs, conditions, (), [runs.c.experiment.in_(experiment_ids)])
    if search.order and search.order[0].entity == "metric":
        turns, rest = _metric_turns(connection, asked, search.order[0]), search.order[1:]
    else:
        parts = [runs.c.experiment == one for one in experiment_ids]
        fitting = 0 < len(parts) <= MOST_PARTS
        turns, rest = [replace(asked, parts=parts) if fitting else asked], search.order
    sorted_ = [_sorted(turn, rest, last, dialect) for turn in turns]
    rows, token = page_of(connection, sorted_, search)
    return [row[0] for row in rows], token


def _metric_turns(connection: Connection, asked: Found, order: Order) -> list[Found]:
    """Give the runs with a number in the metric first, then those with NaN, then those without.

    The numbers are walked through in the order of their index, from one experiment or many.
    """
    named = series.alias()
    key: ColumnElement[Any] = named.c.key
    if connection.dialect.name == "sqlite" and _few(connection, asked):
        key = key.concat("")  # Where runs are few, the index of all runs' numbers is no help.
    source = named.join(runs, and_(named.c.run == runs.c.seq, key == order.key))
    nan = _is_nan(named.c.value, connection.dialect.name)
    without = (
        ~select(named.c.id).where(named.c.run == runs.c.seq, named.c.key == order.key).exists()
    )
    numbers = [SortKey(named.c.value, float, order.ascending)]
    return [
        replace(asked, source=source, keys=numbers, conditions=[*asked.conditions, ~nan]),
        replace(asked, source=source, conditions=[*asked.conditions, nan]),
        replace(asked, conditions=[*asked.conditions, without]),
    ]


def _few(connection: Connection, asked: Found) -> bool:
    some = select(literal(1)).where(*asked.parts).limit(FEW + 1).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one() <= FEW


def _sorted(turn: Found, orders: Sequence[Order], last: Sequence[SortKey], dialect: str) -> Found:
    source, keys = turn.source, list(turn.keys)
    for order in orders:
        source, added = _run_order(source, order, dialect)
        keys += added
    return replace(turn, source=source, keys=[*keys, *last])


def find_experiments(
    connection: Connection, workspace: str, search: Search
) -> tuple[list[Row[Any]], str]:
    """Find experiments and give their rows in order, and the token of the next page."""
    dialect = connection.dialect.name
    orders = search.order or (
        Order("attribute", "creation_time", ascending=False),
        Order("attribute", "experiment_id"),
    )
    keys = [
        SortKey(
            _EXPERIMENT_COLUMNS[order.key], str if order.key == "name" else int, order.ascending
        )
        for order in orders
    ]
    if not any(order.key == "experiment_id" for order in orders):
        keys.append(SortKey(experiments.c.id, int, ascending=False))
    conditions = [
        _stages(experiments, search),
        *(_experiment_condition(clause, dialect) for clause in search.clauses),
    ]
    mine = [experiments.c.workspace == workspace]
    found = Found(experiments.c.id, experiments, conditions, keys, mine)
    page, token = page_of(connection, [found], search)
    ids = [row[0] for row in page]
    rows: dict[int, Row[Any]] = {}
    for place in range(0, len(ids), 5000):
        query = select(experiments).where(experiments.c.id.in_(ids[place : place + 5000]))
        rows |= {row.id: row for row in connection.execute(query)}
    return [rows[number] for number in ids], token


def _stages(table: Table, search: Search) -> ColumnElement[bool]:
    stages = search.view.stages
    return table.c.stage == stages[0] if len(stages) == 1 else table.c.stage.in_(stages)


def _run_order(source: FromClause, order: Order, dialect: str) -> tuple[FromClause, list[SortKey]]:
    """Give the keys of one order; what is missing comes last, and NaN just before it."""
    if order.entity == "attribute":
        column = _RUN_COLUMNS[order.key]
        if order.key != "end_time":
            sort = int if order.key == "start_time" else str
            return source, [SortKey(column, sort, order.ascending)]
        rank = case((column.is_(None), 1), else_=0)
        return source, [
            SortKey(rank, int),
            SortKey(func.coalesce(column, 0), int, order.ascending),
        ]
    if order.entity == "metric":
        named = series.alias()
        nan = _is_nan(named.c.value, dialect)
        rank = case((nan, 1), (named.c.value.is_(None), 2), else_=0)
        shown: ColumnElement[Any] = case((rank == 0, named.c.value), else_=literal(0.0))
        keys = [SortKey(rank, int), SortKey(shown, float, order.ascending)]
    else:
        named = _KEYED[order.entity].alias()
        rank = case((named.c.value.is_(None), 1), else_=0)
        shown = func.coalesce(named.c.value, "")
        keys = [SortKey(rank, int), SortKey(shown, str, order.ascending)]
    on = and_(named.c.run == runs.c.seq, named.c.key == order.key)
    return source.outerjoin(named, on), keys


def _is_nan(value: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    if dialect == "sqlite":
        return func.typeof(value) == "text"
    return value == literal(float(NAN))


def _run_condition(clause: Clause, dialect: str) -> ColumnElement[bool]:
    if clause.entity == "attribute":
        return _compare(_RUN_COLUMNS[clause.key], clause, dialect)
    if clause.entity == "dataset":
        return _dataset_condition(clause, dialect)
    if clause.entity == "metric":
        value = _compare(series.c.value, clause, dialect)
        nan = _is_nan(series.c.value, dialect)
        holds = or_(value, nan) if clause.operator == "!=" else and_(value, ~nan)
        return runs.c.seq.in_(select(series.c.run).where(series.c.key == clause.key, holds))
    return _keyed_condition(_KEYED[clause.entity], "run", runs.c.seq, clause, dialect)


def _keyed_condition(
    table: Table, owner: str, is_: ColumnElement[int], clause: Clause, dialect: str
) -> ColumnElement[bool]:
    mine = select(table.c.key).where(table.c[owner] == is_, table.c.key == clause.key)
    if clause.operator == "IS NULL":
        return ~mine.exists()
    if clause.operator == "IS NOT NULL":
        return mine.exists()
    return mine.where(_compare(table.c.value, clause, dialect)).exists()


def _dataset_condition(clause: Clause, dialect: str) -> ColumnElement[bool]:
    used = select(dataset_inputs.c.id).where(dataset_inputs.c.run == runs.c.seq)
    if clause.key == "context":
        tag = dataset_input_tags
        on = and_(tag.c.input == dataset_inputs.c.id, tag.c.key == DATASET_CONTEXT)
        return used.join(tag, on).where(_compare(tag.c.value, clause, dialect)).exists()
    on = datasets.c.id == dataset_inputs.c.dataset
    column = datasets.c[clause.key]
    return used.join(datasets, on).where(_compare(column, clause, dialect)).exists()


def _experiment_condition(clause: Clause, dialect: str) -> ColumnElement[bool]:
    if clause.entity == "tag":
        return _keyed_condition(experiment_tags, "experiment", experiments.c.id, clause, dialect)
    if clause.key != "experiment_id":
        if isinstance(clause.value, float):
            raise Invalid(f"Invalid value for numeric attribute '{clause.key}': '{clause.value}'")
        return _compare(_EXPERIMENT_COLUMNS[clause.key], clause, dialect)
    if clause.operator in {"LIKE", "ILIKE"}:
        raise Invalid(f"Invalid comparator for experiment_id: {clause.operator}")
    given = clause.value if isinstance(clause.value, tuple) else (str(clause.value),)
    numbers = [experiment_number(one) for one in given]
    wanted = experiments.c.id.in_(numbers)
    return ~wanted if clause.operator in {"!=", "NOT IN"} else wanted


def _compare(column: ColumnElement[Any], clause: Clause, dialect: str) -> ColumnElement[bool]:
    """Compare a column with a clause's bound value."""
    operator, value = clause.operator, clause.value
    if operator in {"IN", "NOT IN"}:
        among = column.in_(value if isinstance(value, tuple) else (value,))
        return among if operator == "IN" else ~among
    if operator in {"LIKE", "ILIKE"}:
        pattern = _pattern(value, dialect)
        return column.like(pattern) if operator == "LIKE" else column.ilike(pattern)
    return _plain_comparison(column, operator, _bound(value))


def _plain_comparison(
    column: ColumnElement[Any], operator: str, value: object
) -> ColumnElement[bool]:
    if operator == "=":
        return column == value
    if operator == "!=":
        return column != value
    if operator == ">":
        return column > value
    if operator == ">=":
        return column >= value
    return column < value if operator == "<" else column <= value


def _bound(value: Value) -> Any:
    """Give numbers that the database can hold, and fractions as what they are."""
    if isinstance(value, int) and abs(value) > LARGEST:
        value = float(value) if abs(value) < 10**300 else math.inf if value > 0 else -math.inf
    return literal(value, Float(53)) if isinstance(value, float) else value


def _pattern(value: Value, dialect: str) -> str:
    """Give a LIKE pattern in which only `%` and `_` are special."""
    text = str(value)
    if len(text) > PATTERN:
        raise Invalid(f"A LIKE pattern may have at most {PATTERN} characters.")
    return text.replace("\\", "\\\\") if dialect == "postgresql" else text
