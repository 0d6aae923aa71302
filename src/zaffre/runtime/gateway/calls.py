"""A call: one HTTP request on its way through the gateway."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from zaffre.runtime.gateway import wire

if TYPE_CHECKING:
    from zaffre.runtime.gateway.configuration import Deployment, Endpoint
    from zaffre.runtime.gateway.routing import Page

ID_LIMIT = 100
GIVEN_IDS = frozenset({b"x-request-id", b"x-ms-request-id", b"x-ms-client-request-id"})
CLIENT_IDS = "x-ms-request-id and x-ms-client-request-id"
VISIBLE = re.compile(rb"[\x20-\x7e]*").fullmatch


NOTHING: Mapping[str, bytes] = {}


class Client(Protocol):
    """Who waits for the answer."""

    def deliver(self, call: Call, answer: bytes) -> None:
        """Send the answer, in turn."""


class Call:
    """One request and what is known of it; it is answered exactly once."""

    __slots__ = (
        "body",
        "client",
        "close",
        "collected",
        "date",
        "deployment",
        "endpoint",
        "headers",
        "ids",
        "is_copy",
        "method",
        "observer",
        "page",
        "path",
        "query",
        "refusal",
        "request_id",
        "revision",
        "solo",
        "started",
        "status",
    )

    def __init__(self, client: Client | None, date: wire.DateLine) -> None:
        self.client = client
        self.date = date
        self.method = b""
        self.path = b""
        self.query = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.close = False
        self.collected: Mapping[str, bytes] = NOTHING
        self.endpoint: Endpoint | None = None
        self.page: Page | None = None
        self.deployment = ""
        self.revision: Deployment | None = None
        self.request_id = b""
        self.ids = b""
        self.started = 0.0
        self.status = 0
        self.solo = False
        self.is_copy = False
        self.refusal: tuple[int, str, bytes] | None = None
        self.observer: Observer | None = None

    @property
    def is_wanted(self) -> bool:
        """Tell whether anybody waits for the answer, or it is a copy that nobody waits for."""
        return self.client is not None or self.is_copy

    def identify(self, server_line: bytes) -> str:
        """Give the call its ids, as Azure's server does; says what is wrong with given ones."""
        self.request_id = new_id()
        self.ids = b"%sx-request-id: %s\r\nx-ms-request-id: %s\r\n" % (
            server_line,
            self.request_id,
            self.request_id,
        )
        wrong = "" if GIVEN_IDS.isdisjoint(self.headers) else self._take_ids(server_line)
        trace = self.headers.get(b"traceid")
        if trace is not None and _is_id(trace):
            self.ids += b"TraceId: " + trace + b"\r\n"
        return wrong

    def _take_ids(self, server_line: bytes) -> str:
        get = self.headers.get
        given = get(b"x-request-id", self.request_id)
        legacy, own = get(b"x-ms-request-id", b""), get(b"x-ms-client-request-id", b"")
        own = own or legacy
        legacy = legacy or own or given
        if len(given) > ID_LIMIT:
            self.ids = server_line
            return f"x-request-id must not exceed {ID_LIMIT} characters"
        if len(legacy) > ID_LIMIT or len(own) > ID_LIMIT:
            return f"{CLIENT_IDS} must not exceed {ID_LIMIT} characters"
        if not (_is_id(given) and _is_id(legacy) and _is_id(own)):
            return "Request ids must be visible ASCII characters"
        self.request_id = given
        lines = [server_line, b"x-request-id: ", given, b"\r\nx-ms-request-id: ", legacy, b"\r\n"]
        if own:
            lines += [b"x-ms-client-request-id: ", own, b"\r\n"]
        self.ids = b"".join(lines)
        return ""

    def answer(self, status: int, lines: bytes, body: bytes) -> None:
        """Answer; a second answer is a mistake and is dropped."""
        if self.status:
            return
        self.status = status
        if self.observer is not None:
            self.observer.answered(self, body)
        if self.client is None:
            return
        head = b"%s%s%s%scontent-length: %d\r\n%s\r\n" % (
            wire.status_line(status), self.date.line, lines, self.ids, len(body),
            b"connection: close\r\n" if self.close else b"",
        )  # fmt: skip
        self.client.deliver(self, head if self.method == b"HEAD" else head + body)

    def refuse(self, status: int, text: str, lines: bytes = b"") -> None:
        """Answer with an error of the gateway's own."""
        self.answer(status, wire.JSON_LINE + NOT_FAILED + lines, wire.message(text))


class Observer(Protocol):
    """Counts and logs what was answered."""

    def answered(self, call: Call, body: bytes) -> None:
        """Take note of an answered call."""


NOT_FAILED = b"x-ms-run-function-failed: False\r\n"
FAILED = b"x-ms-run-function-failed: True\r\n"


def _is_id(text: bytes) -> bool:
    return len(text) <= ID_LIMIT and VISIBLE(text) is not None


def new_id() -> bytes:
    """Make a random request id in the form of a UUID."""
    text = b"%032x" % (
        (random.getrandbits(128) & ~(0xF << 76) & ~(0xC << 60)) | (4 << 76) | (8 << 60)
    )
    return b"%s-%s-%s-%s-%s" % (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
