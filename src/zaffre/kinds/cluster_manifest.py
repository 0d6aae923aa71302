"""An `amlcompute` written for real machines: KubeRay's `RayCluster`, or a cluster launcher's file.

Pure. What comes of it is attached as a compute of type `ray`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zaffre.kinds.compute_cluster import ClusterSpec
from zaffre.kinds.resource import Json

GCS_PORT = 6379
CLIENT_PORT = 10001
TOKEN_KEY = "auth_token"  # noqa: S105 - the name of a key

_VOLUME = "zaffre-home"
_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """Where the cluster is: an image with the server's Ray, and where nodes see its home."""

    image: str
    home: str
    version: str
    claim: str = _VOLUME
    namespace: str | None = None


def ray_cluster(name: str, spec: ClusterSpec, site: Site) -> dict[str, Json]:
    """Give the manifest of a `RayCluster` for KubeRay, whose autoscaler brings the nodes.

    The token is in the Secret of the cluster's name, under `auth_token`.
    """
    metadata: dict[str, Json] = {"name": name}
    if site.namespace:
        metadata["namespace"] = site.namespace
    idle = spec.idle_time_before_scale_down
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": metadata,
        "spec": {
            "rayVersion": site.version,
            "enableInTreeAutoscaling": True,
            "autoscalerOptions": {"idleTimeoutSeconds": idle},
            "headGroupSpec": {
                "rayStartParams": {"num-cpus": "0"},
                "template": _pod("ray-head", name, ClusterSpec(type="amlcompute"), site),
            },
            "workerGroupSpecs": [
                {
                    "groupName": "nodes",
                    "replicas": spec.min_instances,
                    "minReplicas": spec.min_instances,
                    "maxReplicas": spec.max_instances,
                    "rayStartParams": {},
                    "template": _pod("ray-worker", name, spec, site),
                }
            ],
        },
    }


def _pod(role: str, name: str, spec: ClusterSpec, site: Site) -> dict[str, Json]:
    amounts: dict[str, Json] = {"cpu": str(spec.cpus or 1)}
    if spec.gpus:
        amounts["nvidia.com/gpu"] = str(spec.gpus)
    container: dict[str, Json] = {
        "name": role,
        "image": site.image,
        "env": [
            {"name": "RAY_AUTH_MODE", "value": "token"},
            {
                "name": "RAY_AUTH_TOKEN",
                "valueFrom": {"secretKeyRef": {"name": name, "key": TOKEN_KEY}},
            },
        ],
        "resources": {"limits": amounts, "requests": dict(amounts)},
        "volumeMounts": [{"name": _VOLUME, "mountPath": site.home}],
    }
    if role == "ray-head":
        container["ports"] = [
            {"name": "gcs", "containerPort": GCS_PORT},
            {"name": "client", "containerPort": CLIENT_PORT},
        ]
    claim: dict[str, Json] = {"claimName": site.claim}
    volume: dict[str, Json] = {"name": _VOLUME, "persistentVolumeClaim": claim}
    return {"spec": {"containers": [container], "volumes": [volume]}}


def launcher_file(
    name: str, spec: ClusterSpec, hosts: Sequence[str], user: str
) -> Mapping[str, Json]:
    """Give the file with which `ray up` makes a cluster of machines that are there.

    The first host is the head. All of them see the server's home, and have the token's file.
    """
    options = f" --num-cpus={spec.cpus}" if spec.cpus else ""
    options += f" --num-gpus={spec.gpus}" if spec.gpus is not None else ""
    start = f"RAY_AUTH_MODE=token ray start --disable-usage-stats{options}"
    head = f"--head --port={GCS_PORT} --ray-client-server-port={CLIENT_PORT}"
    return {
        "cluster_name": name,
        "provider": {"type": "local", "head_ip": hosts[0], "worker_ips": list(hosts[1:])},
        "auth": {"ssh_user": user},
        "max_workers": min(spec.max_instances, len(hosts) - 1),
        "idle_timeout_minutes": spec.idle_time_before_scale_down / _SECONDS,
        "head_start_ray_commands": [
            f"{start} {head} --autoscaling-config=~/ray_bootstrap_config.yaml"
        ],
        "worker_start_ray_commands": [f"{start} --address=$RAY_HEAD_IP:{GCS_PORT}"],
    }
