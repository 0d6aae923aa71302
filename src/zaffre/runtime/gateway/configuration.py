"""What the gateway serves: `run/gateway.json`, read into values. Unknown fields are left alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from zaffre.errors import Invalid
from zaffre.runtime.gateway.capturing import Wish, wish_of
from zaffre.runtime.gateway.liveness import Liveness
from zaffre.runtime.gateway.scaling import Scale
from zaffre.runtime.gateway.sharing import Turns, turns
from zaffre.runtime.gateway.wire import header_lines

LAUNCH = (
    "id",
    "python",
    "model_dir",
    "code_dir",
    "script",
    "mlflow_model",
    "flavor",
    "model_file",
    "acceleration",
    "request_schema",
    "env",
    "timeout_ms",
    "log",
)
NUMBERS = (
    "instances",
    "concurrency",
    "timeout_ms",
    "max_body",
    "queue_wait_ms",
    "queue_length",
    "cold_wait_ms",
    "start_ms",
)
MOST_WORKERS = 64
NAME_HEADER, MODEL_HEADER = "azureml-model-deployment", "zaffre-model"
DEFAULT_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Deployment:
    """One revision of a deployment. `key` names it with all that its workers are started with.

    `lines` are the headers that say in every answer who gave it.
    """

    id: str
    key: str
    python: str
    model_dir: str | None
    code_dir: str | None
    script: str | None
    mlflow_model: str | None
    env: Mapping[str, str]
    log: str | None
    flavor: str | None = None
    model_file: str | None = None
    acceleration: Mapping[str, Any] | None = None
    instances: int = 1
    concurrency: int = 1
    timeout_ms: int = 5000
    max_body: int = 10 << 20
    queue_wait_ms: int = 500
    model: str = ""
    queue_length: int = 2000
    cold_wait_ms: int = 60_000
    start_ms: int = 310_000
    scale: Scale | None = None
    liveness: Liveness = field(default_factory=Liveness)
    lines: bytes = b""
    request_schema: str | None = None
    capture: Wish | None = None
    view: Wish | None = None

    @property
    def per_instance(self) -> int:
        """How many processes an instance is: WORKER_COUNT of them."""
        count = self.env.get("WORKER_COUNT", "1")
        return int(count) if count.isdecimal() and 0 < int(count) <= MOST_WORKERS else 1

    @property
    def most_workers(self) -> int:
        """How many processes there may be at a time."""
        return self.per_instance * (self.scale.most if self.scale else self.instances)


@dataclass(frozen=True)
class Endpoint:
    """An address with its keys, its deployments, and which of them gets what share of calls."""

    name: str
    keys: tuple[bytes, ...]
    traffic: Mapping[str, int]
    mirror: Mapping[str, int]
    deployments: Mapping[str, Deployment]
    sticky_header: bytes = b""

    @cached_property
    def turns(self) -> Turns:
        """Whose turn each of a hundred calls is."""
        return turns(self.traffic)

    @cached_property
    def mirror_turns(self) -> Turns:
        """Which of a hundred calls are copied, and to whom."""
        return turns(self.mirror)

    @property
    def max_body(self) -> int:
        """The largest body that any of the deployments takes."""
        return max(
            (deployment.max_body for deployment in self.deployments.values()), default=10 << 20
        )


@dataclass(frozen=True)
class Configuration:
    """Everything that the server wants served."""

    generation: int = 0
    port: int = 8643
    hosts: frozenset[str] = frozenset(DEFAULT_HOSTS)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    metrics_keys: tuple[bytes, ...] = ()


def parse(text: str) -> Configuration:
    """Read a configuration.

    Raises:
        Invalid: it is not one.
    """
    try:
        document = json.loads(text)
        endpoints = {name: _endpoint(name, body) for name, body in document["endpoints"].items()}
        hosts = frozenset(str(host).lower() for host in document.get("hosts") or DEFAULT_HOSTS)
        return Configuration(
            generation=int(document["generation"]),
            port=int(document["port"]),
            hosts=hosts,
            endpoints=endpoints,
            metrics_keys=tuple(bytes.fromhex(key) for key in document.get("metrics_keys", ())),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Invalid(f"The gateway's configuration cannot be read: {error!r}.") from error


def _endpoint(name: str, body: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        name=name,
        keys=tuple(bytes.fromhex(key) for key in body["keys"]),
        traffic={str(to): int(share) for to, share in body.get("traffic", {}).items() if share},
        mirror={str(to): int(share) for to, share in body.get("mirror", {}).items() if share},
        deployments={
            str(at): _deployment(str(at), one) for at, one in body["deployments"].items()
        },
        sticky_header=str(body.get("sticky_header") or "").lower().encode(),
    )


def _deployment(name: str, body: Mapping[str, Any]) -> Deployment:
    launch = json.dumps([body.get(part) for part in LAUNCH], sort_keys=True)
    numbers = {name: int(body[name]) for name in NUMBERS if body.get(name) is not None}
    model = str(body.get("model") or "")
    return Deployment(
        id=str(body["id"]),
        key=hashlib.sha256(launch.encode()).hexdigest()[:20],
        python=str(body["python"]),
        model_dir=body.get("model_dir"),
        code_dir=body.get("code_dir"),
        script=body.get("script"),
        mlflow_model=body.get("mlflow_model"),
        env={str(name): str(value) for name, value in body.get("env", {}).items()},
        log=body.get("log"),
        model=model,
        request_schema=body.get("request_schema"),
        capture=wish_of(body.get("capture")),
        view=wish_of(body.get("view")),
        lines=header_lines([(NAME_HEADER, name), *([(MODEL_HEADER, model)] if model else [])]),
        flavor=body.get("flavor"),
        model_file=body.get("model_file"),
        acceleration=body.get("acceleration"),
        scale=Scale(**body["scale"]) if body.get("scale") else None,
        liveness=Liveness(**body.get("liveness") or {}),
        **numbers,
    )
