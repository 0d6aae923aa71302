"""Pools: which compute a job waits for, what there is of it, and what is held."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from zaffre.errors import NotFound
from zaffre.kinds.amounts import CPUS, GPUS, MEMORY, NODES, Amounts, lacking, total
from zaffre.kinds.compute import ComputeStatus
from zaffre.kinds.compute_instance import InstanceSpec
from zaffre.kinds.compute_local import LocalComputeSpec
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_state import HOLDING, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Browse
from zaffre.services import resources
from zaffre.services.computes import LOCAL, STOPPED, backend_of, name_of
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of, status_of

TYPE = "command"
"""The type of jobs that take slots; jobs of other types are made of these."""

claiming = threading.Lock()
"""Held by who counts what is held and takes a part."""


_GIB = 2.0**30


@dataclass(frozen=True)
class Pool:
    """Where a job runs: what all its jobs may hold together, and whether it takes any now."""

    name: str
    capacity: Amounts
    devices: tuple[int, ...] = ()
    manages_devices: bool = False
    counts_nodes: bool = False
    open: bool = True

    def wanted(self, spec: CommandJobSpec) -> Amounts:
        """Give what a job holds of it."""
        asked = spec.resources
        if self.counts_nodes:
            return {NODES: asked.instance_count if asked else 1}
        return asked.amounts() if asked else {CPUS: 1.0}


class Pools:
    """The pools as they are at one moment, each read once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[tuple[str, str], Pool] = {}

    def of(self, job: Resource) -> Pool:
        """Give the pool of a job."""
        return self.named(job.key.workspace, name_of(spec_of(job).compute))

    def named(self, workspace: str, name: str) -> Pool:
        """Give the pool of what jobs call their compute."""
        if (workspace, name) not in self._known:
            self._known[workspace, name] = self._find(workspace, name)
        return self._known[workspace, name]

    def _find(self, workspace: str, name: str) -> Pool:
        try:
            found = self._ctx.metadata.get(Key("compute", workspace, name))
        except NotFound:
            local = Pool(LOCAL, self._ctx.machine.capacity())
            return local if name == LOCAL else self.named(workspace, LOCAL)
        is_open = cast("ComputeStatus", found.status).state != STOPPED
        own = name if name == LOCAL else f"{workspace}/{name}"
        if backend_of(self._ctx, found.spec) != LOCAL:
            return _elsewhere(own, found, is_open=is_open)
        if isinstance(found.spec, LocalComputeSpec | InstanceSpec):
            return self._part(own, found.spec, is_open=is_open)
        return replace(self.named(workspace, LOCAL), open=is_open)

    def _part(self, name: str, spec: LocalComputeSpec | InstanceSpec, *, is_open: bool) -> Pool:
        machine = self._ctx.machine
        devices = tuple(gpu.index for gpu in spec.devices(machine))
        managed = bool(machine.gpus)
        return Pool(name, spec.capacity(machine), devices, manages_devices=managed, open=is_open)


def _elsewhere(name: str, found: Resource, *, is_open: bool) -> Pool:
    """Give the pool of a cluster: counted in whole nodes, or in what its nodes have together."""
    most = getattr(found.spec, "max_instances", None)
    if most is not None:
        return Pool(name, {NODES: float(most)}, counts_nodes=True, open=is_open)
    nodes = cast("ComputeStatus", found.status).nodes
    if not nodes or getattr(found.spec, "autoscales", False):
        return Pool(name, {}, open=is_open)  # it decides by itself, when it is reached
    capacity = {
        CPUS: sum(one.cpus for one in nodes),
        GPUS: sum(one.gpus for one in nodes),
        MEMORY: sum(one.memory_gib for one in nodes) * _GIB,
    }
    return Pool(name, capacity, open=is_open)


def pool_of(ctx: Context, workspace: str, spec: CommandJobSpec) -> str:
    """Give the name of a job's pool: of its compute where that has one, else `local`."""
    return Pools(ctx).named(workspace, name_of(spec.compute)).name


@dataclass(frozen=True)
class Room:
    """What a job gets that starts: its GPUs, or None where nobody counts them."""

    devices: tuple[str, ...] | None = None


def room(ctx: Context, job: Resource) -> Room | None:
    """Give the room there is for a job now, or None. To be asked while `claiming` is held."""
    pools = Pools(ctx)
    pool, found = pools.of(job), holding(ctx)
    held = total(pool.wanted(spec_of(one)) for one in found if pools.of(one).name == pool.name)
    wanted = pool.wanted(spec_of(job))
    if not pool.open or lacking(wanted, held, pool.capacity):
        return None
    if not pool.manages_devices:
        return Room()
    free = [one for one in pool.devices if str(one) not in devices_of(found)]
    count = int(wanted.get(GPUS, 0))
    return Room(tuple(str(one) for one in free[:count])) if count <= len(free) else None


def devices_of(jobs: Iterable[Resource]) -> set[str]:
    """Give the GPUs that jobs hold."""
    return {device for job in jobs for device in status_of(job).devices or ()}


def holding(ctx: Context) -> list[Resource]:
    """Give the jobs that hold a part of their pool on this server's machine."""
    found = in_states(ctx, HOLDING)
    return [job for job in found if status_of(job).server in (None, ctx.server)]


def in_states(ctx: Context, states: tuple[JobState, ...]) -> list[Resource]:
    """Give the jobs in some states, in the order in which they came."""
    query = Browse("job", where={"state": states, "type": TYPE}, archived=None)
    return resources.every(ctx, query)
