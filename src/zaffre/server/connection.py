"""One client's connection: heads are small and come soon, bodies flow, answers are read."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

HEAD_LIMIT = 64 * 2**10
HEAD_SECONDS = 15.0
FLOW_SECONDS = 30.0
SLOWEST = 500
"""Bytes a second; a body that comes more slowly than this for a while is given up."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection with bounds that hold before anything is known of the caller."""

    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _in_head = False
    _in_body = False
    _head = 0
    _got = 0
    _seen = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; a head is expected."""
        super().connection_made(transport)
        self._arm(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        super().connection_lost(exc)
        self._disarm()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse what came; whatever is not complete then has its time."""
        self._got += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self._refuse(431, b"The request's head is too large.")
        if not (self._in_head or self._in_body):
            self._disarm()
            # Some bytes between two requests: another one must follow.
            cycle: RequestResponseCycle | None = self.cycle
            if cycle is None or cycle.response_complete:
                self._arm(HEAD_SECONDS)
        elif self._timer is None:
            self._arm(HEAD_SECONDS if self._in_head else FLOW_SECONDS)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._head = True, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The head is there; the body may take longer, but must flow."""
        self._in_head, self._in_body = False, True
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there."""
        self._in_body = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not read: give it some time."""
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(FLOW_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > HEAD_LIMIT:
            raise ValueError("the request's head is too large")  # the parser turns it into a 400

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._seen = self._got
        self._timer = self.loop.call_later(seconds, self._check)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        """End a client that is too slow; one that we ourselves do not read from waits on."""
        self._timer = None
        if self.transport.is_closing():
            return
        if not self._in_body:
            self.transport.abort()
        elif self.flow.read_paused or self._got - self._seen >= SLOWEST * FLOW_SECONDS:
            self._arm(FLOW_SECONDS)
        else:
            self.transport.abort()

    def _refuse(self, status: int, text: bytes) -> None:
        lines = (
            STATUS_LINE[status],
            b"content-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            % len(text),
            text,
        )
        self.transport.write(b"".join(lines))
        self.transport.close()
