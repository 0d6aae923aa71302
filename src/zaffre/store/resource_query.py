"""Resource lists as SQL: keyset paging over indexed facts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from zaffre.errors import Invalid
from zaffre.kinds.names import LATEST
from zaffre.kinds.registry import kind as kind_named
from zaffre.kinds.resource import Key
from zaffre.ports.metadata import Browse
from zaffre.store.resource_tables import resource_tags, resources

LONGEST_CURSOR = 18
"""Digits of the largest row number."""
NAMED = ("workspace", "kind", "parent", "name")
FACTS = ("parent", "name", "version", "state", "experiment_name", "type")


def where_key(key: Key) -> list[ColumnElement[bool]]:
    """Give the conditions for one key; the version `latest` matches the latest."""
    parts = [resources.c[part] == getattr(key, part) for part in NAMED]
    if key.version == LATEST:
        return [*parts, resources.c.latest]
    return [*parts, resources.c.version == key.version]


def _one(*conditions: ColumnElement[bool]) -> Select[Any]:
    same = [resources.c[part] == bindparam(part) for part in NAMED]
    return select(resources).where(*same, *conditions).order_by(resources.c.id.desc()).limit(1)


_LATEST = _one(resources.c.latest)
_VERSION = _one(resources.c.version == bindparam("version"))


def get_statement(key: Key) -> tuple[Select[Any], dict[str, str]]:
    """Give the statement that reads one resource, and its parameters.

    The statement is built once: building takes as long as reading.
    """
    named = {part: getattr(key, part) for part in NAMED}
    if key.version == LATEST:
        return _LATEST, named
    return _VERSION, {**named, "version": key.version}


def browse_statement(query: Browse) -> Select[Any]:
    """Build the statement of one page; one row more tells whether there is a next page."""
    statement = select(resources).where(resources.c.kind == query.kind, *_conditions(query))
    if query.after:
        if not query.after.isdecimal() or len(query.after) > LONGEST_CURSOR:
            raise Invalid(
                "`after` is no cursor of this list.", hint="Use the `next` of the page before."
            )
        cursor = int(query.after)
        statement = statement.where(
            resources.c.id > cursor if query.ascending else resources.c.id < cursor
        )
    order = resources.c.id.asc() if query.ascending else resources.c.id.desc()
    return statement.order_by(order).limit(query.limit + 1)


def _conditions(query: Browse) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.workspace:
        found.append(resources.c.workspace == query.workspace)
    if query.archived is not None:
        found.append(resources.c.archived == query.archived)
    if not query.versions and "version" not in query.where:
        found.append(resources.c.latest)
    elif query.versions and "version" not in query.where and kind_named(query.kind).versioned:
        found.append(resources.c.version != "")
    for fact, wanted in query.where.items():
        if fact not in FACTS:
            raise Invalid(
                f"Lists cannot be filtered by `{fact}`.", hint=f"Use one of {', '.join(FACTS)}."
            )
        column = resources.c[fact]
        found.append(column.in_(wanted) if isinstance(wanted, tuple) else column == wanted)
    for key, value in query.tags.items():
        tagged = select(resource_tags.c.resource).where(
            resource_tags.c.key == key, resource_tags.c.value == value
        )
        found.append(resources.c.id.in_(tagged))
    if query.name_contains:
        found.append(resources.c.name.contains(query.name_contains, autoescape=True))
    return found
