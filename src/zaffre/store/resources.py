"""The metadata store on SQL: one table of documents for all kinds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.registry import kind
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.clock import Clock
from zaffre.ports.metadata import SERVER, Actor, Browse, Change, Link, Once, Page, Write
from zaffre.store.database import Database
from zaffre.store.resource_memory import Memory
from zaffre.store.resource_query import browse_statement, get_statement
from zaffre.store.resource_rows import key_text, micros
from zaffre.store.resource_tables import audit, links, once
from zaffre.store.resource_writes import Batch


class SqlMetadata:
    """Keeps resources in a SQL database (the `MetadataStore` socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._memory = Memory()

    def get(self, key: Key) -> Resource:
        """Give a resource by its key, or the latest version of it."""
        query, parameters = get_statement(key)
        with self._database.glance() as connection:
            row = connection.execute(query, parameters).first()
        if row is None:
            where = f" in workspace `{key.workspace}`" if key.workspace else ""
            noun = kind(key.kind).noun
            raise NotFound(
                f"There is no {key_text(key)}{where}.",
                hint=f"`zaffre {noun} list` shows what there is.",
            )
        return self._memory.resource(row)

    def browse(self, query: Browse) -> Page:
        """List one page and the cursor of the next."""
        with self._database.glance() as connection:
            rows = connection.execute(browse_statement(query)).fetchall()
        items = [self._memory.resource(row) for row in rows[: query.limit]]
        return Page(items, str(rows[query.limit - 1].id) if len(rows) > query.limit else "")

    def apply(self, writes: Sequence[Write], actor: Actor = SERVER) -> list[Resource]:
        """Do all writes in one transaction."""
        batch = Batch(actor, micros(self._clock.now()), self._memory)
        return self._database.write(lambda connection: batch.run(connection, writes))

    def links(self, reference: str, *, up: bool) -> list[Link]:
        """List the links at one end."""
        end = links.c.target if up else links.c.source
        query = select(links).where(end == reference).order_by(links.c.source, links.c.target)
        with self._database.glance() as connection:
            return [
                Link(row.source, row.relation, row.target) for row in connection.execute(query)
            ]

    def changes(self, workspace: str, after: int | None, limit: int = 500) -> Sequence[Change]:
        """List writes from the audit log, whose rows number them."""
        query = select(audit).where(audit.c.workspace == workspace)
        if after is None:
            query = query.order_by(audit.c.id.desc()).limit(1)
        else:
            query = query.where(audit.c.id > after).order_by(audit.c.id).limit(limit)
        with self._database.glance() as connection:
            return [_change(row) for row in connection.execute(query)]

    def recall(self, call: Once) -> Key | None:
        """Give the key that an earlier call with the same token added."""
        query = select(once).where(
            once.c.token == call.token, once.c.until > micros(self._clock.now())
        )
        with self._database.glance() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.digest != call.digest:
            raise Invalid(
                "This idempotency key was used for another request.",
                hint="Send a new key with each new request.",
                code="idempotency_key_reused",
            )
        return Key(**json.loads(row.key))


def _change(row: Row[Any]) -> Change:
    key = Key(row.kind, row.workspace, row.name, row.version, row.parent)
    return Change(row.id, row.verb, key, row.revision)
