"""The framed protocol between the gateway and a worker, and the worker's end of it.

A frame is `length, number, kind` (little-endian u32, u32, u8) and `length` bytes of payload.
Requests are numbered from 1 on each connection; an answer carries its request's number.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

HEADER = struct.Struct("<IIB")
COUNT = struct.Struct("<I")
MARKS = struct.Struct("<QQQ")

PLAIN = 1  # a POST with a JSON body: the payload is the body
PING = 3  # nothing: the gateway asks whether the worker's own loop still turns
FULL = 2  # u32 length, JSON {method, path, query, headers}, body
ANSWER = 1  # u32 microseconds, body: status 200, JSON
ANSWER_FULL = 2  # u32 microseconds, u32 length, JSON {status, headers, failed}, body
SKIPPED = 3  # nothing: the gateway took the request back before it was begun
PONG = 4  # nothing: it does
HELLO = 10  # JSON: state (ready or failed) and what the gateway must know

CHUNK = 1 << 18
IDLE_SECONDS = 600.0


class Frame(NamedTuple):
    """One request as it came: its number, its kind and its payload."""

    number: int
    kind: int
    payload: bytes


class Disconnected(Exception):
    """The gateway is gone; another may come."""


class Marks:
    """A few bytes shared with the gateway: which request was begun last, which were taken back.

    The gateway reads the first number when a worker died: later requests were not begun and may
    go elsewhere. It writes the other two to take back requests that wait behind a slow one.
    """

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR)
        try:
            self._map = mmap.mmap(descriptor, MARKS.size)
        finally:
            os.close(descriptor)

    def begin(self, number: int) -> bool:
        """Say that a request begins, unless the gateway took it back."""
        struct.pack_into("<Q", self._map, 0, number)
        low, high = struct.unpack_from("<QQ", self._map, 8)
        return not low <= number <= high

    def clear(self) -> None:
        """Start to count anew, for a new connection."""
        MARKS.pack_into(self._map, 0, 0, 1, 0)


class Channel:
    """The worker's end: accepts one gateway at a time, gives its requests, sends answers."""

    def __init__(self, listener: socket.socket, marks: Marks) -> None:
        self._listener = listener
        self._socket: Optional[socket.socket] = None
        self._rest = b""
        self.marks = marks

    def accept(self, hello: Dict[str, Any]) -> bool:
        """Wait for a gateway and greet it; False when none came for ten minutes."""
        self._listener.settimeout(IDLE_SECONDS)
        try:
            connection, _ = self._listener.accept()
        except socket.timeout:
            return False
        connection.settimeout(None)
        self._socket, self._rest = connection, b""
        self.marks.clear()
        payload = json.dumps(hello).encode()
        try:
            self.send(HELLO, 0, payload)
        except Disconnected:
            self.close()
        return True

    def close(self) -> None:
        """Drop the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(self, kind: int, number: int, *parts: bytes) -> None:
        """Send one frame at once."""
        if self._socket is None:
            raise Disconnected
        size = sum(map(len, parts))
        try:
            self._socket.sendall(b"".join((HEADER.pack(size, number, kind), *parts)))
        except OSError as error:
            raise Disconnected from error

    def send_all(self, frames: List[Tuple[int, int, List[bytes]]]) -> None:
        """Send several frames (number, kind, parts) in one go."""
        if self._socket is None:
            raise Disconnected
        pieces: List[bytes] = []
        for number, kind, parts in frames:
            pieces.append(HEADER.pack(sum(map(len, parts)), number, kind))
            pieces.extend(parts)
        try:
            self._socket.sendall(b"".join(pieces))
        except OSError as error:
            raise Disconnected from error

    def receive(self) -> List[Frame]:
        """Wait for requests and give all that have fully come."""
        if self._socket is None:
            raise Disconnected
        while True:
            frames = self._split()
            asked = [frame for frame in frames if frame.kind != PING]
            if len(asked) < len(frames):
                self.send(PONG, 0)
            if asked:
                return asked
            try:
                chunk = self._socket.recv(CHUNK)
            except OSError as error:
                raise Disconnected from error
            if not chunk:
                raise Disconnected
            self._rest = self._rest + chunk if self._rest else chunk
            self._complete()

    def _complete(self) -> None:
        """Read the rest of a large frame in one go, so that its parts are joined once."""
        if self._socket is None or len(self._rest) < HEADER.size:
            return
        wanted = HEADER.unpack_from(self._rest)[0] + HEADER.size
        if wanted <= max(len(self._rest), CHUNK):
            return
        whole = bytearray(wanted)
        have = len(self._rest)
        whole[:have] = self._rest
        view = memoryview(whole)
        while have < wanted:
            try:
                got = self._socket.recv_into(view[have:])
            except OSError as error:
                raise Disconnected from error
            if not got:
                raise Disconnected
            have += got
        self._rest = bytes(whole)

    def _split(self) -> List[Frame]:
        data, start, frames = self._rest, 0, []
        while len(data) - start >= HEADER.size:
            size, number, kind = HEADER.unpack_from(data, start)
            end = start + HEADER.size + size
            if end > len(data):
                break
            frames.append(Frame(number, kind, data[start + HEADER.size : end]))
            start = end
        if start:
            self._rest = data[start:]
        return frames
