"""Clusters written for real machines: what KubeRay and Ray's cluster launcher accept."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from zaffre.kinds.cluster_manifest import Site, launcher_file, ray_cluster
from zaffre.kinds.compute_cluster import ClusterSpec

SPEC = ClusterSpec(
    type="amlcompute",
    min_instances=1,
    max_instances=5,
    idle_time_before_scale_down=90,
    cpus=4,
    gpus=1,
)
SITE = Site("rayproject/ray:2.60.0", "/srv/zaffre", "2.60.0", namespace="ml")

# What RayClusterSpec of ray.io/v1 documents, as far as it is used.
CLUSTER = {
    "rayVersion",
    "enableInTreeAutoscaling",
    "autoscalerOptions",
    "headGroupSpec",
    "workerGroupSpecs",
}
GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
CONTAINER = {"name", "image", "env", "ports", "resources", "volumeMounts"}


def pods(manifest):
    head = manifest["spec"]["headGroupSpec"]
    return [one["template"]["spec"] for one in (head, *manifest["spec"]["workerGroupSpecs"])]


def test_kuberay_gets_what_it_documents():
    made = yaml.safe_load(yaml.safe_dump(ray_cluster("cpu", SPEC, SITE)))
    assert (made["apiVersion"], made["kind"]) == ("ray.io/v1", "RayCluster")
    assert made["metadata"] == {"name": "cpu", "namespace": "ml"}
    assert set(made["spec"]) == CLUSTER
    (group,) = made["spec"]["workerGroupSpecs"]
    assert set(group) == GROUP
    assert (group["minReplicas"], group["maxReplicas"]) == (1, 5)
    assert made["spec"]["autoscalerOptions"] == {"idleTimeoutSeconds": 90}
    for pod in pods(made):
        assert set(pod["containers"][0]) <= CONTAINER
        volumes = {one["name"] for one in pod["volumes"]}
        mounts = pod["containers"][0]["volumeMounts"]
        assert [(one["name"] in volumes, one["mountPath"]) for one in mounts] == [
            (True, "/srv/zaffre")
        ]


def test_start_parameters_and_amounts_are_texts():
    made = ray_cluster("cpu", SPEC, SITE)
    assert made["spec"]["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    amounts = pods(made)[1]["containers"][0]["resources"]
    assert amounts["limits"] == amounts["requests"] == {"cpu": "4", "nvidia.com/gpu": "1"}


def test_the_token_comes_from_a_secret():
    for pod in pods(ray_cluster("cpu", SPEC, SITE)):
        token = pod["containers"][0]["env"][1]
        assert token["valueFrom"] == {"secretKeyRef": {"name": "cpu", "key": "auth_token"}}


def test_ray_up_accepts_the_file():
    found = find_spec("ray")
    if found is None or found.origin is None:
        pytest.skip("the extra `ray` is not installed")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(
        Path(found.origin).with_name("autoscaler").joinpath("ray-schema.json").read_text()
    )
    made = dict(launcher_file("cpu", SPEC, ("10.0.0.1", "10.0.0.2"), "ray"))
    jsonschema.validate(made, schema)
    assert made["provider"] == {
        "type": "local",
        "head_ip": "10.0.0.1",
        "worker_ips": ["10.0.0.2"],
    }
    assert made["max_workers"] == 1
