"""Who still needs a version of an asset: deployments that serve it, jobs that have not ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zaffre.errors import Conflict
from zaffre.kinds.batch_deployment import BatchDeploymentStatus, ScoringTask
from zaffre.kinds.endpoint import OnlineDeploymentStatus
from zaffre.kinds.job_state import UNFINISHED
from zaffre.kinds.reference import Asset
from zaffre.kinds.registry import all_kinds, kind_of
from zaffre.kinds.resource import Json, Key, Kind, Resource
from zaffre.kinds.revision import Launch
from zaffre.ports.metadata import Browse
from zaffre.services import resources
from zaffre.services.context import Context

MOST_NAMED = 5
_STATES = tuple(state.value for state in UNFINISHED)


def refuse_used(ctx: Context, key: Key) -> None:
    """Refuse to take away a version that something needs.

    Raises:
        Conflict: something does; it is named.
    """
    found = [f"{_kind(one).title.lower()} `{_called(one.key)}`" for one in users(ctx, key)]
    if not found:
        return
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    kind = kind_of(key.kind)
    raise Conflict(
        f"{kind.title} `{key.name}` version {key.version} is used by"
        f" {', '.join(found[:MOST_NAMED])}{more}.",
        hint="Take it out of use first, or hide it:"
        f" `zaffre {kind.noun} archive -n {key.name} -v {key.version}`.",
        code="in_use",
    )


def delete(ctx: Context, key: Key) -> None:
    """Delete a version that nothing needs.

    Raises:
        NotFound: there is none.
        Conflict: a deployment or an unfinished job needs it.
    """
    found = ctx.metadata.get(key)
    refuse_used(ctx, found.key)
    resources.delete(ctx, found.key)


def users(ctx: Context, key: Key) -> Iterator[Resource]:
    """Give the deployments and the unfinished jobs that need a version."""
    for kind in all_kinds():
        if kind.parent:
            query = Browse(kind.name, key.workspace, archived=None)
            yield from (one for one in resources.every(ctx, query) if _serves(one, key))
    query = Browse("job", key.workspace, where={"state": _STATES}, archived=None)
    text = str(Asset(key.name, key.version))
    yield from (one for one in resources.every(ctx, query) if text in set(_needs(one)))


def environments_in_use(ctx: Context, workspace: str) -> dict[str, list[str]]:
    """Give who needs each environment of a workspace now, by the environment's reference."""
    found: dict[str, list[str]] = {}
    for kind in all_kinds():
        if kind.parent:
            for one in resources.every(ctx, Browse(kind.name, workspace, archived=None)):
                for text in {getattr(pinned, "environment", None) for pinned in _pinned(one)}:
                    found.setdefault(str(text), []).append(_called(one.key))
    query = Browse("job", workspace, where={"state": _STATES}, archived=None)
    for one in resources.every(ctx, query):
        found.setdefault(str(getattr(one.status, "environment_id", None)), []).append(one.key.name)
    return found


def _serves(deployment: Resource, key: Key) -> bool:
    text = str(Asset(key.name, key.version))
    if getattr(deployment.spec, key.kind, None) == text:
        return True
    return any(
        key.reference == pinned.model_reference
        or (key.kind == "environment" and pinned.environment == text)
        for pinned in _pinned(deployment)
    )


def _pinned(deployment: Resource) -> Iterator[Launch | ScoringTask]:
    status = deployment.status
    if isinstance(status, OnlineDeploymentStatus):
        yield from (one for one in (status.coming, status.serving, status.fallback) if one)
    if isinstance(status, BatchDeploymentStatus) and status.task is not None:
        yield status.task


def _needs(job: Resource) -> Iterator[str]:
    pinned: dict[str, Any] = {
        name: getattr(job.status, name, None) for name in ("environment_id", "resolved_inputs")
    }
    yield from _texts([job.spec.model_dump(mode="json"), pinned])


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _kind(found: Resource) -> Kind:
    return kind_of(found.key.kind)


def _called(key: Key) -> str:
    return f"{key.parent}/{key.name}" if key.parent else key.name
