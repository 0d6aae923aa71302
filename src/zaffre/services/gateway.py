"""The gateway's configuration, made of the endpoints' documents, and what the gateway reports."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zaffre.kinds.prediction_view import PredictionViewSpec
from zaffre.kinds.reference import said_model
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.revision import Launch
from zaffre.ports.metadata import Browse
from zaffre.services.context import Context, Home
from zaffre.services.endpoint_parts import deployment_status, endpoint_spec, endpoint_status

PAGE = 1000
FOLLOW_SECONDS = 2.0
VIEW_SPAN = 300
LOOK_SECONDS = 0.01
_publishing = threading.Lock()


def gateway_config(
    endpoints: Sequence[Resource],
    deployments: Sequence[Resource],
    home: Home,
    address: str,
    viewed: Collection[Key] = (),
) -> dict[str, Any]:
    """Say what the gateway shall serve. Pure: the same documents give the same answer.

    Answers of the endpoints in `viewed` are kept for prediction views.
    """
    port = urlsplit(address).port
    config: dict[str, Any] = {"port": port, "hosts": hosts(address), "endpoints": {}}
    for endpoint in sorted(endpoints, key=lambda found: found.key.name):
        described = _endpoint(endpoint, deployments, home)
        if endpoint.key in viewed:
            for name, deployment in described["deployments"].items():
                deployment["view"] = _kept_for_views(endpoint.key, name, home)
        config["endpoints"][endpoint.key.name] = described
    return config


def hosts(address: str) -> list[str]:
    """Give the Host headers that mean the gateway: its address and loopback's names."""
    parts = urlsplit(address)
    names = sorted({"127.0.0.1", "localhost", "[::1]", (parts.hostname or "localhost").lower()})
    return [f"{name}:{parts.port}" for name in names]


def publish(ctx: Context) -> None:
    """Write the configuration if it changed; when this returns, a running gateway follows it.

    Of several servers only the one that leads has endpoints; it looks for what others changed.
    """
    if ctx.leads:
        _publish(ctx.home, lambda: _wanted(ctx))


def retire(ctx: Context) -> None:
    """Let the gateway of a server that leads no more serve nothing: nobody tells it of changes."""
    if (ctx.home.run / "gateway.json").exists():
        _publish(ctx.home, lambda: gateway_config([], [], ctx.home, ctx.addresses.gateway))


def _publish(home: Home, wanted: Callable[[], dict[str, Any]]) -> None:
    path = home.run / "gateway.json"
    with _publishing:
        config = wanted()
        before = _read(path)
        generation = before.pop("generation", 0)
        if before == config:
            return
        _write(path, {"generation": generation + 1, **config})
    _wait_until_followed(home, generation + 1)


def is_current(ctx: Context) -> bool:
    """Tell whether the file says what the documents do."""
    before = _read(ctx.home.run / "gateway.json")
    before.pop("generation", 0)
    return before == _wanted(ctx)


def _wanted(ctx: Context) -> dict[str, Any]:
    found = gateway_config(
        every(ctx, "online_endpoint"),
        every(ctx, "online_deployment"),
        ctx.home,
        ctx.addresses.gateway,
        _viewed(every(ctx, "prediction_view")),
    )
    return {"metrics_keys": _metrics_keys(ctx.home), **found}


def _metrics_keys(home: Home) -> list[str]:
    """Give the digest of the token that may read the gateway's metrics; without one nobody may."""
    try:
        token = home.metrics_token.read_bytes().strip()
    except FileNotFoundError:
        return []
    return [hashlib.sha256(token).hexdigest()] if token else []


def _wait_until_followed(home: Home, generation: int) -> None:
    """Give a running gateway a moment, so that who was answered finds what was promised."""
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until and _is_running(home):
        followed = _read(home.run / "gateway-status.json").get("generation")
        if isinstance(followed, int) and followed >= generation:
            return
        time.sleep(LOOK_SECONDS)


def _is_running(home: Home) -> bool:
    """Say whether a gateway holds its lock."""
    try:
        with (home.run / "gateway.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def observed(ctx: Context) -> Mapping[str, Mapping[str, Any]]:
    """Give what the gateway last reported of each revision, by its id."""
    found = _read(ctx.home.run / "gateway-status.json").get("deployments")
    return found if isinstance(found, dict) else {}


def log_of(home: Home, key: Key) -> Path:
    """Give the file that a deployment's script writes to."""
    return home.logs / "deployments" / key.workspace / key.parent / f"{key.name}.log"


def _endpoint(endpoint: Resource, deployments: Sequence[Resource], home: Home) -> dict[str, Any]:
    spec, status, key = endpoint_spec(endpoint.spec), endpoint_status(endpoint), endpoint.key
    own = [
        found
        for found in deployments
        if found.key.workspace == key.workspace and found.key.parent == key.name
    ]
    served = {
        found.key.name: launch for found in own if (launch := deployment_status(found).serving)
    }
    return {
        "workspace": key.workspace,
        "keys": sorted(status.key_digests.values()),
        "auth_mode": "key",
        "sticky_header": spec.sticky_header,
        "traffic": {name: share for name, share in spec.traffic.items() if name in served},
        "mirror": {name: share for name, share in spec.mirror_traffic.items() if name in served},
        "deployments": {
            found.key.name: _deployment(found.key, served[found.key.name], home)
            for found in sorted(own, key=lambda one: one.key.name)
            if found.key.name in served
        },
    }


def _deployment(key: Key, launch: Launch, home: Home) -> dict[str, Any]:
    folder = home.deployments / launch.id
    model = folder / "model"
    return {
        "id": launch.id,
        "python": launch.python,
        "model_dir": str(model) if launch.model_tree else None,
        "code_dir": str(folder / "code") if launch.code_tree else None,
        "script": launch.script,
        "mlflow_model": str(model / launch.model_folder) if launch.is_mlflow else None,
        "model": model_name(launch),
        "flavor": launch.flavor,
        "model_file": str(model / launch.model_folder / launch.model_file)
        if launch.model_file
        else None,
        "acceleration": _acceleration(launch, folder),
        "request_schema": str(folder / "schema") if launch.schema_tree else None,
        "capture": _capture(key, launch, home),
        "env": dict(launch.variables),
        "instances": launch.instances,
        "concurrency": launch.requests.max_concurrent_requests_per_instance,
        "timeout_ms": launch.requests.request_timeout_ms,
        "max_body": launch.requests.max_request_bytes,
        "queue_wait_ms": launch.requests.max_queue_wait_ms,
        "queue_length": launch.requests.max_queue_length,
        "cold_wait_ms": launch.requests.max_cold_start_wait_ms,
        "start_ms": int(launch.start_seconds * 1000),
        "scale": scale_of(launch),
        "liveness": liveness_of(launch),
        "log": str(log_of(home, key)),
    }


def _viewed(views: Sequence[Resource]) -> set[Key]:
    """Give the endpoints that are the hot path of a view."""
    return {
        Key("online_endpoint", view.key.workspace, view.spec.online_endpoint)
        for view in views
        if isinstance(view.spec, PredictionViewSpec) and view.spec.online_endpoint
    }


def _kept_for_views(endpoint: Key, deployment: str, home: Home) -> dict[str, Any]:
    folder = home.view_journal / endpoint.workspace / endpoint.name / deployment
    return {"folder": str(folder), "inputs": True, "outputs": True, "span": VIEW_SPAN}


def _acceleration(launch: Launch, folder: Path) -> dict[str, Any] | None:
    if launch.acceleration is None:
        return None
    return {
        "folder": str(folder / "accelerated"),
        "tolerance": launch.acceleration.tolerance,
        "sample": str(folder / "sample" / launch.sample_file) if launch.sample_file else None,
    }


def _capture(key: Key, launch: Launch, home: Home) -> dict[str, Any] | None:
    collector = launch.collector
    if collector is None or not collector.kept or not collector.sampling_rate:
        return None
    logging = collector.request_logging
    return {
        "folder": str(home.captures / key.workspace / key.parent / key.name),
        "inputs": "model_inputs" in collector.kept,
        "outputs": "model_outputs" in collector.kept,
        "rate": collector.sampling_rate,
        "span": collector.seconds,
        "headers": list(logging.capture_headers) if logging else [],
        "custom": collector.custom,
    }


def model_name(launch: Launch) -> str:
    """Name a revision's model as answers do: `NAME:VERSION` where it is registered."""
    return said_model(launch.model_reference)


def liveness_of(launch: Launch) -> dict[str, float]:
    """Say when a worker is asked whether it lives, and when it is replaced."""
    probe = launch.liveness
    return {
        "delay": probe.initial_delay,
        "period": probe.period,
        "timeout": probe.timeout,
        "failures": probe.failure_threshold,
    }


def scale_of(launch: Launch) -> dict[str, Any] | None:
    """Say how the number of instances follows the load; None where it stays as set."""
    scale = launch.scale
    if scale is None or scale.type == "default":
        return None
    return {
        "least": scale.min_instances,
        "most": scale.max_instances or max(launch.instances, scale.min_instances),
        "target": scale.target_utilization_percentage / 100,
        "interval": scale.polling_interval,
        "cool_down": scale.cool_down,
        "idle": scale.idle_time_before_zero,
    }


def least_instances(launch: Launch) -> int:
    """Say how many instances must answer before a revision takes over."""
    scale = scale_of(launch)
    return max(1, scale["least"]) if scale else launch.instances


def every(ctx: Context, kind: str) -> list[Resource]:
    """Give the resources of a kind in all workspaces, archived ones too."""
    found: list[Resource] = []
    after = ""
    while True:
        page = ctx.metadata.browse(Browse(kind, archived=None, limit=PAGE, after=after))
        found += page.items
        after = page.next
        if not after:
            return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file so that a reader sees the old content or the new, even after a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
