"""The gateway's end of one worker's socket: frames out, answers in."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import struct
from pathlib import Path
from typing import Any, Protocol, cast

from zaffre.runtime.gateway import wire
from zaffre.runtime.gateway.calls import Call
from zaffre.runtime.gateway.routing import Page

EXEC_LINE = b"x-ms-run-fn-exec-ms: %.3f\r\n"


class Owner(Protocol):
    """What hears of a worker's answers."""

    def greeted(self, link: Link, hello: dict[str, Any]) -> None:
        """The worker said what it serves, or why it cannot."""

    def answered(self, microseconds: int) -> None:
        """Some answers came; the worker has room for more."""

    def skipped(self, call: Call) -> None:
        """A request that was taken back was not begun."""

    def alive(self) -> None:
        """The worker answered a ping."""

    def lost(self) -> None:
        """The connection is gone."""


class Marks:
    """The bytes shared with a worker: what it began last, and what is taken back."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, wire.MARKS.size)
            self._map = mmap.mmap(descriptor, wire.MARKS.size)
        finally:
            os.close(descriptor)

    @property
    def begun(self) -> int:
        """The number of the request that the worker began last."""
        return int(struct.unpack_from("<Q", self._map, 0)[0])

    def take_back(self, low: int, high: int) -> None:
        """Ask the worker not to begin these requests."""
        struct.pack_into("<QQ", self._map, 8, low, high)


class Link(asyncio.Protocol):
    """One connection to one worker; requests are numbered from 1 and answered in order."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self._missing = 0
        self._number = 0
        self.plain = False
        self.json_only = False
        self.inflight: dict[int, Call] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell the owner."""
        self._transport = None
        self._owner.lost()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()

    def send(self, call: Call) -> None:
        """Hand a request to the worker."""
        self._number += 1
        self.inflight[self._number] = call
        if self._transport is None:
            return  # the loss is about to be told, and takes care of what is in flight
        body = call.body
        plain = self.plain and call.page is Page.SCORE and call.method == b"POST"
        if plain and (not self.json_only or _says_json(call)):
            self._transport.write(wire.HEADER.pack(len(body), self._number, wire.PLAIN) + body)
            return
        meta = json.dumps(
            {
                "method": call.method.decode("latin-1"),
                "path": _place(call),
                "query": call.query.decode("latin-1"),
                "headers": [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in call.headers.items()
                    if name != b"authorization"
                ],
            }
        ).encode()
        size = 4 + len(meta) + len(body)
        head = wire.HEADER.pack(size, self._number, wire.FULL) + wire.COUNT.pack(len(meta))
        self._transport.write(b"".join((head, meta, body)))

    def ping(self) -> None:
        """Ask the worker whether its loop turns."""
        if self._transport is not None:
            self._transport.write(wire.HEADER.pack(0, 0, wire.PING))

    def data_received(self, data: bytes) -> None:
        """Give the answers that came to those who wait."""
        if self._parts:
            self._parts.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._parts)
            self._parts = []
        start, answers, spent = 0, 0, 0
        unpack, header_size = wire.HEADER.unpack_from, wire.HEADER.size
        while len(data) - start >= header_size:
            size, number, kind = unpack(data, start)
            begin = start + header_size
            if begin + size > len(data):
                break
            start = begin + size
            if kind == wire.ANSWER:
                answers += 1
                (spent,) = wire.COUNT.unpack_from(data, begin)
                call = self.inflight.pop(number, None)
                if call is not None:
                    lines = wire.JSON_LINE + NOT_FAILED + EXEC_LINE % (spent / 1000)
                    call.answer(200, lines, data[begin + 4 : start])
            else:
                answers += self._other(kind, number, data[begin:start])
        if start < len(data):
            self._keep(data[start:])
        if answers:
            self._owner.answered(spent)

    def _keep(self, rest: bytes) -> None:
        """Keep the beginning of a frame; its parts are joined once, when all have come."""
        whole = wire.HEADER.size
        if len(rest) >= whole:
            whole += wire.HEADER.unpack_from(rest)[0]
        self._parts = [rest]
        self._missing = whole - len(rest)

    def _other(self, kind: int, number: int, payload: bytes) -> int:
        if kind == wire.HELLO:
            self._owner.greeted(self, json.loads(payload))
            return 0
        if kind == wire.PONG:
            self._owner.alive()
            return 0
        call = self.inflight.pop(number, None)
        if call is None:
            return 0
        if kind == wire.SKIPPED:
            self._owner.skipped(call)
            return 1
        (spent,) = wire.COUNT.unpack_from(payload)
        (size,) = wire.COUNT.unpack_from(payload, 4)
        meta = json.loads(payload[8 : 8 + size])
        if "collected" in meta:
            call.collected = {name: text.encode() for name, text in meta["collected"].items()}
        failed = FAILED if meta["failed"] else NOT_FAILED
        ran = EXEC_LINE % (spent / 1000) if spent else b""  # none where `run` failed
        call.answer(
            meta["status"], wire.header_lines(meta["headers"]) + failed + ran, payload[8 + size :]
        )
        return 1


NOT_FAILED = b"x-ms-run-function-failed: False\r\n"
FAILED = b"x-ms-run-function-failed: True\r\n"


def _place(call: Call) -> str:
    """Give the address as the worker knows it: without the endpoint."""
    if call.page is Page.SCORE:
        return "/score"
    return "/" + call.path[1:].partition(b"/")[2].decode("latin-1")


def _says_json(call: Call) -> bool:
    return call.headers.get(b"content-type", b"").lower().startswith(b"application/json")
