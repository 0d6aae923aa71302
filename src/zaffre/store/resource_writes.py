"""Writes to the resource table: one batch is one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from zaffre.errors import Conflict, NotFound, Stale
from zaffre.kinds.registry import kind as kind_named
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Actor, Add, Link, Once, Put, Remove, Write
from zaffre.store.resource_memory import Memory
from zaffre.store.resource_query import NAMED, where_key
from zaffre.store.resource_rows import facts_of, key_address, key_text, micros, moment
from zaffre.store.resource_tables import once, resource_tags, resources
from zaffre.store.tracking_shared import insert_rows, together

KEYED = (*NAMED, "version")
AUDITED = ("at", "actor", "request", "verb", *KEYED, "revision")


class Batch:
    """One transaction's worth of writes by one actor at one moment."""

    def __init__(self, actor: Actor, now: int, memory: Memory) -> None:
        self._actor = actor
        self._now = now
        self._memory = memory
        self._links: list[tuple[str, ...]] = []
        self._audits: list[tuple[object, ...]] = []
        self._tags: dict[int, list[tuple[object, ...]]] = {}

    def run(self, connection: Connection, writes: Sequence[Write]) -> list[Resource]:
        """Do the writes in order; what nothing else depends on comes last, together."""
        self._links, self._audits, self._tags = [], [], {}
        done: list[Resource] = []
        call = self._actor.once
        for write in writes:
            if isinstance(write, Add):
                done.append(self._add(connection, write.resource))
                if call is not None and call.kind == done[-1].key.kind:
                    self._remember(connection, call, done[-1].key)
                    call = None
            elif isinstance(write, Put):
                done.append(self._put(connection, write.resource))
            elif isinstance(write, Remove):
                self._remove(connection, write.key)
            else:
                link = write if write.target else _to_last(write, done)
                self._links.append((link.source, link.relation, link.target))
        self._write_beside(connection)
        return done

    def _write_beside(self, connection: Connection) -> None:
        tagged = [row for rows in self._tags.values() for row in rows]
        head = "INSERT INTO links (source, relation, target)"
        with together(connection):
            insert_rows(connection, "INSERT INTO resource_tags (resource, key, value)", tagged)
            insert_rows(connection, head, self._links, "ON CONFLICT DO NOTHING")
            insert_rows(connection, f"INSERT INTO audit ({', '.join(AUDITED)})", self._audits)

    def _add(self, connection: Connection, given: Resource) -> Resource:
        key = given.key
        versioned = kind_named(key.kind).versioned
        if versioned and key.version == "" and not given.container:
            key = replace(key, version=self._next_version(connection, key))
        if connection.execute(select(resources.c.id).where(*where_key(key))).first() is not None:
            raise _taken(key)
        latest = not versioned or key.version != ""
        if versioned and latest:
            older = _named(key)
            connection.execute(
                update(resources).where(*older, resources.c.latest).values(latest=False)
            )
        added = replace(
            given,
            key=key,
            revision=1,
            created_at=given.created_at or moment(self._now),
            updated_at=moment(self._now),
            created_by=given.created_by or self._actor.name,
        )
        values = {
            **asdict(key),
            **facts_of(added),
            "latest": latest and not added.archived,
            "revision": 1,
            "created_at": micros(added.created_at or moment(self._now)),
            "updated_at": self._now,
            "created_by": added.created_by,
        }
        try:
            row = connection.execute(
                insert(resources).values(values).returning(resources.c.id)
            ).scalar_one()
        except IntegrityError:
            raise _taken(key) from None
        self._tag(row, added)
        self._audit("create", key, 1)
        return added

    def _next_version(self, connection: Connection, key: Key) -> str:
        same = _named(key)
        rows = connection.execute(select(resources.c.version).where(*same)).scalars()
        numbers = [int(version) for version in rows if version.isascii() and version.isdigit()]
        return str(max(numbers, default=0) + 1)

    def _put(self, connection: Connection, given: Resource) -> Resource:
        found = connection.execute(
            select(resources.c.id, resources.c.revision, resources.c.archived).where(
                *where_key(given.key)
            )
        ).first()
        if found is None:
            raise NotFound(
                f"There is no {key_text(given.key)} in workspace `{given.key.workspace}`."
            )
        if found.revision != given.revision:
            raise Stale(
                f"{key_text(given.key)} was changed meanwhile: revision {found.revision} now.",
                hint="Read it again and repeat the change.",
            )
        put = replace(given, revision=given.revision + 1, updated_at=moment(self._now))
        facts = facts_of(put, self._memory.text_of(put.spec))
        values = {**facts, "revision": put.revision, "updated_at": self._now}
        same = (resources.c.id == found.id, resources.c.revision == given.revision)
        if connection.execute(update(resources).where(*same).values(values)).rowcount != 1:
            raise Stale(
                f"{key_text(given.key)} was changed meanwhile.",
                hint="Read it again and repeat the change.",
            )
        if found.archived != put.archived:
            self._mark_latest(connection, put.key)
        connection.execute(delete(resource_tags).where(resource_tags.c.resource == found.id))
        self._tag(found.id, put)
        self._audit("update", put.key, put.revision)
        return put

    def _remove(self, connection: Connection, key: Key) -> None:
        found = connection.execute(
            select(resources.c.id, resources.c.revision).where(*where_key(key))
        ).first()
        if found is None:
            return
        connection.execute(delete(resource_tags).where(resource_tags.c.resource == found.id))
        self._tags.pop(found.id, None)
        connection.execute(delete(resources).where(resources.c.id == found.id))
        self._memory.forget(found.id)
        self._mark_latest(connection, key)
        self._audit("delete", key, found.revision)

    def _mark_latest(self, connection: Connection, key: Key) -> None:
        """Let the newest version that is not archived be latest, else the newest of all."""
        if not kind_named(key.kind).versioned or not key.version:
            return
        same = _named(key)
        newest = connection.execute(
            select(resources.c.id)
            .where(*same, resources.c.version != "")
            .order_by(resources.c.archived, resources.c.id.desc())
            .limit(1)
        ).scalar()
        connection.execute(update(resources).where(*same).values(latest=resources.c.id == newest))

    def _tag(self, row: int, resource: Resource) -> None:
        self._tags[row] = [(row, key, value) for key, value in resource.spec.tags.items()]

    def _remember(self, connection: Connection, call: Once, key: Key) -> None:
        connection.execute(delete(once).where(once.c.until <= self._now))
        values = {"token": call.token, "digest": call.digest, "until": micros(call.until)}
        if (
            connection.execute(select(once.c.token).where(once.c.token == call.token)).first()
            is not None
        ):
            raise Conflict("The same request is being answered already.", code="idempotency_race")
        try:
            connection.execute(insert(once).values(**values, key=json.dumps(asdict(key))))
        except IntegrityError:
            raise Conflict(
                "The same request is being answered already.", code="idempotency_race"
            ) from None

    def _audit(self, verb: str, key: Key, revision: int) -> None:
        who = (self._now, self._actor.name, self._actor.request, verb)
        self._audits.append((*who, *(getattr(key, part) for part in KEYED), revision))


def _taken(key: Key) -> Conflict:
    one = kind_named(key.kind).one
    return Conflict(f"There is already {one} {key_address(key)}.", code="exists")


def _to_last(link: Link, done: Sequence[Resource]) -> Link:
    return replace(link, target=done[-1].key.reference)


def _named(key: Key) -> list[ColumnElement[bool]]:
    """Give the conditions for all versions of a name."""
    return [resources.c[part] == getattr(key, part) for part in NAMED]
