"""The gate with some routes on a real socket, on real stores in a temporary home."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn

from zaffre.api.gate import Gate
from zaffre.api.routing import Route
from zaffre.ports.tokens import Principal, Role
from zaffre.server.clock import SystemClock
from zaffre.services import workspaces
from zaffre.services.context import Addresses, Context, Home
from zaffre.store.artifacts import FolderArtifacts
from zaffre.store.database import Database
from zaffre.store.files import SqlFiles
from zaffre.store.logged_models import SqlLoggedModels
from zaffre.store.migration import migrate
from zaffre.store.predictions import SqlPredictions
from zaffre.store.resources import SqlMetadata
from zaffre.store.tokens import SqlTokens
from zaffre.store.tracking import SqlTracking
from zaffre.store.usage import SqlUsage


def make_context(root: Path, database: Database, server: str) -> Context:
    clock = SystemClock()
    nothing: Any = SimpleNamespace()
    return Context(
        metadata=SqlMetadata(database, clock),
        tracking=SqlTracking(database, clock),
        files=SqlFiles(database, clock),
        logged_models=SqlLoggedModels(database, clock),
        artifacts=FolderArtifacts(root / "artifacts"),
        computes={},
        builder=nothing,
        secrets=nothing,
        tokens=SqlTokens(database, clock),
        predictions=SqlPredictions(database, clock),
        clock=clock,
        home=Home(root),
        addresses=Addresses(server, "http://gateway"),
        usage=SqlUsage(database),
    )


@contextmanager
def context_at(root: Path, server: str = "http://server") -> Iterator[Context]:
    database = Database(f"sqlite:///{root}/zaffre.db")
    migrate(database)
    try:
        context = make_context(root, database, server)
        workspaces.ensure_default(context)
        yield context
    finally:
        database.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A client of the server, as its owner unless another token is given."""

    def __init__(self, port: int, context: Context) -> None:
        self.port = port
        self.context = context
        self.token = context.tokens.issue(Principal("owner", Role.OWNER))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def issue(self, role: Role, **facts: str) -> str:
        principal = Principal(f"{role}-test", role, **facts)
        return self.context.tokens.issue(principal, timedelta(hours=1))

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        token: str = "",
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Authorization": f"Bearer {token or self.token}", **(headers or {})}
        if document is not None:
            body = json.dumps(document).encode()
        try:
            connection.request(method, path, body=body, headers=sent)
            response: HTTPResponse = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()


@contextmanager
def serving(
    root: Path, routes: Iterable[Route], finish: Callable[[Context], Context] = lambda ctx: ctx
) -> Iterator[Served]:
    config = uvicorn.Config("x:y", host="127.0.0.1", port=0, log_level="error", lifespan="off")
    socket = config.bind_socket()
    port = socket.getsockname()[1]
    with context_at(root, f"http://127.0.0.1:{port}") as context:
        ready = finish(context)
        server = uvicorn.Server(config)
        config.app = Gate(list(routes), ready, [f"127.0.0.1:{port}"])
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.01)
            yield Served(port, ready)
        finally:
            server.should_exit = True
            thread.join(20)
            socket.close()
