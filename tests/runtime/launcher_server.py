"""A server as launchers see it: takes journals and reports, and can be slow, wrong or away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Told:
    """What launchers told. `refuse` answers 503; `forget` answers once as if nothing had come."""

    def __init__(self) -> None:
        self.journal = b""
        self.reports: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self.refuse = False
        self.lose_answers = 0
        self.files: dict[str, bytes] = {}
        self.posts = 0
        self.lock = threading.Lock()

    def take(self, offset: int, data: bytes) -> tuple[int, int]:
        """Take a piece of the journal as the real server does."""
        with self.lock:
            if offset != len(self.journal):
                return 409, len(self.journal)
            self.journal += data
            return 200, len(self.journal)


@contextmanager
def serving(told: Told, port: int = 0) -> Iterator[str]:
    """Serve what launchers tell; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            told.posts += 1
            told.tokens.add(self.headers["Authorization"])
            address = urlsplit(self.path)
            status, answer = 200, {}
            if told.refuse:
                status = 503
            elif address.path.endswith("/journal"):
                status, answer["offset"] = told.take(
                    int(parse_qs(address.query)["offset"][0]), data
                )
                if told.lose_answers:
                    told.lose_answers -= 1
                    self.close_connection = True
                    return
            else:
                told.reports.append(json.loads(data))
            self._answer(status, json.dumps(answer).encode())

        def do_GET(self) -> None:
            content = told.files.get(self.path)
            self._answer(404 if content is None else 200, content or b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
