"""The collection that every kind has: create, get, list, archive, restore, delete."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Generic, TypeVar, cast

from zaffre.errors import Invalid, NotFound, ZaffreError
from zaffre.kinds.document import Document
from zaffre.kinds.listing import NARROWING, TAG
from zaffre.kinds.near import advice
from zaffre.kinds.resource import Kind
from zaffre.ml import addresses
from zaffre.ml.checking import Checked, check, placed, said
from zaffre.ml.connection import Connection
from zaffre.ml.entities import entity_of
from zaffre.ml.entity import Entity
from zaffre.ml.fields import plain
from zaffre.ml.polling import FAILED, SUCCEEDED, Poller
from zaffre.ml.preparing import prepare

E = TypeVar("E", bound=Entity)

PAGE = 100
APART = ("endpoint_name", "local", "include_secrets")
"""What Azure's lists take that narrows nothing here."""
FILTERS = (*NARROWING, *APART, "list_view_type", "compute_type", "max_results", "tags")
BUSY = {"Creating", "Updating", "Deleting", "Provisioning"}


class Collection(Generic[E]):
    """All resources of one kind in the workspace."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._entity = cast("type[E]", entity_of(kind))
        self._kind: Kind = self._entity.kind

    def create_or_update(self, entity: E, *, version: str | None = None, **_: Any) -> E:
        """Store what the entity says, under a version, and give what the server made of it."""
        document = self._document(entity)
        if version is not None and self._kind.versioned:
            document = document.with_data({**document.data, "version": str(version)})
        return self.entity(self.put(document))

    def begin_create_or_update(self, entity: E, **options: Any) -> Poller[E]:
        """Store what the entity says and give a poller that ends when it is ready."""
        stored = self.create_or_update(entity, **options)
        return self.until_ready(stored)

    begin_create = begin_create_or_update
    begin_update = begin_create_or_update

    def get(
        self, name: str, version: str | None = None, *, label: str | None = None, **rest: Any
    ) -> E:
        """Give one resource; of a versioned kind the latest version unless one is named.

        Raises:
            NotFound: there is none.
        """
        chosen = addresses.version_of(version, label)
        if self._kind.versioned and chosen is None:
            chosen = addresses.LATEST
        return self.entity(self._connection.get(self._path(name, chosen, rest)))

    def list(self, name: str | None = None, **filters: Any) -> Iterator[E]:
        """Go through all resources, newest first; with a name, through its versions.

        `max_results` ends it early; `tags`, `state`, `type`, `experiment_name`,
        `parent_job_name`, `name_contains` and `list_view_type` narrow it.

        Raises:
            TypeError: a filter is none that lists know.
        """
        path = addresses.collection(self._connection, self._kind, self._parent(filters))
        if name is not None and self._kind.versioned:
            path = f"{self._path(name, None, {})}/versions"
        elif name is not None:
            filters["name_contains"] = name
        most = filters.pop("max_results", None)
        query = _query(filters)
        query |= {"limit": max(1, min(PAGE, most))} if most is not None else {}
        return (self.entity(one) for one in islice(self.pages(path, query), most))

    def archive(
        self, name: str, version: str | None = None, *, label: str | None = None, **rest: Any
    ) -> None:
        """Hide it from lists; it stays usable."""
        self.act("archive", name, addresses.version_of(version, label), **rest)

    def restore(
        self, name: str, version: str | None = None, *, label: str | None = None, **rest: Any
    ) -> None:
        """Show it in lists again."""
        self.act("restore", name, addresses.version_of(version, label), **rest)

    def delete(self, name: str, version: str | None = None, **rest: Any) -> None:
        """Delete it and wait until it is gone."""
        self.begin_delete(name, version, **rest).result()

    def begin_delete(self, name: str, version: str | None = None, **rest: Any) -> Poller[None]:
        """Ask for it to be deleted and give a poller that ends when it is gone."""
        if self._kind.versioned and version is None:
            # Another version is the latest when this one is gone: wait for this one.
            found = self._connection.get(self._path(name, addresses.LATEST, rest))
            version = str(found["version"])
        path = self._path(name, version, rest)
        self._connection.call("DELETE", path)
        return Poller(lambda: self._gone(path), sleep=self._connection.sleep)

    def act(
        self,
        action: str,
        name: str,
        version: str | None = None,
        body: Any = None,
        *,
        revision: int | None = None,
        **rest: Any,
    ) -> Any:
        """Do one of the kind's actions and give the answer.

        Raises:
            Stale: it is no longer at the revision that is given.
        """
        path = f"{self._path(name, version, rest)}/{action}"
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return self._connection.send("POST", path, body, headers=headers)

    def put(
        self, document: Document, *, create: bool = False, here: Iterable[str] = ()
    ) -> dict[str, Any]:
        """Check a document, send what it names on this machine, then the document itself.

        With `create`, what exists already is a conflict. Paths in the fields `here` start at
        the current folder.

        Raises:
            Invalid: the document is wrong; nothing has been sent.
        """
        checked = self.checked(document, here)
        for warning in checked.warnings:
            self._connection.say(said(warning))
        ready = prepare(self._connection, self._kind.name, checked, here)
        try:
            return self._send(ready, create=create)
        except ZaffreError as error:
            # The server knows the field, only this side knows the line.
            error.problems = tuple(placed(problem, checked.source) for problem in error.problems)
            raise

    def checked(self, document: Document, here: Iterable[str] = ()) -> Checked:
        """Give a document as it will be sent.

        Raises:
            Invalid: it is wrong.
        """
        del here
        return check(self._kind, document)

    def _send(self, ready: dict[str, Any], *, create: bool) -> dict[str, Any]:
        name, version = ready.get("name"), ready.get("version")
        parent = self._parent(ready)
        whole = addresses.collection(self._connection, self._kind, parent)
        if create or not name or (self._kind.versioned and not version):
            return dict(self._connection.send("POST", whole, ready))
        path = addresses.resource(
            self._connection, self._kind, name, version and str(version), parent=parent
        )
        return dict(self._connection.send("PUT", path, ready))

    def patch(
        self, change: dict[str, Any], name: str, version: str | None = None, **rest: Any
    ) -> dict[str, Any]:
        """Change some fields of a resource; null takes one out. Paths start here."""
        ready = prepare(self._connection, self._kind.name, Checked(change, Document(change)))
        return dict(self._connection.send("PATCH", self._path(name, version, rest), ready))

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Go through a list of the server, fetching each page when it is reached."""
        return pages(self._connection, path, query)

    def entity(self, document: Mapping[str, Any]) -> E:
        """Give the entity of a document that the server sent."""
        return self._entity.from_document(document)

    def until_ready(self, stored: E, tick: Callable[[str], None] = lambda _: None) -> Poller[E]:
        """Give a poller that ends when a stored resource is ready or has failed."""
        document = stored.to_dict()
        path = self._path(document["name"], document.get("version"), document)

        def look() -> tuple[str, E, str | None]:
            now = self._connection.get(path)
            state = now.get("provisioning_state") or SUCCEEDED
            return (
                state if state in BUSY or state == FAILED else SUCCEEDED,
                self.entity(now),
                reason(now),
            )

        return Poller(look, tick=tick, sleep=self._connection.sleep, clock=time.monotonic)

    def _document(self, entity: Any) -> Document:
        if not isinstance(entity, Entity) or entity.kind.name != self._kind.name:
            raise Invalid(f"A {type(entity).__name__} is no {self._kind.title.lower()}.")
        return entity.as_document()

    def _path(self, name: str, version: str | None, rest: Mapping[str, Any]) -> str:
        return addresses.resource(
            self._connection, self._kind, name, version, parent=self._parent(rest)
        )

    def _parent(self, given: Mapping[str, Any]) -> str | None:
        return given.get(self._kind.parent_field) if self._kind.parent else None

    def _gone(self, path: str) -> tuple[str, None, str | None]:
        try:
            now = self._connection.get(path)
        except NotFound:
            return SUCCEEDED, None, None
        # A deleted run stays restorable among MLflow's deleted ones, and there it is found.
        if now.get("type") == "run" and now.get("archived"):
            return SUCCEEDED, None, None
        state = now.get("provisioning_state")
        return (FAILED if state == FAILED else "Deleting"), None, reason(now)


def pages(connection: Connection, path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Go through a list of the server, fetching each page when it is reached."""
    after: dict[str, str] = {}
    while True:
        page = connection.get(path, {"limit": PAGE, **query, **after})
        yield from page["items"]
        if not page.get("next"):
            return
        after = {"after": page["next"]}


def reason(document: Mapping[str, Any]) -> str | None:
    """Give why a resource failed, as the server says it."""
    error = document.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or error)
    return str(error) if error else None


def _query(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the server's words for a list's filters, Azure's names included.

    Raises:
        TypeError: a filter is none that lists know.
    """
    for name in filters:
        if name not in FILTERS:
            raise TypeError(f"list() knows no filter `{name}`. {advice(name, FILTERS)}")
    query = {
        name: value for name, value in filters.items() if value is not None and name not in APART
    }
    view = query.pop("list_view_type", None)
    if view is not None:
        query["archived"] = {"ACTIVE_ONLY": "false", "ARCHIVED_ONLY": "true", "ALL": "all"}[
            plain(view)
        ]
    if "compute_type" in query:
        query["type"] = query.pop("compute_type")
    for name, value in (query.pop("tags", None) or {}).items():
        query[f"{TAG}{name}"] = value
    return {name: plain(value) for name, value in query.items()}
