"""A deployment is rolled out, rolled back and broken, and the server killed: no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from attacks.calling import Raw
from faults.recording import CURRENT, WS
from faults.test_kill_server import doctor
from running import Server
from serving import Load, until

SCORE = """
import os, time
def init():
    name = os.environ["NAME"]
    print("here is", name)
    if name == "bad":
        raise ValueError("no such model")
    time.sleep(float(os.environ.get("INIT", "0")))
def run(data):
    time.sleep(0.005)
    return os.environ["NAME"]
"""
ENDPOINT = f"{WS}/online-endpoints/e"
BLUE = f"{ENDPOINT}/online-deployments/blue"


@pytest.fixture
def served(lasting: Server) -> Iterator[Server]:
    """A server with an endpoint whose deployment answers `v0`."""
    content = SCORE.encode()
    digest = f"sha256:{sha256(content).hexdigest()}"
    raw = Raw(lasting.url)
    raw.call("PUT", f"{WS}/blobs/{digest}", body=content, token=lasting.token)
    raw.close()
    leaf = ["score.py", digest, len(content), 420]
    tree = lasting.call("POST", f"{WS}/trees", {"files": [leaf]})["digest"]
    lasting.call("POST", f"{WS}/online-endpoints", {"name": "e", "auth_mode": "key"})
    document = {
        "name": "blue",
        "endpoint_name": "e",
        "code_configuration": {"code": f"azureml://trees/{tree}", "scoring_script": "score.py"},
        "environment": CURRENT,
        "environment_variables": {"NAME": "v0"},
        "instance_count": 2,
        "request_settings": {"max_queue_wait_ms": 10_000},
    }
    lasting.call("POST", f"{ENDPOINT}/online-deployments", document)
    settled(lasting)
    lasting.call("PATCH", ENDPOINT, {"traffic": {"blue": 100}})
    return lasting


def settled(server: Server, state: str = "Succeeded") -> dict[str, Any]:
    """Wait until the deployment is what it shall be."""
    found: dict[str, Any] = {}

    def is_settled() -> bool:
        found.update(server.call("GET", BLUE))
        return found["provisioning_state"] == state

    until(is_settled, f"{state}: {found}", 60)
    return found


def roll_out(server: Server, name: str, init: float = 0) -> None:
    variables = {"NAME": name, "INIT": str(init)}
    server.call("PATCH", BLUE, {"environment_variables": variables})


def test_whatever_becomes_of_a_rollout_no_request_fails(served: Server):
    key = served.call("GET", f"{ENDPOINT}/keys")["primaryKey"]
    with Load(urlsplit(served.gateway_url).port or 0, 4, key) as load:

        def answers(name: str) -> None:
            seen = load.seen[name]
            until(lambda: load.seen[name] > seen + 20, f"{name} answers: {load.seen}")

        answers("v0")
        roll_out(served, "v1")
        settled(served)
        answers("v1")

        served.call("POST", f"{BLUE}/rollback")
        settled(served)
        answers("v0")

        roll_out(served, "bad")
        error = settled(served, "Failed")["error"]["message"]
        assert "no such model" in error
        assert "here is bad" in error
        answers("v0")
        served.call("POST", f"{BLUE}/rollback")
        assert settled(served)["environment_variables"]["NAME"] == "v0"

        roll_out(served, "v2", init=60)
        until(lambda: "here is v2" in log(served), "v2 starts")
        served.call("POST", f"{BLUE}/rollback")
        settled(served)
        answers("v0")
        assert not load.seen["v2"]

        roll_out(served, "v3", init=0.5)
        served.kill()
        served.start()
        settled(served)
        answers("v3")
    assert load.failed == {}
    assert doctor(served.home)["exit"] == 0


def log(server: Server) -> str:
    return (server.home / "logs" / "deployments" / "default" / "e" / "blue.log").read_text()
