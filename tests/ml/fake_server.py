"""A server made of dictionaries that speaks the API's words: what the client's tests talk to."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from zaffre.kinds import registry

TOKEN = "owner-token"
Answer = tuple[int, Any]
RESOURCE = re.compile(r"/api/v1/workspaces/(?P<ws>[^/]+)/(?P<rest>.+)")


@dataclass
class State:
    """All that the fake knows, and what it shall do wrong."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    faults: list[Answer | str] = field(default_factory=list)
    routes: dict[tuple[str, str], Callable[[Any], Answer]] = field(default_factory=dict)
    log: str = "one\ntwo\nthree\n"
    cut_log_after: list[int] = field(default_factory=list)
    url: str = ""

    def asked(self, method: str) -> list[str]:
        return [path for verb, path in self.calls if verb == method]


@contextmanager
def fake_server() -> Iterator[State]:
    """Run the fake on a free port."""
    state = State()
    handler = type("Bound", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        state, parts = self.state, urlsplit(self.path)
        path, query = (
            parts.path,
            {name: values[0] for name, values in parse_qs(parts.query).items()},
        )
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state.calls.append((self.command, self.path))
        state.keys.append(self.headers.get("Idempotency-Key", ""))
        state.headers.append(self.headers)
        if state.faults:
            fault = state.faults.pop(0)
            if fault == "cut":
                self.close_connection = True
                self.connection.close()
                return
            self.answer(*fault)
            return
        if path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"detail": "No valid credential.", "code": "unauthenticated"})
        elif (self.command, path) in state.routes:
            self.answer(*state.routes[self.command, path](query))
        else:
            self.dispatch(path, query, raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

    def dispatch(self, path: str, query: dict[str, str], raw: bytes) -> None:
        found = RESOURCE.fullmatch(path)
        rest = [unquote(part) for part in found["rest"].split("/")] if found else []
        if found is None:
            body = {"name": "default", "kind": "workspace"}
            if path.rstrip("/").endswith("/workspaces"):
                self.answer(200, {"items": [body], "next": ""})
            elif path.endswith("/default"):
                self.answer(200, body)
            else:
                self.missing(path)
        elif rest[0] == "blobs":
            self.blobs(rest, raw)
        elif rest[0] == "trees" and self.command == "POST":
            content = json.dumps(json.loads(raw), separators=(",", ":")).encode()
            self.answer(201, {"digest": self.keep(content)})
        elif rest[0] == "trees":
            self.answer(200, json.loads(self.state.blobs[rest[1]]))
        elif rest[0] == "jobs" and rest[-1] == "logs":
            self.logs(rest[1], query)
        else:
            self.resource(found["rest"], rest, query, raw)

    def blobs(self, rest: list[str], raw: bytes) -> None:
        blobs = self.state.blobs
        if rest[1] == "missing":
            self.answer(
                200, {"missing": [one for one in json.loads(raw)["digests"] if one not in blobs]}
            )
        elif self.command == "PUT":
            assert self.keep(raw) == rest[1]
            self.answer(201, {})
        elif rest[1] in blobs:
            self.answer(200, blobs[rest[1]])
        else:
            self.missing(rest[1])

    def keep(self, content: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.state.blobs[digest] = content
        return digest

    def logs(self, name: str, query: dict[str, str]) -> None:
        state, offset = self.state, int(query.get("offset", 0))
        if query.get("follow") == "false":
            self.answer(200, state.log[offset:].encode(), "text/plain; charset=utf-8")
            return
        job = state.resources[f"jobs/{name}"]
        until = state.cut_log_after.pop(0) if state.cut_log_after else None
        text = state.log[offset:until]
        events = [("state", job), ("log", {"offset": offset + len(text), "text": text})]
        if until is None:
            events.append(("end", {**job, "status": job.get("ends_as", "Completed")}))
        body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        self.answer(200, body.encode(), "text/event-stream")

    def resource(self, path: str, rest: list[str], query: dict[str, str], raw: bytes) -> None:
        resources = self.state.resources
        plurals = {entry.plural for entry in registry.entries()}
        body = json.loads(raw) if raw else {}
        self.state.bodies.append(body)
        if self.command == "POST" and rest[-1] in plurals:
            name = body.setdefault("name", "made_up")
            versioned = rest[-1] in {"data", "models", "environments"}
            if versioned:
                body.setdefault("version", "1")
            key = f"{path}/{name}" + (f"/versions/{body['version']}" if versioned else "")
            if key in resources:
                self.answer(409, {"detail": f"`{name}` exists.", "code": "conflict"})
            else:
                self.answer(201, self.store(key, body))
        elif self.command == "GET" and rest[-1] in {*plurals, "versions"}:
            rows = [row for key, row in resources.items() if key.startswith(f"{path}/")]
            start, limit = int(query.get("after") or 0), int(query["limit"])
            more = str(start + limit) if start + limit < len(rows) else ""
            self.answer(200, {"items": rows[start : start + limit], "next": more})
        elif self.command == "POST":
            resources[path.rpartition("/")[0]]["did"] = rest[-1]
            self.answer(200, resources[path.rpartition("/")[0]])
        elif self.command == "PUT":
            self.answer(200, self.store(path, {"name": rest[-1], **body}))
        elif (key := self.latest(path)) not in resources:
            self.missing(path)
        elif self.command == "PATCH":
            self.answer(200, self.store(key, {**resources[key], **body}))
        elif self.command == "DELETE":
            del resources[key]
            self.answer(204, b"")
        else:
            self.answer(200, resources[key])

    def latest(self, path: str) -> str:
        if not path.endswith("/latest"):
            return path
        found = [
            key for key in self.state.resources if key.startswith(path.removesuffix("latest"))
        ]
        return found[-1] if found else path

    def store(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        defaults = {"status": "Queued"} if key.startswith("jobs/") else {}
        self.state.resources[key] = {**defaults, **body, "revision": 1}
        return self.state.resources[key]

    def missing(self, what: str) -> None:
        self.answer(404, {"detail": f"There is no `{what}`.", "code": "not_found"})

    def answer(self, status: int, body: Any, kind: str = "") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        plain = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        self.send_header("Content-Type", kind or plain)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
