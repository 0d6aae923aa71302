"""The wire form: a resource as one flat JSON object, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from zaffre.errors import Invalid
from zaffre.kinds.registry import kind_of
from zaffre.kinds.resource import Json, Key, Kind, Resource

SYSTEM = frozenset(
    {"id", "kind", "workspace", "revision", "archived", "creation_context", "resourceGroup"}
)
"""Fields of the wire form that belong to neither spec nor status and that nobody can set."""


def identifier(kind: Kind, key: Key) -> str:
    """Give the `id` of a resource: `azureml:name:version`, or its plain name."""
    return f"azureml:{key.name}:{key.version}" if kind.versioned and key.version else key.name


def document_of(resource: Resource) -> dict[str, Json]:
    """Give what the user asked for as a document: identity and spec, no status."""
    kind, key = kind_of(resource.key.kind), resource.key
    flat: dict[str, Json] = {"name": key.name}
    if kind.versioned and key.version:
        flat["version"] = key.version
    if kind.parent_field and key.parent:
        flat[kind.parent_field] = key.parent
    return flat | resource.spec.model_dump(mode="json", exclude_none=True)


def to_wire(resource: Resource) -> dict[str, Json]:
    """Give a resource as a flat JSON object: document, status and what the store knows."""
    kind, key = kind_of(resource.key.kind), resource.key
    flat = document_of(resource)
    status = resource.status
    flat |= status.model_dump(mode="json", exclude_none=True, exclude=set(status.hidden))
    flat |= {
        "id": identifier(kind, key),
        "kind": kind.name,
        "workspace": key.workspace,
        "revision": resource.revision,
        "archived": resource.archived,
        "creation_context": {
            "created_at": _moment(resource.created_at),
            "created_by": resource.created_by,
            "last_modified_at": _moment(resource.updated_at),
        },
    }
    return flat


def from_wire(flat: Mapping[str, Json]) -> Resource:
    """Give the resource that a flat JSON object of the server stands for.

    Raises:
        Invalid: it is no such object.
    """
    try:
        kind = kind_of(flat["kind"])
        spec_type = kind.spec_for(flat)
        key = Key(
            kind.name,
            str(flat.get("workspace", "")),
            str(flat["name"]),
            str(flat.get("version", "")) if kind.versioned else "",
            str(flat.get(kind.parent_field, "")) if kind.parent_field else "",
        )
        context = flat.get("creation_context") or {}
        return Resource(
            key,
            spec_type.model_validate(_only(flat, spec_type.model_fields)),
            kind.status.model_validate(_only(flat, kind.status.model_fields)),
            int(flat.get("revision", 0)),
            _parsed(context.get("created_at")),
            _parsed(context.get("last_modified_at")),
            str(context.get("created_by") or ""),
            archived=bool(flat.get("archived", False)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"This is no resource in wire form: {error}") from error


def _only(flat: Mapping[str, Json], fields: Mapping[str, object]) -> dict[str, Json]:
    return {name: value for name, value in flat.items() if name in fields}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _parsed(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
