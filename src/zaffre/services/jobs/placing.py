"""Where on a cluster a job goes: which one, on how many nodes, and what it takes of each."""

from __future__ import annotations

from typing import Any

from zaffre.kinds.amounts import bytes_of
from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.job_settings import JobResources
from zaffre.kinds.resource import Key, Resource
from zaffre.services import computes
from zaffre.services.context import Context
from zaffre.services.jobs.facts import spec_of


def placement(ctx: Context, job: Resource) -> dict[str, Any] | None:
    """Give what the backend of a cluster is told, or None where jobs run on this machine."""
    spec, workspace = spec_of(job), job.key.workspace
    if computes.backend(ctx, workspace, spec.compute) == computes.LOCAL:
        return None
    name = computes.name_of(spec.compute)
    compute = ctx.metadata.get(Key("compute", workspace, name)).spec
    asked = spec.resources or JobResources()
    return {
        "cluster": f"{workspace}/{name}",
        "nodes": asked.instance_count,
        "share": _whole(compute) if isinstance(compute, ClusterSpec) else _share(asked),
    }


def _whole(compute: ClusterSpec) -> dict[str, Any]:
    """Give what a job takes of a node that is its own while it runs."""
    gpus, node = compute.gpus or 0, {"zaffre_node": 1}
    return {"num_cpus": 0, "num_gpus": gpus, "memory": None, "resources": node}


def _share(asked: JobResources) -> dict[str, Any]:
    """Give what a job takes of each node that it shares with others."""
    return {
        "num_cpus": asked.cpus or 1,
        "num_gpus": asked.gpus or 0,
        "memory": bytes_of(asked.memory) if asked.memory else None,
        "resources": {},
    }
