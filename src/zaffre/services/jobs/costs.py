"""What a job cost: the price of its compute, for its part of it and its time."""

from __future__ import annotations

from zaffre.errors import NotFound
from zaffre.kinds.amounts import NODES, share
from zaffre.kinds.job import JobUsage
from zaffre.kinds.resource import Key, Resource
from zaffre.services.computes import name_of
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of
from zaffre.services.jobs.pools import Pools

_HOUR = 3600


def charged(ctx: Context, job: Resource, usage: JobUsage) -> JobUsage:
    """Give what a job took with what that cost, where its compute has a price now."""
    name, spec = name_of(spec_of(job).compute), spec_of(job)
    try:
        price = getattr(
            ctx.metadata.get(Key("compute", job.key.workspace, name)).spec, "price_per_hour", None
        )
    except NotFound:
        return usage
    if price is None:
        return usage
    pool = Pools(ctx).named(job.key.workspace, name)
    wanted = pool.wanted(spec)
    part = wanted[NODES] if pool.counts_nodes else share(wanted, pool.capacity)
    cost = price * part * usage.wall_seconds / _HOUR
    return usage.model_copy(update={"cost": round(cost, 6)})
