"""A small world to attack: two workspaces with something of every kind, and people of every role."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from attacks.calling import Answer, Raw
from running import Server
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.tokens import Principal, Role
from zaffre.server.clock import SystemClock
from zaffre.store.database import Database
from zaffre.store.tokens import SqlTokens

HERE, THERE = "default", "elsewhere"
SCORE = b"def init():\n    pass\n\ndef run(data):\n    return 1\n"
V1 = "/api/v1/workspaces"
ML = "/api/2.0/mlflow"
CURRENT = {"python": "current"}


@dataclass
class Things:
    """What one workspace holds: names to put into paths, queries and bodies."""

    workspace: str
    job: str = ""
    other_job: str = ""
    run: str = ""
    child: str = ""
    experiment: str = ""
    logged_model: str = ""
    version: str = "1"
    tree: str = ""
    blob: str = ""
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """A running server, its tokens and what it holds."""

    server: Server
    tokens: dict[str, str]
    raw: Raw
    here: Things
    there: Things

    def call(
        self, method: str, path: str, document: Any = None, *, who: str = "owner", **more: Any
    ) -> Answer:
        return self.raw.call(method, path, document, token=self.tokens.get(who, who), **more)

    def ask(self, method: str, path: str, document: Any = None, **more: Any) -> Any:
        """Call as the owner; it must succeed."""
        answer = self.call(method, path, document, **more)
        assert answer.status < 300, (method, path, answer.status, answer.body[:1000])
        return answer.json if answer.body else None


def build(home: Path) -> World:
    """Make the world in a home; the caller stops its server."""
    server = Server(home).start()
    tokens = {"none": "", "wrong": "zaf_" + "x" * 43, "owner": server.token}
    world = World(server, tokens, Raw(server.url), Things(HERE), Things(THERE))
    world.ask("POST", V1, {"name": THERE})
    for things in (world.here, world.there):
        _furnish(world, things)
    tokens.update(_issue(home))
    return world


def _people() -> dict[str, Principal]:
    return {
        "reader": Principal("reader", Role.READER, HERE),
        "contributor": Principal("contributor", Role.CONTRIBUTOR, HERE),
        "stranger": Principal("stranger", Role.CONTRIBUTOR, THERE),
        "there-owner": Principal("there-owner", Role.OWNER, THERE),
        "job": Principal(f"job:{HERE}/job-{HERE}", Role.JOB, HERE, f"job-{HERE}"),
        "other-job": Principal(f"job:{HERE}/other-{HERE}", Role.JOB, HERE, f"other-{HERE}"),
        "there-job": Principal(f"job:{THERE}/job-{THERE}", Role.JOB, THERE, f"job-{THERE}"),
    }


def _issue(home: Path) -> dict[str, str]:
    """Issue tokens beside the server, as nothing of the product hands out others than the owner's yet."""
    database = Database(f"sqlite:///{home}/zaffre.db")
    store, hour = SqlTokens(database, SystemClock()), timedelta(hours=1)
    tokens = {who: store.issue(one, hour) for who, one in _people().items()}
    tokens["late"] = store.issue(Principal("late", Role.OWNER), timedelta(microseconds=1))
    database.close()
    return tokens


def _furnish(world: World, things: Things) -> None:
    base, ask = f"{V1}/{things.workspace}", world.ask
    content = SCORE + things.workspace.encode()
    things.blob = "sha256:" + hashlib.sha256(content).hexdigest()
    ask("PUT", f"{base}/blobs/{things.blob}", body=content)
    leaves = [Leaf("score.py", things.blob, len(content), 0o644)]
    sent = json.loads(tree_of(leaves).content)
    things.tree = ask("POST", f"{base}/trees", sent)["digest"]
    things.job, things.other_job = f"job-{things.workspace}", f"other-{things.workspace}"
    for name in (things.job, things.other_job):
        ask(
            "POST",
            f"{base}/jobs",
            {"name": name, "command": f"echo of-{things.workspace}", "environment": CURRENT},
        )
    for kind, document in DOCUMENTS.items():
        made = ask(
            "POST",
            f"{base}/{kind}",
            _filled({"name": f"own-{kind}-{things.workspace[0]}", **document}, things),
        )
        things.names[kind] = made["name"]
    deployment = {
        "name": "blue",
        "endpoint_name": things.names["online-endpoints"],
        **_deployment(things),
    }
    path = f"{base}/online-endpoints/{things.names['online-endpoints']}/online-deployments"
    things.names["online-deployments"] = ask("POST", path, deployment)["name"]
    _track(world, things)
    _await_jobs(world, things)


def _filled(document: dict[str, Any], things: Things) -> dict[str, Any]:
    return json.loads(json.dumps(document).replace("TREE", things.tree))


def _deployment(things: Things) -> dict[str, Any]:
    return {
        "code_configuration": {
            "code": f"azureml://trees/{things.tree}",
            "scoring_script": "score.py",
        },
        "environment": CURRENT,
    }


DOCUMENTS: dict[str, dict[str, Any]] = {
    "computes": {"type": "local"},
    "datastores": {"type": "local"},
    "data": {"type": "uri_folder", "path": "azureml://trees/TREE", "version": "1"},
    "environments": {"python": "current", "version": "1"},
    "models": {"type": "custom_model", "path": "azureml://trees/TREE", "version": "1"},
    "online-endpoints": {"auth_mode": "key"},
}


def _track(world: World, things: Things) -> None:
    def ml(method: str, path: str, document: Any = None) -> Any:
        return world.ask(method, f"/workspaces/{things.workspace}{ML}/{path}", document)

    things.experiment = ml("POST", "experiments/create", {"name": f"exp-{things.workspace}"})[
        "experiment_id"
    ]
    things.run = ml("POST", "runs/create", {"experiment_id": things.experiment})["run"]["info"][
        "run_id"
    ]
    tags = [{"key": "mlflow.parentRunId", "value": things.job}]
    child = ml("POST", "runs/create", {"experiment_id": things.experiment, "tags": tags})
    things.child = child["run"]["info"]["run_id"]
    ml("POST", "runs/log-batch", {
        "run_id": things.run,
        "metrics": [{"key": "loss", "value": 1.5, "timestamp": 1, "step": 0}],
        "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "secret", "value": f"of-{things.workspace}"}],
    })  # fmt: skip
    made = ml(
        "POST", "logged-models", {"experiment_id": things.experiment, "source_run_id": things.run}
    )
    things.logged_model = made["model"]["info"]["model_id"]
    uri = ml("GET", f"runs/get?run_id={things.run}")["run"]["info"]["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/").lstrip("/")
    things.names["artifact"] = f"{place}/a.txt"
    proxy = f"/workspaces/{things.workspace}/api/2.0/mlflow-artifacts/artifacts"
    world.ask("PUT", f"{proxy}/{things.names['artifact']}", body=b"an artifact")
    name = f"reg-{things.workspace}"
    ml("POST", "registered-models/create", {"name": name})
    ml("POST", "model-versions/create", {"name": name, "source": uri, "run_id": things.run})
    ml("POST", "registered-models/alias", {"name": name, "alias": "best", "version": "1"})
    things.names["registered"] = name


def _await_jobs(world: World, things: Things) -> None:
    deadline = time.monotonic() + 60
    for name in (things.job, things.other_job):
        while time.monotonic() < deadline:
            found = world.ask("GET", f"{V1}/{things.workspace}/jobs/{name}")
            if found["status"] in ("Completed", "Failed", "Canceled"):
                assert found["status"] == "Completed", found
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"{name} does not end: {found}")
