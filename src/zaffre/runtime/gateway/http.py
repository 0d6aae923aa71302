"""HTTP/1.1 on one connection: requests in, answers out in order, within limits."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any, Protocol, cast

import httptools

from zaffre.runtime.gateway import wire
from zaffre.runtime.gateway.calls import Call

HEAD_LIMIT = 32 << 10
URL_LIMIT = 8 << 10
HEADER_COUNT = 100
MOST_CONNECTIONS = 10_000
PIPELINE = 16
SMALL = 64 << 10
IDLE_SECONDS = 75.0
HEAD_SECONDS = 15.0
BODY_SECONDS = 30.0
BODY_RATE = 10_000
STALL_SECONDS = 30.0
LINGER_SECONDS = 2.0


class Service(Protocol):
    """What takes the calls of all connections."""

    date: wire.DateLine
    connections: set[Connection]

    def admit(self, call: Call) -> int:
        """Look at a call's head: set `refusal`, or give the largest body that it may have."""

    def serve(self, call: Call) -> None:
        """Take a complete call; it will be answered."""


class Connection(asyncio.Protocol):
    """One client. Calls are served one after the other, so answers cannot change places."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._call: Call | None = None
        self._url = b""
        self._head = 0
        self._fed = 0
        self._in_head = False
        self._body: list[bytes] = []
        self._size = 0
        self._limit = 0
        self._waiting: deque[Call] = deque()
        self._serving: Call | None = None
        self._deaf = False
        self._paused = False
        self._full = False
        self.deadline = 0.0

    # The transport's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self.deadline = time.monotonic() + HEAD_SECONDS
        if len(self._service.connections) >= MOST_CONNECTIONS:
            self._transport.abort()
            return
        self._service.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Forget the client: its queued calls need no answer any more."""
        self._transport = None
        self._deaf = True
        del self._parser  # it refers to us: without it we are freed at once, not by the collector
        self._service.connections.discard(self)
        for call in (self._serving, *self._waiting):
            if call is not None:
                call.client = None
        self._waiting.clear()
        self._call = None

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse_rest()
        except httptools.HttpParserError:
            if not self._deaf:
                self._fail(400, "The request is not valid HTTP.")
        if self._in_head and not self._deaf:  # a header that never ends is not told to `on_header`
            self._fed += len(data)
            if self._fed > 2 * HEAD_LIMIT:
                self._fail(431, "The request's headers are too large.")

    def pause_writing(self) -> None:
        """The client reads too slowly: start nothing new for it."""
        self._full = True
        self.deadline = time.monotonic() + STALL_SECONDS

    def resume_writing(self) -> None:
        """The client reads again."""
        self._full = False
        self._next()

    # The parser's side.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._call = Call(self, self._service.date)
        self._url, self._head, self._size, self._body = b"", 0, 0, []
        self._in_head, self._fed = True, 0
        if self._serving is None:
            self.deadline = time.monotonic() + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        """Take (part of) the address."""
        self._url += url
        if len(self._url) > URL_LIMIT:
            self._fail(414, "The address is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        call = self._call
        if call is None or self._deaf:
            return
        self._head += len(name) + len(value)
        if self._head > HEAD_LIMIT or len(call.headers) >= HEADER_COUNT:
            self._fail(431, "The request's headers are too large.")
            return
        name = name.lower()
        if name in call.headers:
            if name in (b"host", b"content-length", b"authorization", b"transfer-encoding"):
                self._fail(400, "A header came twice that may come once.")
                return
            value = call.headers[name] + b", " + value
        call.headers[name] = value

    def on_headers_complete(self) -> None:
        """Decide on the request by its head, before its body is taken."""
        self._in_head = False
        call = self._call
        if call is None or self._deaf:
            return
        parser = self._parser
        call.method = parser.get_method()
        call.path, _, call.query = self._url.partition(b"?")
        call.close = not parser.should_keep_alive()
        self._limit = self._service.admit(call)
        length = call.headers.get(b"content-length", b"0")
        if int(length) > self._limit and call.refusal is None:
            call.refusal = (413, f"The body is larger than {self._limit} bytes.", b"")
        if call.refusal and (int(length) > SMALL or b"transfer-encoding" in call.headers):
            self._cut(call)
        elif b"expect" in call.headers and self._transport is not None and not call.refusal:
            self._transport.write(wire.CONTINUE)
        if self._serving is None:
            self.deadline = time.monotonic() + BODY_SECONDS

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        call = self._call
        if call is None or self._deaf:
            return
        self._size += len(body)
        if self._size > self._limit and call.refusal is None:
            call.refusal = (413, f"The body is larger than {self._limit} bytes.", b"")
            self._cut(call)
        elif call.refusal is None:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Serve the request, now or in its turn."""
        call, self._call = self._call, None
        if call is None or self._deaf:
            return
        body = self._body
        call.body = body[0] if len(body) == 1 else b"".join(body)
        self._body = []
        if call.close:
            self._deaf = True
        self._take(call)

    # Answers, in order.

    def deliver(self, call: Call, answer: bytes) -> None:
        """Send an answer; then the next request is served."""
        transport = self._transport
        if transport is None:
            return
        transport.write(answer)
        self._serving = None
        if call.close:
            self._linger()
            return
        if self._waiting:
            self._next()
        else:
            self.deadline = time.monotonic() + IDLE_SECONDS

    def _take(self, call: Call) -> None:
        if self._serving is None and not self._waiting and not self._full:
            self._serving = call
            self._service.serve(call)
            return
        self._waiting.append(call)
        if len(self._waiting) >= PIPELINE and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True

    def _next(self) -> None:
        if self._serving is None and self._waiting and not self._full:
            self._serving = self._waiting.popleft()
            asyncio.get_running_loop().call_soon(self._service.serve, self._serving)
        if self._paused and len(self._waiting) < PIPELINE // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _cut(self, call: Call) -> None:
        """Answer without reading the rest of the request; the connection ends with it."""
        call.close = True
        self._call = None
        self._deaf = True
        self._take(call)

    def _fail(self, status: int, text: str) -> None:
        call = self._call or Call(self, self._service.date)
        call.refusal = (status, text, b"")
        self._cut(call)

    def _refuse_rest(self) -> None:
        """No protocol is changed to: answer the request as HTTP/1.1 and close."""
        for call in (self._serving, *self._waiting):
            if call is not None:
                call.close = True
        self._deaf = True
        if self._transport is not None and self._serving is None and not self._waiting:
            self._linger()

    def _linger(self) -> None:
        """End our side and let the client read the answer before the connection is gone."""
        self._deaf = True
        if self._transport is not None:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self.deadline = time.monotonic() + LINGER_SECONDS
            if self._paused:
                self._transport.resume_reading()

    # Called once in a while.

    def check(self, now: float) -> None:
        """End a client that takes too long."""
        if (
            self._transport is None
            or now < self.deadline
            or (self._serving is not None and not self._full)
        ):
            return
        if self._call is not None and now < self.deadline + self._size / BODY_RATE:
            return
        if self._call is not None and not self._deaf:
            self._fail(408, "The request took too long to come.")
        else:
            self._transport.abort()

    def finish(self) -> None:
        """Take no more requests on this connection: the gateway is about to end."""
        if self._serving is not None:
            self._serving.close = True
        elif self._transport is not None:
            self._transport.close()

    @property
    def facts(self) -> dict[str, Any]:
        """Say how it stands, for tests."""
        return {
            "waiting": len(self._waiting),
            "serving": self._serving is not None,
            "deaf": self._deaf,
        }
