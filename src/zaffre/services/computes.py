"""Computes: started, stopped, let go; and what runs the jobs of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from zaffre.errors import Conflict, NotFound, Stale
from zaffre.kinds.compute import ATTACHED, COMPUTE, ComputeStatus
from zaffre.kinds.job_state import UNFINISHED
from zaffre.kinds.resource import Key, Resource, Spec
from zaffre.ports.metadata import Browse, Put
from zaffre.services import resources
from zaffre.services.context import Context

LOCAL = "local"
STOPPED = "Stopped"
RUNNING = "Running"

RAY = "ray"
BACKENDS: Mapping[str, str] = {"ray": RAY, "amlcompute": RAY}
"""What runs the jobs of a type of compute, where it is installed; else the local pool does."""

_TRIES = 20


def status_of(compute: Resource) -> ComputeStatus:
    """Give the status of a compute."""
    return cast("ComputeStatus", compute.status)


def create(ctx: Context, key: Key, spec: Spec, **facts: object) -> Resource:
    """Store a compute with the facts of its status that are known; it takes jobs at once.

    Raises:
        Conflict: there is one of that name.
    """
    now = ctx.clock.now().timestamp()
    status = ComputeStatus(turned_at=now, last_activity_at=now).model_copy(update=facts)
    return resources.create(ctx, COMPUTE, key, spec, status=status)


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Give a compute a new spec; what jobs hold of it stays theirs.

    Raises:
        Conflict: it would be of another type.
        Stale: `revision` is not the stored one.
    """
    if type(spec) is not type(found.spec):
        text = f"Compute `{found.key.name}` is of another type and stays so."
        raise Conflict(text, hint="Make one of another name.", code="immutable")
    # What a new schedule says begins now.
    status = found.status.model_copy(update={"handled_until": ctx.clock.now().timestamp()})
    known = replace(found, status=status)
    return resources.replace_spec(ctx, COMPUTE, known, spec, revision=revision)


def start(ctx: Context, key: Key, *, why: str = "") -> Resource:
    """Let a compute take jobs again. Starting it again is harmless.

    Raises:
        NotFound: there is none.
    """
    return _turn(ctx, key, RUNNING, why)


def stop(ctx: Context, key: Key, *, why: str = "") -> Resource:
    """Let a compute start no more jobs; those under way go on. Stopping it again is harmless.

    Raises:
        NotFound: there is none.
    """
    return _turn(ctx, key, STOPPED, why)


def _turn(ctx: Context, key: Key, state: str, why: str) -> Resource:
    for _ in range(_TRIES):
        found = ctx.metadata.get(key)
        if status_of(found).state == state:
            return found
        now = ctx.clock.now().timestamp()
        facts = {"state": state, "turned_at": now, "state_reason": why or None}
        if state == RUNNING:
            facts["last_activity_at"] = now
        try:
            return note(ctx, found, **facts)
        except Stale:
            continue
    raise Conflict(f"Compute `{key.name}` changes all the time.", hint="Ask again.")


def note(ctx: Context, compute: Resource, **facts: object) -> Resource:
    """Write facts of a compute's status down.

    Raises:
        Stale: somebody changed it meanwhile.
    """
    status = compute.status.model_copy(update=facts)
    return ctx.metadata.apply([Put(replace(compute, status=status))], ctx.actor)[0]


def delete(ctx: Context, key: Key) -> None:
    """Delete a compute.

    Raises:
        Conflict: it is the machine itself, or jobs run on it or wait for it.
        NotFound: there is none.
    """
    if key.name == LOCAL:
        raise Conflict(f"`{LOCAL}` is this machine and stays.", hint="Change its `slots` instead.")
    _refuse_used(ctx, ctx.metadata.get(key))
    resources.delete(ctx, key)


def detach(ctx: Context, key: Key) -> None:
    """Forget a compute that was attached; what it stands for stays as it is.

    Raises:
        Conflict: it was made here, or jobs run on it or wait for it.
        NotFound: there is none.
    """
    kind = getattr(ctx.metadata.get(key).spec, "type", "")
    if kind not in ATTACHED:
        hint = f"Delete it: `zaffre compute delete -n {key.name}`."
        raise Conflict(f"Compute `{key.name}` was made here, not attached.", hint=hint)
    delete(ctx, key)


def _refuse_used(ctx: Context, compute: Resource) -> None:
    jobs = jobs_for(ctx, compute.key)
    if jobs:
        some = ", ".join(f"`{job.key.name}`" for job in jobs[:3])
        more = f" and {len(jobs) - 3} more" if len(jobs) > 3 else ""  # noqa: PLR2004 - those named
        text = f"Compute `{compute.key.name}` has jobs that have not ended: {some}{more}."
        raise Conflict(text, hint="Wait for them, or cancel them.", code="compute_in_use")


def jobs_for(ctx: Context, key: Key) -> list[Resource]:
    """Give the jobs addressed to a compute that have not ended."""
    query = Browse(
        "job", key.workspace, where={"state": UNFINISHED, "type": "command"}, archived=None
    )
    return [
        job
        for job in resources.every(ctx, query)
        if name_of(getattr(job.spec, "compute", None)) == key.name
    ]


def name_of(compute: str | None) -> str:
    """Give the bare name of what a document calls its compute."""
    return (compute or LOCAL).removeprefix("azureml:").partition(":")[0] or LOCAL


def backend(ctx: Context, workspace: str, compute: str | None) -> str:
    """Give the name of the backend of what a document calls its compute."""
    name = name_of(compute)
    if name == LOCAL:
        return LOCAL
    try:
        spec = ctx.metadata.get(Key("compute", workspace, name)).spec
    except NotFound:
        return LOCAL
    return backend_of(ctx, spec)


def backend_of(ctx: Context, spec: Spec) -> str:
    """Give the name of the backend of a compute."""
    wanted = BACKENDS.get(getattr(spec, "type", LOCAL), LOCAL)
    return wanted if wanted in ctx.computes else LOCAL
