"""Names and versions of models in MLflow's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zaffre.kinds.model import ModelSpec, ModelStatus
from zaffre.kinds.resource import Resource
from zaffre.services.registry import STAGES, aliases_of, newest, stage_of
from zaffre.services.registry_search import millis


def container_form(found: Resource, versions: Sequence[Resource] = ()) -> dict[str, Any]:
    """Give a name: its tags, aliases, and the newest version in each stage."""
    aliases = aliases_of(found)
    touched = max([found.updated_at, *(one.created_at for one in versions)], key=millis)
    form: dict[str, Any] = {
        "name": found.key.name,
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(touched),
        "tags": pairs(found.spec.tags),
        "aliases": [{"alias": word, "version": of} for word, of in aliases.items()],
        "latest_versions": [version_form(one, aliases) for one in newest(versions, set(STAGES))],
    }
    if found.spec.description:
        form["description"] = found.spec.description
    return form


def version_form(found: Resource, aliases: Mapping[str, str]) -> dict[str, Any]:
    """Give a version."""
    spec, status = found.spec, found.status
    form: dict[str, Any] = {
        "name": found.key.name,
        "version": found.key.version,
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(found.updated_at),
        "user_id": found.created_by,
        "current_stage": stage_of(found),
        "description": spec.description or "",
        "source": spec.path if isinstance(spec, ModelSpec) else "",
        "status": "READY",
        "tags": pairs(spec.tags),
        "aliases": [word for word, of in aliases.items() if of == found.key.version],
    }
    if isinstance(status, ModelStatus):
        form |= {"run_id": status.job_name or "", "run_link": status.run_link or ""}
        form |= {"model_id": status.model_id} if status.model_id else {}
    return form


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Give a mapping as a list of `key` and `value`."""
    return [{"key": key, "value": value} for key, value in values.items()]
