"""Jobs and computes as a person sees them: why a job waits, and how busy a compute is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zaffre.kinds.amounts import listed, total
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse, Page
from zaffre.services import history, resources
from zaffre.services.computes import LOCAL, name_of
from zaffre.services.context import Context
from zaffre.services.jobs.explaining import reasons
from zaffre.services.jobs.facts import spec_of
from zaffre.services.jobs.queue import Queue

_LONGEST_QUEUE = 20


def show(ctx: Context, key: Key) -> Resource:
    """Give a job or a run; one that waits says why.

    Raises:
        NotFound: there is neither.
    """
    return _explained(ctx, [history.show(ctx, key)])[0]


def browse(ctx: Context, query: Browse) -> Page:
    """List jobs and runs, newest first; those that wait say why."""
    page = history.browse(ctx, query)
    return replace(page, items=_explained(ctx, page.items))


def _explained(ctx: Context, jobs: Sequence[Resource]) -> list[Resource]:
    known = reasons(ctx, jobs)
    return [
        replace(job, status=job.status.model_copy(update={"reason": known[job.key]}))
        if job.key in known
        else job
        for job in jobs
    ]


def show_compute(ctx: Context, key: Key) -> Resource:
    """Give a compute, how busy it is, and why jobs wait for it.

    Raises:
        NotFound: there is none.
    """
    queue = Queue(ctx)
    found = _busy(queue, resources.show(ctx, key))
    first = [job for job in queue.waiting.values() if _is_for(queue, job, key)][:_LONGEST_QUEUE]
    why = {one.name: text for one, text in reasons(ctx, first, queue).items()}
    return replace(found, status=found.status.model_copy(update={"queue": why}))


def browse_computes(ctx: Context, query: Browse) -> Page:
    """List computes and how busy they are."""
    page = resources.browse(ctx, query)
    queue = Queue(ctx)
    return replace(page, items=[_busy(queue, one) for one in page.items])


def _busy(queue: Queue, compute: Resource) -> Resource:
    key = compute.key
    pool = queue.pools.named(key.workspace, key.name)
    taken = total(one.amounts for one in queue.occupied(pool.name))
    there = {name: value for name, value in pool.capacity.items() if value}
    facts = {
        "running": sum(_is_for(queue, job, key) for job in queue.holding),
        "waiting": sum(_is_for(queue, job, key) for job in queue.waiting.values()),
        "capacity": listed(there),
        "free": listed(
            {name: max(value - taken.get(name, 0), 0) for name, value in there.items()}
        ),
    }
    return replace(compute, status=compute.status.model_copy(update=facts))


def _is_for(queue: Queue, job: Resource, compute: Key) -> bool:
    """Say whether a job is for a compute: by its address, and all of the pool's for `local`."""
    if compute.name == LOCAL:
        return queue.pools.of(job).name == LOCAL
    return (job.key.workspace, name_of(spec_of(job).compute)) == (compute.workspace, compute.name)
