"""Hostile values in every parameter of every route: no escape, no 5xx, no hang, and nothing is fetched."""

from __future__ import annotations

import copy
import http.client
import json
import os
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from attacks import corpus, forms
from attacks.calling import Answer
from attacks.forms import label, request
from attacks.world import CURRENT, HERE, V1, World
from running import Server
from zaffre.api.routing import Access

SECONDS = float(os.environ.get("ATTACK_SECONDS", "20"))
SEED = int(os.environ.get("ATTACK_SEED", "1"))
SLOW_SECONDS = 10.0
ROUTES = [route for route in forms.routes() if route.access is not Access.PUBLIC]
QUERIES = (
    "limit", "after", "name_contains", "archived", "versions", "state", "type", "name", "tag.a", "offset", "follow", "lines",
    "direction", "parent", "path", "run_id", "run_ids", "metric_key", "max_results", "page_token", "filter", "order_by",
    "experiment_id", "experiment_name", "version", "alias", "model_id", "artifact_directory_path", "start_step", "end_step",
)  # fmt: skip
SECRETS = (b"root:x:0", b"canary-outside", b"SQLite format 3")


class Listener:
    """Somebody who waits for the server to call."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.calls = 0
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.calls += 1

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture(scope="module")
def idle(world: World) -> str:
    """A compute whose one slot is taken, so that jobs of the attacks never run."""
    world.ask("POST", f"{V1}/{HERE}/computes", {"name": "taken", "type": "local", "slots": 1})
    job = {
        "name": "holder",
        "command": "sleep 3000",
        "environment": CURRENT,
        "compute": "azureml:taken",
    }
    world.ask("POST", f"{V1}/{HERE}/jobs", job)
    return "azureml:taken"


class Attack:
    """Sends and judges."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.slowest = 0.0

    def send(
        self, route: Any, path: str, document: Any = None, body: bytes | None = None
    ) -> Answer | None:
        began = time.monotonic()
        try:
            answer = self.world.call(route.method, path, document, body=body, headers=None)
        except (http.client.HTTPException, OSError) as error:
            self.wrong.append(f"{label(route)} {path[:200]!r} {str(document)[:300]}: {error!r}")
            return None
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        self.statuses[answer.status] += 1
        if answer.status >= 500 or took > SLOW_SECONDS:
            shown = f"{label(route)} {path[:200]!r} {str(document)[:300]}"
            self.wrong.append(
                f"{answer.status} after {took:.1f} s: {shown} -> {answer.body[:200]!r}"
            )
        if any(secret in answer.body for secret in SECRETS):
            self.wrong.append(f"a secret: {label(route)} {path[:200]!r} {str(document)[:200]}")
        return answer

    def check(self, least: int) -> None:
        assert not self.wrong, f"{len(self.wrong)} of {self.statuses.total()}:\n" + "\n".join(
            self.wrong[:25]
        )
        assert self.statuses.total() >= least, self.statuses


def spelled(text: str) -> list[str]:
    """A text as it may stand in a path: encoded, and as it is where HTTP allows it."""
    encoded = quote(text.encode("utf-8", "surrogatepass"), safe="")
    plain = "".join(letter for letter in text if "!" <= letter <= "~" and letter not in "?#")
    return [encoded, *([plain] if plain and plain != encoded and len(plain) < 4000 else [])]


def test_hostile_texts_in_paths(world: World, listener: Listener, idle: str):
    attack, before = Attack(world), outside(world)
    texts = corpus.texts(listener.port)
    chance = random.Random(SEED)
    for route in ROUTES:
        for name in [part for part in route.path.split("/") if part.startswith("{")]:
            for text in chance.sample(texts, 16) if ":path" not in name else texts:
                if len(text) > 8000:
                    continue
                for form in spelled(text):
                    path = _replaced(route, name, form, world)
                    sent = request(route, forms.unknown(world.here))
                    attack.send(route, path, sent.document, sent.body)
    attack.check(4000)
    assert outside(world) == before
    assert listener.calls == 0


def _replaced(route: Any, name: str, form: str, world: World) -> str:
    parts = []
    pattern = request(route, forms.unknown(world.here)).path.partition("?")[0].split("/")
    for index, part in enumerate(route.path.split("/")):
        if part == name:
            parts.append(form)
            if ":path" in name:
                break
        else:
            parts.append(pattern[index])
    return "/".join(parts)


def test_hostile_texts_in_queries(world: World, listener: Listener):
    attack = Attack(world)
    texts, chance = corpus.texts(listener.port), random.Random(SEED + 1)
    for route in (route for route in ROUTES if route.method == "GET"):
        path, _, query = request(route, world.here).path.partition("?")
        given = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        for field in QUERIES:
            for text in chance.sample(texts, 2):
                value = text.encode("utf-8", "surrogatepass")[:6000]
                attack.send(route, f"{path}?{urlencode({**_plain(given), field: value})}")
        for raw in (
            "%",
            "%ff=%fe",
            "&&&",
            "=",
            "a" * 5000,
            "limit=1&limit=2",
            "limit[]=1",
            ";",
            "%00=%00",
        ):
            attack.send(route, f"{path}?{raw}")
    attack.check(2000)
    assert listener.calls == 0


def _plain(given: dict[str, str]) -> dict[str, str]:
    kept = (
        "run_id",
        "metric_key",
        "experiment_id",
        "name",
        "version",
        "path",
        "model_id",
        "run_ids",
    )
    return {name: value for name, value in given.items() if name in kept and "%" not in value}


def test_hostile_values_in_bodies(world: World, listener: Listener, idle: str):
    """Every field of every body, with texts and with values of other types, for a while; one seed, one order."""
    attack, before = Attack(world), outside(world)
    texts, chance = corpus.texts(listener.port), random.Random(SEED + 2)
    until = time.monotonic() + SECONDS
    cases = [
        (route, place)
        for route in ROUTES
        if route.method != "GET"
        for place in places(body_of(route, world, idle))
    ]
    done = 0
    while time.monotonic() < until and done < max(3, SECONDS / 10):
        chance.shuffle(cases)
        for route, place in cases:
            document = copy.deepcopy(body_of(route, world, idle))
            value = chance.choice(texts) if chance.random() < 0.6 else chance.choice(corpus.VALUES)
            attack.send(route, request(route, world.here).path, changed(document, place, value))
            if time.monotonic() > until:
                break
        done += 1
    attack.check(1000)
    assert outside(world) == before
    assert listener.calls == 0
    assert not Path("/tmp/zaffre-escaped").exists()


def test_bodies_that_are_no_documents(world: World):
    attack = Attack(world)
    bodies = [
        b"", b" ", b"{", b"[]", b"null", b"0", b'"a"', b"{}" * 2, b"\xff\xfe", b"\x00", b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}', b'{"\\u0000":1}',
        b"[" * 100_000, b'{"a":' * 50_000, b'{"a":[' * 3000 + b"]}" * 3000, b"[[[[" * 400 + b"]]]]" * 400, b'{"a":1,"a":2}', b"9" * 5000, b'{"a":' + b"9" * 5000 + b"}",
        b'{"name":' + b'"a' * 3, b"--x\r\nContent-Disposition: form-data\r\n\r\n", b"a=b&c=d", b"\x1f\x8b\x08", b"%YAML 1.1\n--- !!python/object/apply:os.system [id]",
    ]  # fmt: skip
    for route in (route for route in ROUTES if route.method != "GET"):
        path = request(route, forms.unknown(world.here)).path
        for body in bodies:
            attack.send(route, path, body=body)
    attack.check(1500)


def body_of(route: Any, world: World, idle: str) -> Any:
    """Give a whole body of a route: its usual one, and more fields for the kinds that have many."""
    document = request(route, world.here).document
    if not isinstance(document, dict):
        return {"dry_run": True}
    if route.path.endswith(("/jobs", "/jobs/{name}")) and route.method != "PATCH":
        return {**document, **JOB, "compute": idle}
    if "online-deployments" in route.path and route.method != "PATCH":
        return {**document, **DEPLOYMENT}
    return (
        {**document, **COMMON}
        if route.path.startswith("/api/v1") and "description" not in document
        else document
    )


COMMON = {"description": "d", "tags": {"a": "b"}, "properties": {"a": "b"}}
JOB = {
    **COMMON,
    "command": "echo ${{inputs.a}} ${{inputs.b}}",
    "inputs": {
        "a": {"type": "uri_file", "path": "azureml:own-data-d:1", "mode": "download"},
        "b": 1,
    },
    "outputs": {
        "o": {
            "type": "uri_folder",
            "mode": "upload",
            "path": "azureml://datastores/workspaceblobstore/paths/x",
        }
    },
    "environment_variables": {"A": "b"},
    "experiment_name": "e",
    "display_name": "d",
    "limits": {"timeout": 10},
    "resources": {"instance_count": 1},
    "environment": {"python": "current", "name": "x"},
    "distribution": {"type": "pytorch", "process_count_per_instance": 1},
    "services": {"x": {"type": "jupyter_lab"}},
    "identity": {"type": "user_identity"},
}
DEPLOYMENT = {
    **COMMON,
    "environment": "azureml:no-such-environment@latest",
    "model": "azureml:own-models-d:1",
    "instance_count": 1,
    "instance_type": "Standard",
    "environment_variables": {"A": "b"},
    "request_settings": {"request_timeout_ms": 3000, "max_concurrent_requests_per_instance": 1},
    "liveness_probe": {"initial_delay": 10},
    "app_insights_enabled": False,
}


def places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Name every place in a document, and one beside the fields of each of its objects."""
    found = [place]
    if isinstance(document, dict):
        found.append((*place, None))
        for name, value in document.items():
            found += places(value, (*place, name))
    if isinstance(document, list):
        for index, value in enumerate(document):
            found += places(value, (*place, index))
    return found


def changed(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Put a value at a place; at `None` it becomes the name of a further field."""
    if not place:
        return value
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    if place[-1] is None:
        inner[value if isinstance(value, str) else json.dumps(value)] = value
    else:
        inner[place[-1]] = value
    return document


def outside(world: World) -> list[str]:
    """List what lies beside the home and at its top: the server makes nothing there."""
    home = world.server.home
    (home.parent / "canary.txt").write_text("canary-outside")
    changing = ("-wal", "-shm", "-journal")
    names = [
        f"{path.parent.name}/{path.name}"
        for folder in (home.parent, home)
        for path in folder.iterdir()
    ]
    return sorted(name for name in names if not name.endswith(changing))


def test_the_server_lives_and_its_log_shows_no_failure(world: World):
    """Runs after the others of this file."""
    server: Server = world.server
    assert server.process is not None
    assert server.process.poll() is None
    text = server.log.read_text()
    assert not re.findall(r"ERROR zaffre.*", text)
