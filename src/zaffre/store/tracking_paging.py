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


def page_of(
    connection: Connection, found: Found, search: Search
) -> tuple[Sequence[Row[Any]], str]:
    """Run a search for one page; one row more than asked for tells that there is a next one."""
    conditions = list(found.conditions)
    if search.page:
        conditions.append(_after(found.keys, _read_token(search.page, found.keys)))
    names = [f"key_{place}" for place in range(len(found.keys))]
    shown = [key.expression.label(name) for key, name in zip(found.keys, names, strict=True)]
    order = [key.expression if key.ascending else key.expression.desc() for key in found.keys]
    plain = select(found.what.label("what"), *shown).select_from(found.source)
    queries = [
        plain.where(and_(part, *conditions)).order_by(*order).limit(search.limit + 1)
        for part in found.parts
    ]
    if len(queries) == 1:
        rows = connection.execute(queries[0]).fetchall()
    else:
        merged = union_all(*(select(query.subquery()) for query in queries)).subquery()
        outer = [
            merged.c[name] if key.ascending else merged.c[name].desc()
            for key, name in zip(found.keys, names, strict=True)
        ]
        rows = connection.execute(
            select(merged).order_by(*outer).limit(search.limit + 1)
        ).fetchall()
    if len(rows) <= search.limit:
        return rows, ""
    rows = rows[: search.limit]
    return rows, _token(list(rows[-1])[1:])


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


def _token(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": values}).encode()).decode()


def _read_token(token: str, keys: Sequence[SortKey]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(token.encode()))["after"]
        fits = len(values) == len(keys) and all(
            type(value) is key.sort for value, key in zip(values, keys, strict=True)
        )
        small = all(abs(value) <= LARGEST for value in values if type(value) is int)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        fits, values, small = False, [], False
    if not fits or not small or any(type(v) is str and "\x00" in v for v in values):
        raise Invalid("Invalid page token: it does not belong to this search.")
    return list(values)
