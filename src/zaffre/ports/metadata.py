"""The metadata socket: documents of every kind, written in atomic batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from zaffre.kinds.resource import Key, Resource


@dataclass(frozen=True)
class Add:
    """Store a new resource. A versioned kind with version "" gets the next whole number."""

    resource: Resource


@dataclass(frozen=True)
class Put:
    """Replace a resource whose stored revision is the one given."""

    resource: Resource


@dataclass(frozen=True)
class Remove:
    """Take a resource out; nothing happens if it is not there."""

    key: Key


@dataclass(frozen=True)
class Link:
    """Record that `target` came of `source`. Writing the same link twice keeps one.

    Both ends are references (`Key.reference`, `tree:<digest>`). A target of "" is the resource
    that the same batch added last, whose version may not be known before.
    """

    source: str
    relation: str
    target: str = ""


Write = Add | Put | Remove | Link


@dataclass(frozen=True)
class Once:
    """An idempotent request: its token, its body's digest, and until when it is remembered.

    `kind` is what it creates; what is created on the way there (a model written inside a
    deployment) does not count.
    """

    token: str
    digest: str
    until: datetime
    kind: str


@dataclass(frozen=True)
class Actor:
    """Who does it, for the audit log: a principal, the request's id, and its idempotency."""

    name: str = "server"
    request: str = ""
    once: Once | None = None


SERVER = Actor()
"""The server itself, when nobody asked."""


@dataclass(frozen=True)
class Browse:
    """Which resources to list, newest first unless `ascending`.

    `workspace` "" means all. `where` maps facts (`parent`, `name`, `version`, `state`,
    `experiment_name`, `type`) to the value wanted, or to several of which one must match. `tags`
    must all match; `name_contains` filters by substring; `after` is the cursor of the page before.
    Of versioned kinds only the latest version of each name is listed unless `versions` is set; a
    container (version "") only where `version` is asked to be "".
    """

    kind: str
    workspace: str = ""
    where: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    name_contains: str = ""
    archived: bool | None = False
    versions: bool = False
    ascending: bool = False
    limit: int = 100
    after: str = ""


@dataclass(frozen=True)
class Page:
    """Some resources and the cursor of the next page ("" at the end)."""

    items: Sequence[Resource]
    next: str = ""


@dataclass(frozen=True)
class Change:
    """One write of one resource; `mark` grows from each to the next."""

    mark: int
    verb: str
    key: Key
    revision: int


class MetadataStore(Protocol):
    """Keeps resources. Every method is safe to call from any thread."""

    def get(self, key: Key) -> Resource:
        """Give a resource; version "latest" means the one created last that is not archived.

        Raises:
            NotFound: there is no such resource.
        """

    def browse(self, query: Browse) -> Page:
        """List resources; paging is stable while others write."""

    def apply(self, writes: Sequence[Write], actor: Actor = SERVER) -> list[Resource]:
        """Do all writes or none, durably, and give the resources added or put, in order.

        If the actor carries a `once` and the writes add a resource of its kind, the first one
        added is remembered under its token in the same transaction.

        Raises:
            Conflict: an added resource exists already, or the token is taken.
            Stale: a put resource has another revision now.
            NotFound: a put resource is gone.
        """

    def links(self, reference: str, *, up: bool) -> list[Link]:
        """List the links that end at a reference (`up`) or start from it."""

    def changes(self, workspace: str, after: int | None, limit: int = 500) -> Sequence[Change]:
        """List what was written in a workspace after a mark, oldest first; None gives the last."""

    def recall(self, once: Once) -> Key | None:
        """Give the key of the resource that an earlier call with this token added, if any.

        Raises:
            Invalid: the token came with another digest.
        """
