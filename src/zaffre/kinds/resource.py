"""What all kinds share: spec, status, the stored resource, and the definition of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Json = Any
"""A value that JSON can hold; the wire form of documents before they are parsed."""


class Spec(BaseModel):
    """What the user asks for. Unknown fields are refused; a spec never changes in place."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
        coerce_numbers_to_str=True,
        defer_build=True,
    )

    description: str | None = Field(default=None, title="Description", description="Free text.")
    tags: dict[str, str] = Field(
        default_factory=dict, title="Tags", description="Labels to find it by."
    )
    properties: dict[str, str] = Field(
        default_factory=dict, title="Properties", description="Facts that tools record."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on: pairs of a field and a sentence."""
        return ()


class Status(BaseModel):
    """What the server reports; only services write it. Its fields are named unlike the spec's.

    Fields in `hidden` are for the services alone: no answer shows them.
    """

    hidden: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(
        extra="ignore", frozen=True, protected_namespaces=(), defer_build=True
    )


@dataclass(frozen=True)
class Action:
    """A verb of one kind beyond create, show, list, update, delete, archive, restore."""

    name: str
    help: str


@dataclass(frozen=True)
class Kind:
    """One kind of resource: its words, its spec and status, and how a person sees it.

    `name` is snake case (`online_endpoint`), `noun` the command line's (`online-endpoint`),
    `plural` the path's (`online-endpoints`). A versioned kind may have a `container`: the spec of
    what is said of a name as a whole, stored under version "". `variants` maps the value of `type`
    to a spec where kinds come in types. `inside` says of types that are written inside
    another document how, `later` names those not supported yet, `reported` those that only the
    server makes. `parent` is the kind whose name is part of the address;
    documents give it as `parent_field` (a deployment's `endpoint_name`).
    """

    name: str
    noun: str
    plural: str
    title: str
    spec: type[Spec]
    status: type[Status]
    columns: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    versioned: bool = False
    container: type[Spec] | None = None
    parent: str | None = None
    parent_field: str = ""
    inside: Mapping[str, str] = field(default_factory=dict)
    later: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    variants: Mapping[str, type[Spec]] = field(default_factory=dict)
    default_variant: str | None = None
    example: str = ""

    @property
    def one(self) -> str:
        """Give it as a sentence speaks of one: `a job`, `an online endpoint`."""
        title = self.title.lower()
        return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"

    def spec_for(self, document: Mapping[str, Json]) -> type[Spec]:
        """Give the spec class for a document, by its `type` where the kind has variants."""
        chosen = document.get("type") or self.default_variant
        return self.variants.get(str(chosen), self.spec) if self.variants else self.spec


@dataclass(frozen=True)
class Key:
    """What a resource is addressed by.

    `parent` is a deployment's endpoint, else empty; `version` is empty for kinds that have none.
    """

    kind: str
    workspace: str
    name: str
    version: str = ""
    parent: str = ""

    @property
    def reference(self) -> str:
        """Give what links call it: `data:default/iris:1`, `compute:default/local`."""
        name = f"{self.parent}/{self.name}" if self.parent else self.name
        version = f":{self.version}" if self.version else ""
        return f"{self.kind}:{self.workspace}/{name}{version}"


@dataclass(frozen=True)
class Resource:
    """A stored resource. `revision` counts its writes from 1; 0 means not stored yet.

    `container` marks what is said of a versioned name as a whole (version "").
    """

    key: Key
    spec: Spec
    status: Status
    revision: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str = ""
    archived: bool = False
    container: bool = False
