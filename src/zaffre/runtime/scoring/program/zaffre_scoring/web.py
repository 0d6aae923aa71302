"""HTTP for a package: threads read and write, one thread answers. The standard library alone."""

from __future__ import annotations

import contextlib
import hmac
import json
import queue
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Optional
from urllib.parse import parse_qs, urlsplit

from zaffre_scoring.answers import Answer, message
from zaffre_scoring.requests import Request

LARGEST_BODY = 10 << 20
MOST_WAITING = 256
IDLE_SECONDS = 60
STATUS_SECONDS = 330.0
LOOK_SECONDS = 0.5
LAST_SECONDS, LAST_READS, LAST_BYTES = 1.0, 64, 1 << 16
TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


class Call:
    """A request that waits for its answer."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.answer: Optional[Answer] = None
        self._ready = threading.Event()

    def done(self, answer: Answer) -> None:
        """Give the answer to whoever waits for it."""
        self.answer = answer
        self._ready.set()

    def wait(self) -> Answer:
        """Wait for the answer."""
        self._ready.wait(STATUS_SECONDS)
        return self.answer or message(503, "The model took too long.")


class Waiting:
    """Calls in the order in which they came."""

    def __init__(self) -> None:
        # A simple queue alone may be put to by a signal while the same thread takes from it.
        self._calls: queue.SimpleQueue[Optional[Call]] = queue.SimpleQueue()

    @property
    def is_full(self) -> bool:
        """Tell whether no more should wait."""
        return self._calls.qsize() >= MOST_WAITING

    def add(self, call: Call) -> None:
        """Let a call wait."""
        self._calls.put(call)

    def take(self) -> Optional[Call]:
        """Wait for a call; None means the end."""
        while True:
            # Now and then, for a signal that came to another thread does not end the wait.
            with contextlib.suppress(queue.Empty):
                return self._calls.get(timeout=LOOK_SECONDS)

    def take_now(self) -> Optional[Call]:
        """Give a call that waits already.

        Raises:
            queue.Empty: none does.
        """
        return self._calls.get_nowait()

    def end(self) -> None:
        """Say that there will be no more, after those that wait."""
        self._calls.put(None)


class Server(ThreadingHTTPServer):
    """The listening socket, and what the threads of its connections need."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, host: str, port: int, waiting: Waiting, documents: Dict[str, Any], key: str
    ) -> None:
        self.waiting = waiting
        self.documents = documents
        self.key = key
        super().__init__((host, port), Connection)


class Connection(BaseHTTPRequestHandler):
    """One connection; its requests come one after the other."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server_version = "model"
    sys_version = ""

    def do_GET(self) -> None:
        """Give health, the description, or an answer to a question in the address."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # its body is not read
        parts = urlsplit(self.path)
        if parts.path == "/":
            self._send(Answer(b"Healthy", 200, TEXT))
        elif not self._may():
            self._send(message(401, "Send `Authorization: Bearer KEY`."))
        elif parts.path == "/swagger.json":
            self._send(self._document(parse_qs(parts.query).get("version", ["2"])[0]))
        elif parts.path == "/score":
            self._ask(b"")
        else:
            self._send(message(404, "There is /, /score and /swagger.json."))

    def do_POST(self) -> None:
        """Answer a request to /score."""
        body = self._body()
        if body is None:
            return
        if not self._may():
            self._send(message(401, "Send `Authorization: Bearer KEY`."))
        elif urlsplit(self.path).path != "/score":
            self._send(message(404, "There is /, /score and /swagger.json."))
        else:
            self._ask(body)

    def do_OPTIONS(self) -> None:
        """Let a script say what it allows."""
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Write no line for each request."""

    def _may(self) -> bool:
        if not self.server.key:
            return True
        sent = self.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {self.server.key}".encode())

    def _body(self) -> Optional[bytes]:
        """Read the body; where it is refused, nobody knows where the next request begins."""
        length = self.headers.get("Content-Length", "")
        if "Transfer-Encoding" in self.headers:
            length = ""
        if not (length.isascii() and length.isdigit() and len(length) < 16):  # noqa: PLR2004
            self._refuse(message(411, "The request has no Content-Length."))
            return None
        if int(length) > LARGEST_BODY:
            self._refuse(message(413, f"The body is larger than {LARGEST_BODY} bytes."))
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _refuse(self, answer: Answer) -> None:
        """Answer, and hear the caller out for a moment: else the answer is lost by a reset."""
        self.close_connection = True
        self._send(answer)
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(LAST_SECONDS)
        with contextlib.suppress(OSError):
            for _ in range(LAST_READS):
                if not self.connection.recv(LAST_BYTES):
                    return

    def _ask(self, body: bytes) -> None:
        if self.server.waiting.is_full:
            self._send(message(429, "Too many requests are waiting. Try again later."))
            return
        parts = urlsplit(self.path)
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        call = Call(Request(body, self.command, parts.path, parts.query, headers))
        self.server.waiting.add(call)
        self._send(call.wait())

    def _document(self, version: str) -> Answer:
        found = self.server.documents.get(version)
        if found is None:
            return message(404, f"There is no description in version {version[:10]}.")
        return Answer(json.dumps(found).encode())

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status == 429:  # noqa: PLR2004
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
