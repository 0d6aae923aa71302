"""Keep clusters as they are wanted, and write down how they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from zaffre.errors import NotFound, Stale
from zaffre.kinds.compute import ComputeChange, ComputeNode
from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.compute_ray import RayComputeSpec
from zaffre.kinds.job import CommandJobSpec
from zaffre.kinds.job_state import HOLDING, JobState
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.clusters import Cluster, Clusters, Node, NodeSize, Seen
from zaffre.ports.metadata import Browse, Put
from zaffre.services import computes, resources
from zaffre.services.clusters import opening
from zaffre.services.clusters.scaling import Scale, scale
from zaffre.services.context import Context

_REMEMBERED = 20
_GIB = 2**30
_COUNTED = (JobState.QUEUED, *HOLDING)


def tend(ctx: Context) -> None:
    """Take every cluster one step towards what its jobs need."""
    if ctx.clusters is None:
        return
    found = [one for one in resources.every(ctx, Browse("compute")) if _is_cluster(ctx, one)]
    needed = _needed(ctx, found) if found else Counter()
    scaled = [(one, _scaled(ctx, one, needed[_name(one.key)])) for one in found]
    ctx.clusters.tend([_cluster(ctx, one, wanted) for one, wanted in scaled])
    for one, wanted in scaled:
        _note(ctx, one, wanted, ctx.clusters)


def _is_cluster(ctx: Context, found: Resource) -> bool:
    return computes.backend_of(ctx, found.spec) == computes.RAY


def _name(key: Key) -> str:
    return f"{key.workspace}/{key.name}"


def _needed(ctx: Context, clusters: Iterable[Resource]) -> Counter[str]:
    """Count the nodes that jobs hold, or wait for where the cluster is not stopped."""
    found: Counter[str] = Counter()
    stopped = {
        _name(one.key) for one in clusters if computes.status_of(one).state == computes.STOPPED
    }
    query = Browse("job", where={"state": _COUNTED, "type": "command"}, archived=None)
    for job in resources.every(ctx, query):
        spec = job.spec
        if not isinstance(spec, CommandJobSpec):
            continue
        name = f"{job.key.workspace}/{computes.name_of(spec.compute)}"
        if name not in stopped or getattr(job.status, "status", "") in HOLDING:
            found[name] += spec.resources.instance_count if spec.resources else 1
    return found


def _scaled(ctx: Context, found: Resource, needed: int) -> Scale:
    if not isinstance(found.spec, ClusterSpec):
        return Scale(0)
    status = computes.status_of(found)
    nodes = status.timeline[-1].nodes if status.timeline else 0
    before = Scale(nodes, idle_since=status.idle_since)
    return scale(found.spec, before, needed, ctx.clock.now().timestamp())


def _cluster(ctx: Context, found: Resource, wanted: Scale) -> Cluster:
    spec, key = found.spec, _name(found.key)
    if isinstance(spec, RayComputeSpec):
        return Cluster(key, spec.address, opening.token(ctx, found))
    size = cast("ClusterSpec", spec)
    return Cluster(key, size=NodeSize(size.cpus, size.gpus), nodes=wanted.nodes)


def _note(ctx: Context, found: Resource, wanted: Scale, clusters: Clusters) -> None:
    """Write down what changed of a cluster."""
    seen = Seen()
    if isinstance(found.spec, RayComputeSpec) or wanted.nodes:
        seen = clusters.look(_name(found.key))
    before = computes.status_of(found)
    facts: dict[str, object] = {
        "nodes": tuple(_node(one) for one in seen.nodes),
        "nodes_starting": seen.starting or None,
        "error": seen.error or None,
        "provisioning_state": "Failed" if seen.error else "Succeeded",
        "idle_since": wanted.idle_since,
    }
    last = before.timeline[-1].nodes if before.timeline else 0
    if isinstance(found.spec, ClusterSpec) and wanted.nodes != last:
        time = ctx.clock.now().timestamp()
        change = ComputeChange(time=time, nodes=wanted.nodes, why=wanted.why)
        facts["timeline"] = (*(before.timeline or ()), change)[-_REMEMBERED:]
    after = before.model_copy(update=facts)
    if after == before:
        return
    try:
        ctx.metadata.apply([Put(replace(found, status=after))], ctx.actor)
    except (Stale, NotFound):
        return  # somebody changed or deleted it: the next turn sees that


def _node(one: Node) -> ComputeNode:
    gib = round(one.memory / _GIB, 1)
    return ComputeNode(name=one.name, cpus=one.cpus, gpus=one.gpus, memory_gib=gib, busy=one.busy)
