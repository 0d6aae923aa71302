"""A prediction view while both of its paths, the gateway and the server are killed under load."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from attacks.calling import Raw
from conftest_postgres import postgres_server, postgres_url
from faults.asking import WS, kill_gateway, once, until, upload
from faults.conftest import free_port
from running import Server, end_all_of
from zaffre.store.database import Database

__all__ = ["postgres_server", "postgres_url"]

VIEW = f"{WS}/prediction-views/now"
CURRENT = {"python": "current"}
SCORE = """
import json

def init():
    pass

def run(raw):
    return [json.loads(raw)["at"]]
"""
KEYS = ("a", "b", "c")
QUIET = "q"
"""An entity that only batches speak of."""

PAUSE = 0.005


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def viewed(request: pytest.FixtureRequest, home: Path) -> Iterator[Server]:
    """A server that comes back on its own port, on either database."""
    variables = {"ZAFFRE_PORT": str(free_port())}
    if request.param == "postgres":
        variables["ZAFFRE_DATABASE"] = request.getfixturevalue("postgres_url")
    server = Server(home, variables).start()
    yield server
    server.stop()
    end_all_of(home)


def deploy(server: Server) -> str:
    """Serve a script that predicts the event's number, with a view on it; give the key."""
    tree = upload(server, "score.py", SCORE)
    server.call("POST", f"{WS}/online-endpoints", {"name": "e", "auth_mode": "key"})
    code = {"code": f"azureml://trees/{tree}", "scoring_script": "score.py"}
    path = f"{WS}/online-endpoints/e/online-deployments"
    server.call("POST", path, {"name": "blue", "code_configuration": code, "environment": CURRENT})
    until(lambda: server.call("GET", f"{path}/blue")["provisioning_state"] == "Succeeded", "ready")
    server.call("PATCH", f"{WS}/online-endpoints/e", {"traffic": {"blue": 100}})
    view = {"name": "now", "entity_key": "id", "event_time": "at", "online_endpoint": "e"}
    server.call("POST", f"{WS}/prediction-views", view)
    return server.call("GET", f"{WS}/online-endpoints/e/keys")["primaryKey"]


class Scoring(threading.Thread):
    """Asks for one entity, event after event; knows what was sent and what was answered."""

    def __init__(self, url: str, key: str, entity: str, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.entity = entity
        self.sent = 0
        self.answered: list[int] = []
        self._raw, self._key, self._stopping = Raw(url), key, stopping

    def run(self) -> None:
        for event in itertools.count(1):
            if self._stopping.is_set():
                self._raw.close()
                return
            self.sent = event
            body = {"id": self.entity, "at": event}
            with suppress(OSError):
                answer = self._raw.call("POST", "/e/score", body, token=self._key, retry=False)
                if answer.status == 200:
                    self.answered.append(event)
            time.sleep(PAUSE)


class Watching(threading.Thread):
    """Looks at the view all the time: it never goes back, and says where each answer is from."""

    def __init__(self, server: Server, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.faults: list[str] = []
        self.paths: set[str] = set()
        self._server, self._stopping = server, stopping

    def run(self) -> None:
        last: dict[str, str] = {}
        for entity in itertools.cycle([*KEYS, QUIET]):
            if self._stopping.is_set():
                return
            with suppress(OSError):
                found = self._server.call("GET", f"{VIEW}/keys/{entity}")
                self.paths.add(found["path"])
                if found["event_time"] < last.get(entity, ""):
                    self.faults.append(f"{entity}: {found['event_time']} after {last[entity]}")
                if bool(found["job"]) == bool(found["request_id"]):
                    self.faults.append(f"{entity} is of neither path, or of both: {found}")
                last[entity] = found["event_time"]
            time.sleep(PAUSE)


def batch(server: Server, name: str, events: dict[str, int], ending: str = "") -> None:
    """Start a job that predicts the events of now, and let its output become the history."""
    rows = "".join(f"{entity},{event},-1\\n" for entity, event in events.items())
    path = "${{outputs.score}}/part.csv"
    command = f"sleep 0.2; printf 'id,at,prediction\\n{rows}' > {path}; {ending}true"
    document = {
        "name": name,
        "type": "command",
        "command": command,
        "environment": CURRENT,
        "outputs": {"score": {"type": "uri_folder"}},
    }
    once(server, f"{WS}/jobs", document)
    once(server, f"{VIEW}/load", {"job": name})


@contextmanager
def database_of(server: Server) -> Iterator[Any]:
    url = server.variables.get("ZAFFRE_DATABASE", f"sqlite:///{server.home}/zaffre.db")
    database = Database(url)
    try:
        with database.read() as connection:
            yield connection
    finally:
        database.close()


def stored(server: Server) -> dict[str, list[int]]:
    """Give the events of the hot predictions of each entity."""
    found: dict[str, list[int]] = {entity: [] for entity in KEYS}
    with database_of(server) as connection:
        query = text("SELECT key, event_time FROM predictions WHERE generation = ''")
        for row in connection.execute(query):
            found[row.key].append(row.event_time // 1_000_000)
    return found


@pytest.mark.timeout(300)
def test_nothing_that_was_answered_is_lost_or_doubled(viewed: Server):
    stopping, key = threading.Event(), deploy(viewed)
    writers = [Scoring(viewed.gateway_url, key, entity, stopping) for entity in KEYS]
    watcher = Watching(viewed, stopping)
    for thread in (*writers, watcher):
        thread.start()
    until(lambda: all(len(one.answered) > 20 for one in writers), "all are answered")

    def now() -> dict[str, int]:
        events = {one.entity: one.answered[-1] for one in writers}
        return {**events, QUIET: max(events.values())}

    batch(viewed, "first", now())
    kill_gateway(viewed)
    batch(viewed, "dies", now(), "kill -9 $$; ")
    viewed.kill()
    time.sleep(0.3)  # the gateway answers without a server: that must come in later
    viewed.start()
    batch(viewed, "next", now())
    viewed.kill()
    kill_gateway(viewed)
    viewed.start()
    more = [len(one.answered) for one in writers]
    until(
        lambda: all(len(one.answered) > n + 20 for one, n in zip(writers, more, strict=True)),
        "they are answered again",
    )
    batch(viewed, "last", now())

    def settled() -> bool:
        view = viewed.call("GET", VIEW)
        return view["provisioning_state"] == "Succeeded" and view["batch_job"] == "last"

    until(settled, "the last batch is the history")
    stopping.set()
    for thread in (*writers, watcher):
        thread.join(30)
    assert watcher.faults == [], watcher.faults[:5]
    assert watcher.paths == {"hot", "cold"}
    answered = {one.entity: set(one.answered) for one in writers}
    until(
        lambda: all(answered[entity] <= set(events) for entity, events in stored(viewed).items()),
        f"all {sum(map(len, answered.values()))} answers are in the view",
    )
    for one in writers:
        events = stored(viewed)[one.entity]
        assert len(events) == len(set(events)), "one came twice"
        assert set(events) <= set(range(1, one.sent + 1)), "one was never asked for"
        found = viewed.call("GET", f"{VIEW}/keys/{one.entity}")
        assert found["path"] == "hot"
        assert found["prediction"] == max(events)
        assert max(events) >= one.answered[-1]
    loads = {one["job"]: one["state"] for one in viewed.call("GET", VIEW)["loads"]}
    assert loads == {
        "first": "Loaded",
        "dies": "Failed",
        "next": "Loaded",
        "last": "Loaded",
    }
