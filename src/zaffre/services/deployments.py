"""Online deployments: what is asked of them, and what is known of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict, Stale
from zaffre.kinds.acceleration import Compiled
from zaffre.kinds.endpoint import OnlineDeploymentStatus
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.kinds.revision import DeploymentEvent, Load, MirrorCounts
from zaffre.ports.metadata import Add, Browse, Link, Page, Put, Remove, Write
from zaffre.services import gateway, resources
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_spec, deployment_status, endpoint_spec
from zaffre.services.launches import ASKED, launch_of, links_of, sized
from zaffre.services.rollouts import (
    CREATING,
    FAILED,
    UPDATING,
    advance,
    moved,
    sweep,
    unfinished,
)

__all__ = [
    "advance",
    "browse",
    "create",
    "delete",
    "logs",
    "show",
    "sweep",
    "unfinished",
    "update",
]

TRIES = 5
LOG_BYTES = 8 << 20


def create(ctx: Context, key: Key, spec: Spec, *, launched: Spec | None = None) -> Resource:
    """Store a deployment and begin to prepare it; it gets no traffic by itself.

    `launched` is what its revision is made of, if not of the document as it stands.

    Raises:
        NotFound: the endpoint, or what it names, is not there.
        Invalid: it cannot be served as it is written.
        Conflict: it exists already.
    """
    spec = deployment_spec(spec)
    _endpoint(ctx, key)
    launch = launch_of(ctx, key, deployment_spec(launched or spec))
    made = Resource(key, spec, OnlineDeploymentStatus(coming=launch))
    return _with_share(ctx, key, [Add(made), *links_of(launch, key.workspace, "")], share=0)[0]


def update(
    ctx: Context,
    found: Resource,
    spec: Spec,
    revision: int | None,
    *,
    launched: Spec | None = None,
) -> Resource:
    """Change a deployment: a new revision takes over when ready, other numbers at once.

    `launched` is what a new revision is made of, if not of the document as it stands.

    Raises:
        Invalid: it cannot be served as it is written.
        NotFound: what it names is not there.
        Stale: somebody changed it meanwhile.
    """
    spec, before = deployment_spec(spec), deployment_spec(found.spec)
    status = deployment_status(found)
    resources.check_revision(found, revision)
    if spec == before and status.provisioning_state != FAILED:
        return found
    same = all(getattr(spec, name) == getattr(before, name) for name in ASKED)
    current = status.coming or status.serving
    links: list[Link] = []
    if same and current is not None and status.provisioning_state != FAILED:
        which = "coming" if status.coming else "serving"
        changed: dict[str, Any] = {which: sized(current, spec)}
    else:
        launch = launch_of(ctx, found.key, deployment_spec(launched or spec))
        changed = {"coming": launch}
        links = links_of(launch, found.key.workspace, found.key.reference)
    state = CREATING if status.provisioning_state == CREATING else UPDATING
    after = moved(status, state, error=None, **changed)
    made = ctx.metadata.apply([Put(replace(found, spec=spec, status=after)), *links], ctx.actor)[0]
    gateway.publish(ctx)
    return made


def delete(ctx: Context, key: Key) -> None:
    """Delete a deployment; calls that it has are still answered.

    Raises:
        NotFound: there is none.
        Conflict: it takes traffic.
    """
    found = ctx.metadata.get(key)
    spec = endpoint_spec(_endpoint(ctx, key).spec)
    for field, shares in (("traffic", spec.traffic), ("mirror_traffic", spec.mirror_traffic)):
        if shares.get(key.name):
            raise Conflict(
                f"Deployment `{key.name}` gets {shares[key.name]} % of the endpoint's {field}.",
                hint=f"Give its share to others first (`zaffre online-endpoint update -n"
                f" {key.parent} --{field.replace('_', '-')} ...`), or delete the endpoint.",
                code="has_traffic",
            )
    _with_share(ctx, key, [Remove(found.key)], share=None)
    gateway.publish(ctx)
    gateway.log_of(ctx.home, key).unlink(missing_ok=True)


def show(ctx: Context, key: Key) -> Resource:
    """Give a deployment with how many instances answer now.

    Raises:
        NotFound: there is none.
    """
    return _alive(ctx.metadata.get(key), gateway.observed(ctx))


def browse(ctx: Context, query: Browse) -> Page:
    """List deployments with how many instances answer now."""
    seen = gateway.observed(ctx)
    return resources.browse_shown(ctx, query, lambda found: _alive(found, seen))


def logs(ctx: Context, key: Key, lines: int) -> str:
    """Give the last lines that the scoring script and its worker wrote.

    Raises:
        NotFound: there is no such deployment.
    """
    ctx.metadata.get(key)
    try:
        with gateway.log_of(ctx.home, key).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_BYTES))
            tail = file.read(LOG_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "".join(tail.splitlines(keepends=True)[-lines:])


def _with_share(
    ctx: Context, key: Key, writes: list[Write], *, share: int | None
) -> list[Resource]:
    """Write together with the deployment's share in the endpoint's traffic (None takes it out)."""
    attempts = 0
    while True:
        attempts += 1
        endpoint = _endpoint(ctx, key)
        spec = endpoint_spec(endpoint.spec)
        changed = {
            field: _shares(getattr(spec, field), key.name, share if field == "traffic" else None)
            for field in ("traffic", "mirror_traffic")
        }
        put = Put(replace(endpoint, spec=spec.model_copy(update=changed)))
        try:
            return ctx.metadata.apply([*writes, put], ctx.actor)
        except Stale:
            if attempts == TRIES:
                raise


def _shares(shares: Mapping[str, int], name: str, share: int | None) -> dict[str, int]:
    others = {other: part for other, part in shares.items() if other != name}
    return others if share is None else {**others, name: share}


def _alive(found: Resource, seen: Mapping[str, Mapping[str, Any]]) -> Resource:
    status = deployment_status(found)
    if status.serving is None:
        return found
    version = gateway.model_name(status.serving) or None
    known = seen.get(status.serving.id)
    if not known:
        return replace(found, status=status.model_copy(update={"model_version": version}))
    seen_now: dict[str, Any] = {
        "model_version": version,
        "ready_instances": int(known.get("instances") or 0),
        "wanted_instances": known.get("wanted"),
    }
    if known.get("compiled"):
        seen_now["compiled"] = Compiled.model_validate(known["compiled"])
    if "requests" in known:
        facts = {name: known[name] for name in Load.model_fields if name in known}
        seen_now["load"] = Load.model_validate(facts)
    if known.get("events"):
        seen_now["events"] = tuple(map(DeploymentEvent.model_validate, known["events"]))
    if known.get("mirror"):
        seen_now["mirror"] = MirrorCounts.model_validate(known["mirror"])
    return replace(found, status=status.model_copy(update=seen_now))


def _endpoint(ctx: Context, key: Key) -> Resource:
    return ctx.metadata.get(Key("online_endpoint", key.workspace, key.parent))
