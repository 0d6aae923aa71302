"""The bytes of HTTP answers and of frames to workers."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterable
from http import HTTPStatus

HEADER = struct.Struct("<IIB")
COUNT = struct.Struct("<I")
MARKS = struct.Struct("<QQQ")

PLAIN, FULL, PING = 1, 2, 3
ANSWER, ANSWER_FULL, SKIPPED, PONG, HELLO = 1, 2, 3, 4, 10

STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
    if status >= HTTPStatus.OK
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON_LINE = b"content-type: application/json\r\n"
FORBIDDEN = (
    "content-length",
    "transfer-encoding",
    "connection",
    "date",
    "keep-alive",
    "upgrade",
    "trailer",
)


class DateLine:
    """The `date` header, made once a second."""

    def __init__(self) -> None:
        self.line = b""
        self.refresh()

    def refresh(self) -> None:
        """Make it anew."""
        self.line = time.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime()).encode()


def status_line(status: int) -> bytes:
    """Give the first line of an answer."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %d Status\r\n" % status


def message(text: str) -> bytes:
    """Give the body of every error."""
    return json.dumps({"message": text}).encode()


def header_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Write headers of a script's own answer; what would break the framing is left out."""
    return b"".join(
        f"{name}: {value}\r\n".encode("latin-1", "replace")
        for name, value in headers
        if _is_token(name) and value.isprintable() and name.lower() not in FORBIDDEN
    )


def _is_token(name: str) -> bool:
    return name.isascii() and name.replace("-", "").replace("_", "").isalnum()
