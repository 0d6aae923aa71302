"""Say something else about a job: what it is called, its labels. What it runs never changes."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from zaffre.errors import Conflict, NotFound
from zaffre.kinds.job import TrackedRunSpec
from zaffre.kinds.resource import Resource, Spec
from zaffre.kinds.tracking import Batch, Pair
from zaffre.ports.metadata import Put
from zaffre.services import history, resources
from zaffre.services.context import Context
from zaffre.services.jobs import runs

_OF_RUN = frozenset({"display_name", "tags"})
"""What may be said anew of a run, too, that no job made; they are kept in the run alone."""

_FREE = _OF_RUN | {"description", "properties"}
"""What may be said anew of a job."""


def update(ctx: Context, found: Resource, spec: Spec, revision: int | None) -> Resource:
    """Give a job, and its run, another name, other labels or another description.

    Raises:
        Conflict: what it runs would change.
        Stale: `revision` is not the stored one.
        Invalid: a tag cannot be kept.
    """
    resources.check_revision(found, revision)
    if spec == found.spec:
        return found
    _refuse(found, spec)
    runs.check(spec)
    _tell_run(ctx, found, spec)
    with contextlib.suppress(NotFound):  # a run that no job made
        stored = ctx.metadata.get(found.key)
        ctx.metadata.apply([Put(replace(stored, spec=spec))], ctx.actor)
    return history.show(ctx, found.key)


def _refuse(found: Resource, spec: Spec) -> None:
    free = _OF_RUN if isinstance(found.spec, TrackedRunSpec) else _FREE
    now, then = (one.model_dump(mode="json", exclude=set(free)) for one in (found.spec, spec))
    changed = next((name for name in then if now.get(name) != then[name]), None)
    if changed:
        may = ", ".join(f"`{name}`" for name in sorted(free))
        raise Conflict(
            f"`{changed}` of job `{found.key.name}` cannot change: it was submitted with it.",
            hint=f"Change {may}; for anything else, create another job.",
            code="immutable",
        )


def _tell_run(ctx: Context, found: Resource, spec: Spec) -> None:
    workspace, run = found.key.workspace, found.key.name
    tags = [Pair(*item) for item in spec.tags.items() if item not in found.spec.tags.items()]
    name = getattr(spec, "display_name", None) or run
    if name != (getattr(found.spec, "display_name", None) or run):
        ctx.tracking.update_run(workspace, run, name=name)
    for key in found.spec.tags.keys() - spec.tags.keys():
        ctx.tracking.untag_run(workspace, run, key)
    if tags:
        ctx.tracking.record(workspace, run, Batch(tags=tags)).result()
