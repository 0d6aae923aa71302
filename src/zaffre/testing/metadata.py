"""A metadata store in memory; `MetadataContract` holds its promises."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from zaffre.errors import Conflict, Invalid, NotFound, Stale
from zaffre.kinds.registry import kind as kind_named
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.clock import Clock
from zaffre.ports.metadata import (
    SERVER,
    Actor,
    Add,
    Browse,
    Change,
    Link,
    Once,
    Page,
    Put,
    Remove,
    Write,
)

FACTS = ("parent", "name", "version", "state", "experiment_name", "type")


@dataclass
class _State:
    """All that is stored; copied for each batch, so that a failing one leaves nothing."""

    rows: dict[Key, tuple[int, Resource]] = field(default_factory=dict)
    links: dict[Link, None] = field(default_factory=dict)
    calls: dict[str, tuple[Once, Key]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    last: int = 0


class FakeMetadata:
    """Keeps resources in memory, with all that the port promises but durability."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._state = _State()

    def get(self, key: Key) -> Resource:
        """Give a resource."""
        with self._lock:
            return _find(self._state, key)

    def browse(self, query: Browse) -> Page:
        """List resources."""
        if query.after and not (query.after.isdecimal() and len(query.after) < 19):
            raise Invalid("`after` is no cursor of this list.")
        with self._lock:
            rows = sorted(self._state.rows.values(), key=lambda row: row[0])
            found = [row for row in rows if _matches(self._state, row[1], query)]
        found = found if query.ascending else found[::-1]
        if query.after:
            cursor = int(query.after)
            found = [
                row for row in found if (row[0] > cursor if query.ascending else row[0] < cursor)
            ]
        page = found[: query.limit]
        return Page([row[1] for row in page], str(page[-1][0]) if len(found) > len(page) else "")

    def apply(self, writes: Sequence[Write], actor: Actor = SERVER) -> list[Resource]:
        """Do all writes or none."""
        with self._lock:
            now = self._state
            work = _State(
                dict(now.rows), dict(now.links), dict(now.calls), [*now.changes], now.last
            )
            batch = _Batch(work, actor, self._clock.now())
            for write in writes:
                batch.do(write)
            batch.remember()
            self._state = work
            return batch.done

    def links(self, reference: str, *, up: bool) -> list[Link]:
        """List the links at one end."""
        with self._lock:
            found = [
                link
                for link in self._state.links
                if (link.target if up else link.source) == reference
            ]
        return sorted(found, key=lambda link: (link.source, link.target))

    def changes(self, workspace: str, after: int | None, limit: int = 500) -> Sequence[Change]:
        """List writes after a mark."""
        with self._lock:
            found = [one for one in self._state.changes if one.key.workspace == workspace]
        if after is None:
            return found[-1:]
        return [one for one in found if one.mark > after][:limit]

    def recall(self, once: Once) -> Key | None:
        """Give the key of what an earlier call added."""
        with self._lock:
            known = self._state.calls.get(once.token)
        if known is None or known[0].until <= self._clock.now():
            return None
        if known[0].digest != once.digest:
            raise Invalid("This key was used for another request.", code="idempotency_key_reused")
        return known[1]


class _Batch:
    """One batch of writes."""

    def __init__(self, state: _State, actor: Actor, now: datetime) -> None:
        self._state = state
        self._actor = actor
        self._now = now
        self.done: list[Resource] = []
        self._first: Key | None = None

    def do(self, write: Write) -> None:
        """Do one write."""
        if isinstance(write, Add):
            self.done.append(self._add(write.resource))
            self._first = self._first or self._counted(self.done[-1].key)
        elif isinstance(write, Put):
            self.done.append(self._put(write.resource))
        elif isinstance(write, Remove):
            gone = self._state.rows.pop(write.key, None)
            if gone is not None:
                self._note("delete", gone[1])
        else:
            target = write.target or self.done[-1].key.reference
            self._state.links[replace(write, target=target)] = None

    def _counted(self, key: Key) -> Key | None:
        once = self._actor.once
        return key if once is not None and once.kind == key.kind else None

    def remember(self) -> None:
        """Keep the key of the first resource added under the call's token."""
        once = self._actor.once
        if once is None or self._first is None:
            return
        known = self._state.calls.get(once.token)
        if known is not None and known[0].until > self._now:
            raise Conflict("The same request is being answered.", code="idempotency_race")
        self._state.calls[once.token] = (once, self._first)

    def _add(self, given: Resource) -> Resource:
        key = given.key
        if kind_named(key.kind).versioned and not key.version and not given.container:
            key = replace(key, version=self._next_version(key))
        if key in self._state.rows:
            raise Conflict(f"There is already a {key.kind} `{key.name}`.", code="exists")
        added = replace(
            given,
            key=key,
            revision=1,
            created_at=given.created_at or self._now,
            updated_at=self._now,
            created_by=given.created_by or self._actor.name,
        )
        self._state.last += 1
        self._state.rows[key] = (self._state.last, added)
        self._note("create", added)
        return added

    def _put(self, given: Resource) -> Resource:
        row = self._state.rows.get(given.key)
        if row is None:
            raise NotFound(f"There is no {given.key.kind} `{given.key.name}`.")
        if row[1].revision != given.revision:
            raise Stale(f"{given.key.kind} `{given.key.name}` was changed meanwhile.")
        put = replace(given, revision=given.revision + 1, updated_at=self._now)
        self._state.rows[given.key] = (row[0], put)
        self._note("update", put)
        return put

    def _note(self, verb: str, written: Resource) -> None:
        changes = self._state.changes
        changes.append(Change(len(changes) + 1, verb, written.key, written.revision))

    def _next_version(self, key: Key) -> str:
        same = [other.version for other in self._state.rows if _same_name(other, key)]
        return str(max((int(text) for text in same if text.isdecimal()), default=0) + 1)


def _same_name(one: Key, other: Key) -> bool:
    return replace(one, version="") == replace(other, version="")


def _find(state: _State, key: Key) -> Resource:
    if key.version == "latest":
        key = _latest(state, key) or key
    row = state.rows.get(key)
    if row is None:
        raise NotFound(f"There is no {key.kind} `{key.name}` in workspace `{key.workspace}`.")
    return row[1]


def _latest(state: _State, key: Key) -> Key | None:
    same = [row for other, row in state.rows.items() if _same_name(other, key) and other.version]
    open_ones = [row for row in same if not row[1].archived]
    newest = max(open_ones or same, key=lambda row: row[0], default=None)
    return newest[1].key if newest else None


def _matches(state: _State, found: Resource, query: Browse) -> bool:
    key = found.key
    wrong_place = key.kind != query.kind or query.workspace not in ("", key.workspace)
    if wrong_place or query.archived not in (None, found.archived):
        return False
    if "version" not in query.where and not _is_listed(state, key, query):
        return False
    tags = found.spec.tags
    return (
        query.name_contains in key.name
        and all(tags.get(name) == value for name, value in query.tags.items())
        and all(_has(found, fact, wanted) for fact, wanted in query.where.items())
    )


def _is_listed(state: _State, key: Key, query: Browse) -> bool:
    """Say whether a list shows this version; of kinds without versions it shows all."""
    if not kind_named(key.kind).versioned:
        return True
    return bool(key.version) and (query.versions or _latest(state, key) == key)


def _has(found: Resource, fact: str, wanted: str | tuple[str, ...]) -> bool:
    if fact not in FACTS:
        raise Invalid(f"Lists cannot be filtered by `{fact}`.")
    values = wanted if isinstance(wanted, tuple) else (wanted,)
    return _fact(found, fact) in values


def _fact(found: Resource, fact: str) -> str:
    if fact in ("parent", "name", "version"):
        return str(getattr(found.key, fact))
    if fact == "state":
        status = found.status
        state = getattr(status, "status", None) or getattr(status, "provisioning_state", None)
        return str(state or "")
    return str(getattr(found.spec, fact, None) or "")
