"""Rows of the resource table, as resources and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from zaffre.kinds.names import LATEST
from zaffre.kinds.registry import kind as kind_named
from zaffre.kinds.resource import Key, Resource


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


def facts_of(resource: Resource) -> dict[str, Any]:
    """Give the columns that follow from a resource's documents."""
    spec, status = resource.spec, resource.status
    state = getattr(status, "status", None) or getattr(status, "provisioning_state", None)
    return {
        "archived": resource.archived,
        "state": str(state or ""),
        "type": str(getattr(spec, "type", None) or ""),
        "experiment_name": str(getattr(spec, "experiment_name", None) or ""),
        "spec": spec.model_dump_json(exclude_unset=True, by_alias=True),
        "status": status.model_dump_json(exclude_defaults=True),
    }


def resource_of(row: Row[Any]) -> Resource:
    """Give the resource that a row stores."""
    defined = kind_named(row.kind)
    document = json.loads(row.spec)
    container = defined.versioned and not row.version
    spec = defined.container if container and defined.container else defined.spec_for(document)
    return Resource(
        key=Key(row.kind, row.workspace, row.name, row.version, row.parent),
        spec=spec.model_validate(document),
        status=defined.status.model_validate_json(row.status),
        revision=row.revision,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        created_by=row.created_by,
        archived=row.archived,
        container=container,
    )
