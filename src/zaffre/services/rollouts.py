"""How deployments become what they shall be: prepared, handed to the gateway, and watched."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zaffre.errors import Conflict, Failed, NotFound, Stale
from zaffre.kinds.endpoint import EndpointError, OnlineDeploymentStatus
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.revision import Launch
from zaffre.ports.builder import Broken, Building, Retry
from zaffre.ports.metadata import Browse, Link, Put
from zaffre.services import environments, gateway, resources, serving_files
from zaffre.services.context import Context
from zaffre.services.endpoint_parts import deployment_status, revision_reference
from zaffre.services.launches import links_of

CREATING, UPDATING, SUCCEEDED, FAILED = "Creating", "Updating", "Succeeded", "Failed"
NEXT: Mapping[str, frozenset[str]] = {
    CREATING: frozenset({CREATING, SUCCEEDED, FAILED}),
    UPDATING: frozenset({UPDATING, SUCCEEDED, FAILED}),
    SUCCEEDED: frozenset({UPDATING}),
    FAILED: frozenset({CREATING, UPDATING}),
}
"""Which state may follow which; deleting a deployment removes it."""
KEPT = "What was deployed before goes on serving."


def unfinished(ctx: Context) -> list[Key]:
    """List the deployments that are not yet what they shall be."""
    query = Browse(
        "online_deployment", where={"state": (CREATING, UPDATING)}, archived=None, limit=1000
    )
    return [found.key for found in ctx.metadata.browse(query).items]


def advance(ctx: Context, key: Key) -> bool:
    """Take a deployment one step further; true if it moved. Taken twice, a step does no harm."""
    try:
        found = ctx.metadata.get(key)
        status = deployment_status(found)
        if status.coming is not None:
            return _prepare(ctx, found, status.coming)
        if status.provisioning_state in (CREATING, UPDATING) and status.serving is not None:
            return _watch(ctx, found, status.serving)
    except (NotFound, Stale):
        return False  # deleted or changed meanwhile: the next turn sees what is there then
    return False


def sweep(ctx: Context) -> None:
    """Remove the files of revisions that nothing serves, and lay out those that are missing."""
    kept = set(gateway.observed(ctx))
    for found in resources.every(ctx, Browse("online_deployment", archived=None)):
        status = deployment_status(found)
        kept |= {one.id for one in (status.coming, status.serving, status.fallback) if one}
        if status.serving is not None:
            with contextlib.suppress(NotFound, Failed):  # the doctor tells of lost content
                serving_files.lay_out(ctx, status.serving)
    serving_files.clear(ctx, frozenset(kept))


def _prepare(ctx: Context, found: Resource, launch: Launch) -> bool:
    """Get interpreter and files ready, then hand the revision to the gateway."""
    build = environments.ensure(ctx, found.key.workspace, launch.environment, Retry.PAUSED)
    if isinstance(build, Building):
        return False
    if isinstance(build, Broken):
        text = f"The environment could not be built: {build.error}"
        _fail(ctx, found, "environment_failed", f"{text} {build.hint}".strip())
        return True
    try:
        serving_files.lay_out(ctx, launch)
    except (NotFound, Failed) as error:
        _fail(ctx, found, "content_missing", f"The model or code cannot be read: {error.message}")
        return True
    status = deployment_status(found)
    revision = revision_reference(found.key.workspace, launch.id)
    built = [
        Link(f"environment_build:{build.hash}", "environment", target)
        for target in (found.key.reference, revision)
    ]
    links = [*built, *links_of(launch, found.key.workspace, revision)]
    ctx.metadata.apply(links, ctx.actor)
    ready = launch.model_copy(update={"python": str(build.python)})
    changed = {"coming": None, "serving": ready, "fallback": status.fallback or status.serving}
    _move(ctx, found, status.provisioning_state, **changed)
    gateway.publish(ctx)
    return True


def _watch(ctx: Context, found: Resource, launch: Launch) -> bool:
    """See whether the gateway got the revision to answer."""
    seen = gateway.observed(ctx).get(launch.id)
    if seen is None:
        gateway.publish(ctx)
        return False
    if seen.get("state") == "failed":
        place = {name: seen[name] for name in ("file", "line") if seen.get(name)}
        _fail(ctx, found, "init_failed" if place else "worker_failed", _told(seen))
        return True
    least = gateway.least_instances(launch)
    enough = seen.get("state") == "ready" and seen.get("instances", 0) >= least
    if enough or seen.get("state") == "asleep":
        status = deployment_status(found)
        previous = status.fallback or status.previous
        _move(ctx, found, SUCCEEDED, error=None, fallback=None, previous=previous)
        return True
    return False


def _told(seen: Mapping[str, Any]) -> str:
    text = str(seen.get("error") or "The scoring worker could not be started.")
    return f"{text}\nIts log ends with:\n{seen['log']}" if seen.get("log") else text


def _fail(ctx: Context, found: Resource, code: str, text: str) -> None:
    """Record why it failed, and go back to the revision that served before, if there was one."""
    status = deployment_status(found)
    serving = status.fallback if status.coming is None else status.serving
    said = f"{text}\n{KEPT}" if serving is not None else text
    error = EndpointError(code=code, message=said)
    _move(ctx, found, FAILED, error=error, coming=None, serving=serving, fallback=None)
    gateway.publish(ctx)


def _move(ctx: Context, found: Resource, state: str, **changed: Any) -> None:
    after = moved(deployment_status(found), state, **changed)
    ctx.metadata.apply([Put(replace(found, status=after))], ctx.actor)


def moved(status: OnlineDeploymentStatus, state: str, **changed: Any) -> OnlineDeploymentStatus:
    """Give the status in another state.

    Raises:
        Conflict: that state may not follow.
    """
    before = status.provisioning_state
    if state != before and state not in NEXT.get(before, ()):
        raise Conflict(f"The deployment is {before} and cannot become {state}.")
    return status.model_copy(update={"provisioning_state": state, **changed})
