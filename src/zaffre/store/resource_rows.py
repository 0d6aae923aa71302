"""Rows of the resource table, as resources and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from zaffre.kinds.names import LATEST
from zaffre.kinds.registry import kind as kind_named
from zaffre.kinds.resource import Key, Resource, Spec


def micros(moment: datetime) -> int:
    """Give a moment as microseconds since 1970, UTC."""
    return round(moment.timestamp() * 1_000_000)


def moment(value: int) -> datetime:
    """Give the moment of microseconds since 1970."""
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def key_text(key: Key) -> str:
    """Give a key as messages name it."""
    return f"{kind_named(key.kind).title.lower()} {key_address(key)}"


def key_address(key: Key) -> str:
    """Give what a key says beside its kind."""
    where = f"{key.parent}/{key.name}" if key.parent else key.name
    version = f" version {key.version}" if key.version not in ("", LATEST) else ""
    return f"`{where}`{version}"


def facts_of(resource: Resource, text: str | None = None) -> dict[str, Any]:
    """Give the columns that follow from a resource's documents; of its spec, the text if known."""
    spec, status = resource.spec, resource.status
    state = getattr(status, "status", None) or getattr(status, "provisioning_state", None)
    return {
        "archived": resource.archived,
        "state": str(state or ""),
        "type": str(getattr(spec, "type", None) or ""),
        "experiment_name": str(getattr(spec, "experiment_name", None) or ""),
        "spec": text or spec.model_dump_json(exclude_unset=True, by_alias=True),
        "status": status.model_dump_json(exclude_defaults=True),
    }


def key_of(row: Row[Any]) -> Key:
    """Give the key of what a row stores."""
    return Key(row.kind, row.workspace, row.name, row.version, row.parent)


def resource_of(row: Row[Any], spec: Spec | None = None) -> Resource:
    """Give the resource that a row stores; its spec is parsed unless it is given."""
    defined = kind_named(row.kind)
    container = defined.versioned and not row.version
    return Resource(
        key=key_of(row),
        spec=spec or _spec_of(row, defined.container if container else None),
        status=defined.status.model_validate_json(row.status),
        revision=row.revision,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        created_by=row.created_by,
        archived=row.archived,
        container=container,
    )


def _spec_of(row: Row[Any], container: type[Spec] | None) -> Spec:
    document = json.loads(row.spec)
    wanted = container or kind_named(row.kind).spec_for(document)
    return wanted.model_validate(document)
