"""Sums of what jobs took, by SQL over their documents (the `UsageStore` socket)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, cast, func, select, type_coerce

from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.usage import TAG, UsageQuery, UsageSum
from zaffre.store.database import Database
from zaffre.store.resource_tables import resource_tags, resources

_PARTS = ("wall_seconds", "cpu_seconds", "memory_byte_seconds", "gpu_seconds")


class SqlUsage:
    """Adds up in a SQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sums(self, query: UsageQuery) -> list[UsageSum]:
        """Give a sum for each group."""
        group = self._group(query.by).label("name")
        status = self._document(resources.c.status)
        used = {name: status["usage", name].as_float() for name in (*_PARTS, "cost")}
        statement = select(
            group,
            func.count().label("jobs"),
            *(func.coalesce(func.sum(used[name]), 0).label(name) for name in _PARTS),
            func.sum(used["cost"]).label("cost"),
        )
        statement = statement.where(
            resources.c.kind == "job",
            resources.c.state.in_(sorted(TERMINAL)),
            resources.c.workspace == query.workspace,
            resources.c.type == "command",
            status["ended_at"].as_float() >= query.since,
        ).group_by(group)
        with self._database.read() as connection:
            return [UsageSum(**row._mapping) for row in connection.execute(statement)]  # noqa: SLF001 - its public name

    def _group(self, by: str) -> ColumnElement[Any]:
        if by.startswith(TAG):
            tag = select(resource_tags.c.value).where(
                resource_tags.c.resource == resources.c.id,
                resource_tags.c.key == by.removeprefix(TAG),
            )
            return func.coalesce(tag.scalar_subquery(), "")
        if by == "compute":
            return func.coalesce(self._document(resources.c.spec)["compute"].as_string(), "")
        return resources.c.created_by if by == "user" else resources.c.experiment_name

    def _document(self, column: Column[Any]) -> ColumnElement[Any]:
        # PostgreSQL parses the text; to SQLite, JSON is text.
        if self._database.dialect == "postgresql":
            return cast(column, JSON)
        return type_coerce(column, JSON)
