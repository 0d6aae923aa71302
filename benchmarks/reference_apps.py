"""The references: the least that does the same work, served by uvicorn.

`points` stores what a tracking server must store; `deaf` answers a tracking client and stores
nothing; `scored` runs a scoring script in the web process. Settings come from the environment.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from types import ModuleType
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def whole_body(receive: Receive) -> bytes:
    """Read a request's body."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def reply(send: Send, body: bytes) -> None:
    """Answer 200 with a JSON body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Points:
    """Decode `{"metrics": [[key, value, timestamp, step], ...]}` and commit the rows to SQLite."""

    def __init__(self) -> None:
        """Open the database at the first request."""
        self.database: sqlite3.Connection | None = None

    def open(self) -> sqlite3.Connection:
        """Open the database that REF_DB names, with its own journal in the manner of REF_SYNC."""
        database = sqlite3.connect(os.environ["REF_DB"], isolation_level=None)
        database.execute("pragma journal_mode=wal")
        database.execute(f"pragma synchronous={os.environ.get('REF_SYNC', 'normal')}")
        database.execute(
            "create table if not exists point (run, key, value real, at int, step int)"
        )
        return database

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.database = self.database or self.open()
        rows = json.loads(await whole_body(receive)).get("metrics", ())
        self.database.execute("begin immediate")
        self.database.executemany("insert into point values ('r', ?, ?, ?, ?)", rows)
        self.database.execute("commit")
        await reply(send, b"{}")


class Scored:
    """Run the scoring script that SCORE_SCRIPT names, in this process."""

    def __init__(self) -> None:
        """Load the script at the first request."""
        self.script: ModuleType | None = None

    def load(self) -> ModuleType:
        """Import the script and let it load its model."""
        spec = importlib.util.spec_from_file_location("score", os.environ["SCORE_SCRIPT"])
        assert spec is not None
        assert spec.loader is not None
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.init()
        return script

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        self.script = self.script or self.load()
        result = self.script.run(await whole_body(receive))
        await reply(send, json.dumps(result).encode())


class Deaf:
    """Speak MLflow's protocol and keep nothing: what is left is the stock client's own time."""

    def __init__(self) -> None:
        """Prepare the answers."""
        run = {
            "info": {"run_id": "0" * 32, "run_uuid": "0" * 32, "experiment_id": "1"},
            "data": {},
        }
        place = {"experiment_id": "1", "name": "benchmark", "lifecycle_stage": "active"}
        points = [
            {"key": "loss", "value": at * 0.5, "timestamp": 1_700_000_000_000 + at, "step": at}
            for at in range(int(os.environ.get("REF_POINTS", "0")))
        ]
        self.answers = {
            "get-by-name": json.dumps({"experiment": place}).encode(),
            "create": json.dumps({"run": run}).encode(),
            "get-history": json.dumps({"metrics": points}).encode(),
        }

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await whole_body(receive)
            await reply(send, self.answers.get(scope["path"].rpartition("/")[2], b"{}"))


points = Points()
scored = Scored()
deaf = Deaf()
