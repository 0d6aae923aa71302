"""Requests as nobody should send them: torn, twisted and hostile HTTP and JSON, all from one seed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

METHODS = [
    b"POST",
    b"GET",
    b"HEAD",
    b"PUT",
    b"OPTIONS",
    b"post",
    b"PRI",
    b"CONNECT",
    b"X" * 40,
    b"",
]
PATHS = [
    b"/e/score", b"/m/score", b"/m/invocations", b"/m/v2/models/m/infer", b"/m/v2/models/m", b"/m/v2",
    b"/m/swagger.json?version=3", b"/e/swagger.json?version=%00", b"/metrics", b"/health", b"/", b"//", b"*",
    b"/e/../m/score", b"/m/v2/models/" + b"a/" * 50, b"/%6d/score", b"/m/score?" + b"a=1&" * 30, b"/\xff\xfe/score",
    b"http://elsewhere/m/score", b"/m/v2/models/%2e%2e/infer", b"/m/ping#x", b"/" + b"m" * 9000,
]  # fmt: skip
HEADERS = [
    b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 1e3", b"Content-Length: 0x10",
    b"Content-Length: 3, 4", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, x",
    b"Expect: 100-continue", b"Connection: close", b"Connection: Upgrade\r\nUpgrade: h2c", b"Host: evil", b"Host:",
    b"X: " + b"y" * 5000, b": novalue", b"no colon", b" folded: x", b"Na me: x", b"X-Request-Id: " + b"z" * 200,
    b"x-request-id: \x01\x02", b"azureml-model-deployment: ../../etc", b"azureml-model-deployment: \xff",
    b"Content-Type: text/csv", b"Content-Type: application/xml", b"Content-Type: application/json; charset=utf-16",
    b"Inference-Header-Content-Length: 10", b"Authorization: Bearer", b"Authorization: Basic YTpi", b"traceid: \t",
    b"Accept-Encoding: gzip", b"Content-Encoding: gzip", b"Range: bytes=0-1", b"Trailer: x",
]  # fmt: skip
FORMS = [
    "input_data",
    "dataframe_split",
    "dataframe_records",
    "inputs",
    "instances",
    "data",
    "params",
    "id",
    "x",
]
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", "1", "\ud800", "\0", "é" * 50, [], {},
]  # fmt: skip


@dataclass
class Seen:
    """What came back of many requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    bad: list[tuple[bytes, bytes]] = field(default_factory=list)


def inputs(seed: int, count: int, key: str) -> Iterator[bytes]:
    """Make requests, the same ones for the same seed."""
    dice = random.Random(seed)
    for _ in range(count):
        kind = dice.random()
        if kind < 0.1:
            yield dice.randbytes(dice.randrange(1, 200))
        elif kind < 0.4:
            yield _twisted(dice, _request(dice, key, _json(dice)))
        elif kind < 0.5:
            yield _request(dice, key, _json(dice)) + _request(dice, key, _json(dice))
        elif kind < 0.7:
            yield _request(dice, key, dice.randbytes(dice.randrange(0, 300)))
        else:
            yield _request(dice, key, _json(dice), plain=True)


def _request(dice: random.Random, key: str, body: bytes, *, plain: bool = False) -> bytes:
    """Make a request; a plain one has odd contents in a proper frame."""
    method = b"POST" if plain or dice.random() < 0.6 else dice.choice(METHODS)
    path = dice.choice(PATHS[:4] if plain else PATHS)
    headers = [b"Authorization: Bearer " + key.encode(), b"Content-Length: %d" % len(body)]
    headers.insert(0, b"Host: 127.0.0.1" if plain or dice.random() < 0.9 else b"Host: \x80")
    if not plain:
        headers += dice.choices(HEADERS, k=dice.choice([0, 1, 1, 2, 5, 120]))
        dice.shuffle(headers)
    version = dice.choice([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/9.9", b"HTTP/1.1 x", b""])
    if plain:
        version = b"HTTP/1.1"
    return b"\r\n".join([b"%s %s %s" % (method, path, version), *headers, b"", body])


def _twisted(dice: random.Random, text: bytes) -> bytes:
    """Change, double, drop or cut bytes."""
    found = bytearray(text)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(found)) if found else 0
        way = dice.random()
        if way < 0.4 and found:
            found[at] = dice.randrange(256)
        elif way < 0.6:
            found[at:at] = dice.choice([b"\r\n", b"\0", b"\n", b"\r", b" ", b"\xff", b"0\r\n\r\n"])
        elif way < 0.8:
            del found[at : at + dice.randrange(1, 20)]
        elif way < 0.9:
            found[at:at] = found[at : at + 50]
        else:
            del found[at:]
    return bytes(found)


def _json(dice: random.Random) -> bytes:
    """Make a body: the known forms with odd contents, some of them no JSON."""
    way = dice.random()
    if way < 0.05:
        return dice.choice([b"[", b'{"a":', b"[{"]) * dice.choice([1, 100, 20_000])
    if way < 0.15:
        return dice.choice(
            [
                b"",
                b"nul",
                b"{'a': 1}",
                b'{"a": 1,}',
                b"\xef\xbb\xbf{}",
                b'"\\u12',
                b"[1 2]",
                b"\xff",
            ]
        )
    document = {dice.choice(FORMS): _value(dice, 0) for _ in range(dice.randrange(1, 4))}
    if way < 0.3:
        shape = dice.choice([[1, 2], [2], [0], [10**12], [-1], "x", [1, 2, 1]])
        kind = dice.choice(["FP64", "BYTES", "BOOL", "FP9", 3])
        document["inputs"] = [
            {
                "name": dice.choice(["a", 3]),
                "shape": shape,
                "datatype": kind,
                "data": _value(dice, 1),
            }
        ]
    try:
        return json.dumps(document).encode()
    except (ValueError, UnicodeEncodeError):
        return b"{}"


def _value(dice: random.Random, depth: int) -> Any:
    way = dice.random()
    if depth > 3 or way < 0.3:
        return dice.choice(VALUES)
    if way < 0.6:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(0, 4))]
    if way < 0.75:
        return [[dice.random(), dice.random()] for _ in range(dice.randrange(1, 4))]
    return {
        dice.choice(["columns", "data", "index", "a", "b", ""]): _value(dice, depth + 1)
        for _ in range(3)
    }


def press(port: int, requests: Iterable[bytes], *, at_once: int = 32) -> Seen:
    """Send each request on a connection of its own, some at a time; gives what came back."""
    seen, waiting = Seen(), iter(requests)

    async def send() -> None:
        for request in waiting:
            _note(seen, request, await _answer(port, request))

    async def send_all() -> None:
        await asyncio.gather(*(send() for _ in range(at_once)))

    asyncio.run(send_all())
    return seen


async def _answer(port: int, request: bytes, patience: float = 0.05) -> bytes:
    """Give what comes until the gateway closes, or is silent after an answer or for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        writer.write(request)
        while chunk := await asyncio.wait_for(reader.read(1 << 16), 0.002 if got else patience):
            got += chunk
    except (TimeoutError, OSError):
        pass
    writer.close()
    return got


def _note(seen: Seen, request: bytes, answer: bytes) -> None:
    if not answer:
        seen.unanswered += 1
        return
    words = answer.split(b" ", 2)
    if words[0] != b"HTTP/1.1" or not words[1].isdigit():
        seen.bad.append((request, answer))
        return
    for line in answer.split(b"\r\n"):
        if line.startswith(b"HTTP/1.1 ") and line.split()[1].isdigit():
            seen.statuses[int(line.split()[1])] += 1
            if int(line.split()[1]) >= 500:
                seen.bad.append((request, answer))
