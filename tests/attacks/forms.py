"""For each route of the table one request that names real things, so that a refusal is about rights."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

from attacks.world import CURRENT, DOCUMENTS, HERE, ML, Things, _deployment, _filled
from zaffre.api.routing import Route
from zaffre.api.table import all_routes

UNKNOWN = "0123456789abcdef0123456789abcdef"
NEW_NAMES = (f"{ML}/experiments/create", f"{ML}/registered-models/create")
UNKNOWN_DIGEST = "sha256:" + "5" * 64


@dataclass(frozen=True)
class Request:
    """One request of a route."""

    route: Route
    path: str
    document: Any = None
    body: bytes | None = None

    @property
    def method(self) -> str:
        return self.route.method


def routes() -> list[Route]:
    return all_routes()


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


def is_streaming(route: Route) -> bool:
    return route.path.endswith(("/logs", "/events"))


def unknown(things: Things) -> Things:
    """The same forms with ids that nobody has."""
    return replace(
        things,
        job=UNKNOWN,
        other_job=UNKNOWN,
        run=UNKNOWN,
        child=UNKNOWN,
        experiment="987654",
        logged_model=f"m-{UNKNOWN}",
        tree=UNKNOWN_DIGEST,
        blob=UNKNOWN_DIGEST,
        names={
            **dict.fromkeys(things.names, "no-such-thing"),
            "artifact": f"987654/{UNKNOWN}/artifacts/a.txt",
        },
    )


def request(route: Route, things: Things, workspace: str = "") -> Request:
    """Give the request of a route that speaks of some things, in their workspace or another."""
    workspace = workspace or things.workspace
    values = fields(things, route)
    path = re.sub(
        r"\{(\w+)(:path)?\}",
        lambda m: _segment(m[1], bool(m[2]), route, things, workspace),
        route.path,
    )
    own = path.startswith("/api/v1/")
    if not own and path != "/health" and workspace != HERE:
        path = f"/workspaces/{workspace}{path}"
    if route.method == "GET" and not own:
        path += "?" + urlencode({**values, "run_ids": things.run}, doseq=True)
    if route.path.endswith("/logs"):
        path += "?follow=false" if "/jobs/" in path else ""
    if route.method in ("GET", "DELETE") and own:
        return Request(route, path)
    if route.path.endswith("/blobs/{digest}") or (route.method == "PUT" and not own):
        return Request(route, path, body=b"content")
    if route.path.endswith("/journal"):
        return Request(route, path + "?offset=0", body=b'["m","forged",1.0,1,0]\n')
    return Request(route, path, _document(route, things) if own else values)


def fields(things: Things, route: Route) -> dict[str, Any]:
    """Give every field that MLflow's requests know; each route takes those that it reads."""
    return {
        "run_id": things.run,
        "run_uuid": things.run,
        "experiment_id": things.experiment,
        "experiment_ids": [things.experiment],
        "experiment_name": f"exp-{things.workspace}",
        "name": f"made-{token_hex(4)}" if route.path in NEW_NAMES else things.names["registered"],
        "new_name": f"renamed-{token_hex(4)}",
        "version": things.version,
        "alias": "best",
        "stage": "Archived",
        "source": f"mlflow-artifacts:/{things.experiment}/{things.run}/artifacts",
        "source_run_id": things.run,
        "model_id": things.logged_model,
        "metric_key": "loss",
        "key": "forged",
        "value": "1",
        "timestamp": 1,
        "status": "FAILED" if "runs" in route.path else "LOGGED_MODEL_READY",
        "path": things.names["artifact"] if "mlflow-artifacts" in route.path else "a.txt",
        "metrics": [{"key": "forged", "value": 1, "timestamp": 1, "step": 1}],
        "params": [{"key": "forged", "value": "1"}],
        "tags": [{"key": "forged", "value": "1"}],
        "models": [{"model_id": things.logged_model, "step": 0}],
        "parts": [{"part_number": 1, "etag": things.blob}],
        "num_parts": 1,
    }  # fmt: skip


def _segment(name: str, is_path: bool, route: Route, things: Things, workspace: str) -> str:
    if name == "workspace":
        return workspace
    special = {
        "digest": things.tree if "/trees/" in route.path else things.blob,
        "model_id": things.logged_model,
        "version": things.version,
        "upload": "0" * 32,
        "number": "1",
        "tag_key": "secret",
        "rest": "x",
        "kind": "job",
        "name": things.job if "/lineage/" in route.path else None,
        "parent": things.names["online-endpoints"],
    }
    if special.get(name):
        return special[name]
    if is_path:
        return quote(things.names["artifact"])
    kind = re.search(r"/([a-z-]+)/\{name\}", route.path)
    return things.names.get(kind[1], "no-such-thing") if kind and kind[1] != "jobs" else things.job


def _document(route: Route, things: Things) -> Any:
    last = [part for part in route.path.split("/") if part and not part.startswith("{")][-1]
    if route.method == "PATCH":
        return {"description": "forged"}
    if last in DOCUMENTS:
        return _filled({"name": "forged", **DOCUMENTS[last]}, things)
    if last == "versions":
        kind = route.path.split("/")[5]
        return _filled({"name": "forged", **DOCUMENTS.get(kind, {})}, things)
    return {
        "jobs": {"name": "forged", "command": "true", "environment": CURRENT},
        "workspaces": {"name": "forged"},
        "online-deployments": {"name": "forged", "endpoint_name": "x", **_deployment(things)},
        "missing": {"digests": [things.blob]},
        "trees": {"files": [["x", things.blob, 3, 420]]},
        "regenerate-keys": {"key_type": "primary"},
        "gc": {"dry_run": True},
    }.get(last, {})
