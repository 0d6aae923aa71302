"""A deployment comes to a new version of its model while server and gateway are killed."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import suppress

import pytest

from attacks.calling import Raw
from faults.asking import WS, kill_gateway, until, upload
from running import Server

SCORE = """
import os

def init():
    global version
    folder = os.environ["AZUREML_MODEL_DIR"]
    for place, _, files in os.walk(folder):
        if "version.txt" in files:
            version = int(open(os.path.join(place, "version.txt")).read())

def run(raw):
    return version
"""
ENDPOINT = f"{WS}/online-endpoints/e"
BLUE = f"{ENDPOINT}/online-deployments/blue"


def register(server: Server, version: int) -> None:
    tree = upload(server, "version.txt", str(version))
    server.call("POST", f"{WS}/models", {"name": "m", "path": f"azureml://trees/{tree}"})


def deploy(server: Server) -> str:
    """Serve the first version and follow the latest; give the key."""
    register(server, 1)
    server.call("POST", f"{WS}/online-endpoints", {"name": "e", "auth_mode": "key"})
    code = {"code": f"azureml://trees/{upload(server, 'score.py', SCORE)}"}
    document = {
        "name": "blue",
        "model": "azureml:m@latest",
        "code_configuration": {**code, "scoring_script": "score.py"},
        "environment": {"python": "current"},
        "update_policy": "gated",
        "gate": {"mirror": 50, "duration": "1s", "min_requests": 20},
        "steps": [20, 100],
        "interval": "1s",
    }
    server.call("POST", f"{ENDPOINT}/online-deployments", document)
    until(lambda: server.call("GET", BLUE)["provisioning_state"] == "Succeeded", "it is ready")
    server.call("PATCH", ENDPOINT, {"traffic": {"blue": 100}})
    return str(server.call("GET", f"{ENDPOINT}/keys")["primaryKey"])


class Asking(threading.Thread):
    """Asks all the time; knows which versions answered, and what failed."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(daemon=True)
        self.versions: list[int] = []
        self.faults: list[str] = []
        self.stopping = threading.Event()
        self._raw, self._key = Raw(url), key

    def run(self) -> None:
        while not self.stopping.is_set():
            with suppress(OSError):  # the gateway was killed
                answer = self._raw.call("POST", "/e/score", {}, token=self._key, retry=False)
                if answer.status == 200:
                    self.versions.append(answer.json)
                else:
                    self.faults.append(f"{answer.status}: {answer.body[:200]!r}")
            time.sleep(0.005)
        self._raw.close()


@pytest.mark.timeout(240)
def test_it_gets_there_whoever_dies(lasting: Server):
    asking = Asking(lasting.gateway_url, deploy(lasting))
    asking.start()
    register(lasting, 2)
    for stage in ("Preparing", "Judging", "Shifting"):
        until(
            lambda stage=stage: any(
                one["stage"] == stage for one in lasting.call("GET", BLUE)["following"]["events"]
            ),
            f"it is {stage}",
        )
        lasting.kill()
        if stage == "Judging":
            kill_gateway(lasting)
        lasting.start()
    until(
        lambda: lasting.call("GET", BLUE)["following"]["events"][0]["stage"] == "Resting", "rests"
    )
    until(lambda: lasting.call("GET", ENDPOINT)["traffic"] == {"blue": 100}, "it has its traffic")
    until(lambda: asking.versions[-50:] == [2] * 50, "the new version answers")
    asking.stopping.set()
    asking.join(30)
    following = lasting.call("GET", BLUE)["following"]
    stages = [one["stage"] for one in reversed(following["events"])]
    assert [stage for stage, _ in itertools.groupby(stages)] == [
        "Preparing",
        "Judging",
        "Shifting",
        "Promoting",
        "Resting",
    ]
    listed = lasting.call("GET", f"{ENDPOINT}/online-deployments")["items"]
    assert [one["name"] for one in listed] == ["blue"]
    assert asking.faults == [], asking.faults[:5]
