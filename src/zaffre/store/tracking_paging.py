"""Pages of a search: each goes on after the last row's place, whatever was written since."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, or_, select, union_all

from zaffre.errors import Invalid
from zaffre.ports.tracking import Search
from zaffre.store.tracking_shared import LARGEST

Rows = Sequence[Row[Any]]

MOST_PARTS = 20
"""Experiments that are looked through one by one; more are sorted together."""


@dataclass(frozen=True)
class SortKey:
    """One thing that a page is sorted by; never NULL, so that the next page can go on after it."""

    expression: ColumnElement[Any]
    sort: type
    ascending: bool = True


@dataclass(frozen=True)
class Found:
    """What a search looks through: from where, under which conditions, in which order.

    `parts` are conditions of which exactly one holds for each row wanted: with an index on a part
    and the order, the first rows of each part are found without sorting the part.
    """

    what: ColumnElement[int]
    source: FromClause
    conditions: Sequence[ColumnElement[bool]]
    keys: Sequence[SortKey]
    parts: Sequence[ColumnElement[bool]]


def page_of(connection: Connection, turns: Sequence[Found], search: Search) -> tuple[Rows, str]:
    """Run a search for one page; one row more than asked for tells that there is a next one.

    All that one turn finds comes before what the next one finds.
    """
    turn, values = _read_token(search.page, turns) if search.page else (0, None)
    places: list[int] = []
    rows: list[Row[Any]] = []
    while turn < len(turns) and len(rows) <= search.limit:
        added = _rows_of(connection, turns[turn], values, search.limit + 1 - len(rows))
        places += [turn] * len(added)
        rows += added
        turn, values = turn + 1, None
    if len(rows) <= search.limit:
        return rows, ""
    rows = rows[: search.limit]
    return rows, _token(places[len(rows) - 1], list(rows[-1])[1:])


def _rows_of(connection: Connection, found: Found, after: list[Any] | None, most: int) -> Rows:
    """Give the first rows of a turn, or those after a row's place."""
    conditions = list(found.conditions)
    if after is not None:
        conditions.append(_after(found.keys, after))
    names = [f"key_{place}" for place in range(len(found.keys))]
    shown = [key.expression.label(name) for key, name in zip(found.keys, names, strict=True)]
    order = [key.expression if key.ascending else key.expression.desc() for key in found.keys]
    plain = select(found.what.label("what"), *shown).select_from(found.source)
    queries = [
        plain.where(and_(part, *conditions)).order_by(*order).limit(most) for part in found.parts
    ]
    if len(queries) == 1:
        return connection.execute(queries[0]).fetchall()
    merged = union_all(*(select(query.subquery()) for query in queries)).subquery()
    outer = [
        merged.c[name] if key.ascending else merged.c[name].desc()
        for key, name in zip(found.keys, names, strict=True)
    ]
    return connection.execute(select(merged).order_by(*outer).limit(most)).fetchall()


def _after(keys: Sequence[SortKey], values: list[Any]) -> ColumnElement[bool]:
    """Say that a row comes after these values in the order of the keys."""
    ways: list[ColumnElement[bool]] = []
    for place, key in enumerate(keys):
        same = [keys[i].expression == values[i] for i in range(place)]
        beyond = (
            key.expression > values[place] if key.ascending else key.expression < values[place]
        )
        ways.append(and_(*same, beyond))
    first = keys[0]
    # Said once more for the first key alone, so that an index on it can be used.
    bound = first.expression >= values[0] if first.ascending else first.expression <= values[0]
    return and_(bound, or_(*ways))


def _token(turn: int, values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": [turn, *values]}).encode()).decode()


def _read_token(token: str, turns: Sequence[Found]) -> tuple[int, list[Any]]:
    try:
        turn, *values = json.loads(base64.urlsafe_b64decode(token.encode()))["after"]
        fits = type(turn) is int and 0 <= turn < len(turns) and _fits(values, turns[turn].keys)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        turn, values, fits = 0, [], False
    if not fits:
        raise Invalid("Invalid page token: it does not belong to this search.")
    return turn, values


def _fits(values: Sequence[Any], keys: Sequence[SortKey]) -> bool:
    """Tell whether these are values of the keys, each one that a database can compare with."""
    if [type(value) for value in values] != [key.sort for key in keys]:
        return False
    whole = [value for value in values if type(value) is int]
    texts = [value for value in values if type(value) is str]
    return all(abs(value) <= LARGEST for value in whole) and not any("\x00" in t for t in texts)
