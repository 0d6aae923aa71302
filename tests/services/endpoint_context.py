"""A context for tests of endpoints, with files to serve and a gateway that the test plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.job_context import job_context
from zaffre.kinds.endpoint import OnlineDeploymentSpec, OnlineEndpointSpec
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.services import deployments, endpoints, files, gateway
from zaffre.services.context import Context

ENDPOINT = Key("online_endpoint", "default", "churn")
BLUE = Key("online_deployment", "default", "blue", parent="churn")
GREEN = Key("online_deployment", "default", "green", parent="churn")


class Stage:
    """A context, and the parts that others play in it."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def tree(self, **contents: str) -> str:
        """Store files (`score__py` is `score.py`, `a___b` is `a/b`) and give the tree's reference."""
        leaves = []
        for name, text in contents.items():
            blob = self.ctx.artifacts.put([text.encode()])
            path = name.replace("___", "/").replace("__", ".")
            leaves.append(Leaf(path, blob.digest, blob.size))
        return f"azureml://trees/{files.store_tree(self.ctx, tree_of(leaves))}"

    def endpoint(self, key: Key = ENDPOINT, **document: Any) -> Resource:
        return endpoints.create(self.ctx, key, OnlineEndpointSpec.model_validate(document))

    def spec(self, **document: Any) -> OnlineDeploymentSpec:
        given = {
            "model": {"path": self.tree(net___model__pkl="weights") + "/net"},
            "code_configuration": {
                "code": self.tree(score__py="run"),
                "scoring_script": "score.py",
            },
            "environment": {"python": "current"},
        }
        return OnlineDeploymentSpec.model_validate({**given, **document})

    def deployment(self, key: Key = BLUE, **document: Any) -> Resource:
        return deployments.create(self.ctx, key, self.spec(**document))

    def change(self, key: Key, **document: Any) -> Resource:
        found = self.ctx.metadata.get(key)
        spec = found.spec.model_dump(exclude_unset=True) | document
        return deployments.update(self.ctx, found, type(found.spec).model_validate(spec), None)

    def share(self, **traffic: int) -> Resource:
        found = self.ctx.metadata.get(ENDPOINT)
        spec = OnlineEndpointSpec.model_validate({"traffic": traffic})
        return endpoints.update(self.ctx, found, spec, None)

    def config(self) -> dict[str, Any]:
        return json.loads((self.ctx.home.run / "gateway.json").read_text())

    def served(self, name: str = "blue") -> dict[str, Any] | None:
        return self.config()["endpoints"]["churn"]["deployments"].get(name)

    def status(self, key: Key = BLUE) -> Any:
        return deployments.show(self.ctx, key).status

    def reports(self, **facts: dict[str, Any]) -> None:
        """Let the gateway report on revisions by the names of their deployments."""
        told = {}
        for name, fact in facts.items():
            entry = self.served(name)
            assert entry is not None
            told[entry["id"]] = fact
        path = self.ctx.home.run / "gateway-status.json"
        path.write_text(json.dumps({"generation": 1, "deployments": told}))

    def settle(self, key: Key = BLUE, **fact: Any) -> Any:
        """Take a deployment all its steps, the gateway reporting on it."""
        while True:
            if self.status(key).coming is None and self.served(key.name):
                self.reports(**{key.name: {"state": "ready", "instances": 9, **fact}})
            if not deployments.advance(self.ctx, key):
                break
        return self.status(key)


@contextmanager
def stage(root: Path, builder: Any = None) -> Iterator[Stage]:
    """Give a stage with an empty workspace."""
    with job_context(root, builder=builder) as ctx:
        gateway.publish(ctx)
        yield Stage(ctx)
