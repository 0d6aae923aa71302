"""How many nodes a cluster should have: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.kinds.compute_cluster import ClusterSpec


@dataclass(frozen=True)
class Scale:
    """How many nodes are wanted, why, and since when there are more than are needed."""

    nodes: int
    why: str = ""
    idle_since: float | None = None


def scale(spec: ClusterSpec, now: Scale, needed: int, time: float) -> Scale:
    """Decide how many nodes a cluster should have while jobs need so many.

    More come at once; too many go after they were idle for as long as the cluster says.
    """
    least = min(max(needed, spec.min_instances), spec.max_instances)
    if least > now.nodes:
        return Scale(least, f"{needed} needed by jobs" if needed else "kept by min_instances")
    if least == now.nodes:
        return Scale(now.nodes)
    since = time if now.idle_since is None else now.idle_since
    if now.nodes > spec.max_instances:
        return Scale(least, "max_instances is less")
    if time - since < spec.idle_time_before_scale_down:
        return Scale(now.nodes, idle_since=since)
    return Scale(least, f"idle for {spec.idle_time_before_scale_down} s")
