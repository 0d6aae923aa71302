"""HTTP as hostile and odd clients speak it: framing, order, limits, time."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from serving import KEY, Serving, serving, until
from zaffre.runtime.gateway import http, wire
from zaffre.runtime.gateway.calls import Call
from zaffre.runtime.gateway.http import Connection

SCRIPT = """
import time
def init():
    pass
def run(raw):
    if raw.startswith("wait "):
        time.sleep(float(raw[5:]))
    return raw
"""
HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("home")) as found:
        found.endpoint("e", blue=found.describe("blue", found.script("blue", SCRIPT), instances=2))
        found.configure()
        yield found.start().ready(instances=2)


def post(body: str, more: str = "", version: str = "1.1") -> bytes:
    return f"POST /e/score HTTP/{version}\r\n{HEAD}{more}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def talk(gateway: Serving, *pieces: bytes, seconds: float = 5.0, pause: float = 0.0) -> bytes:
    """Send pieces and give all that comes until the gateway closes or is silent."""
    client = socket.create_connection(("127.0.0.1", gateway.port))
    client.settimeout(seconds)
    for piece in pieces:
        client.sendall(piece)
        time.sleep(pause)
    got = b""
    try:
        while chunk := client.recv(65536):
            got += chunk
    except (TimeoutError, ConnectionResetError):
        pass
    client.close()
    return got


def statuses(answer: bytes) -> list[int]:
    return [
        int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")
    ]


def bodies(answer: bytes) -> list[str]:
    return [json.loads(part.split(b"\r\n\r\n", 1)[1]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_pipelined_requests_are_answered_in_order(gateway: Serving) -> None:
    sent = (
        post("wait 0.3")
        + b"".join(post(str(n)) for n in range(30))
        + post("end", "Connection: close\r\n")
    )
    assert bodies(talk(gateway, sent)) == ["wait 0.3", *map(str, range(30)), "end"]


def test_bodies_in_chunks_and_in_pieces_are_whole(gateway: Serving) -> None:
    head = f"POST /e/score HTTP/1.1\r\n{HEAD}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert bodies(talk(gateway, head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")) == ["abcde"]
    whole = post("in pieces", "Connection: close\r\n")
    assert bodies(talk(gateway, *(whole[n : n + 1] for n in range(len(whole))))) == ["in pieces"]


def test_a_client_that_expects_it_is_told_to_continue(gateway: Serving) -> None:
    head = f"POST /e/score HTTP/1.1\r\n{HEAD}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    answer = talk(gateway, head.encode(), b"ok", pause=0.2)
    assert statuses(answer) == [100, 200]


def test_a_refused_request_is_not_told_to_continue(gateway: Serving) -> None:
    head = "POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n"
    assert statuses(talk(gateway, head.encode())) == [401]


def test_http_1_0_and_connection_close_end_the_connection(gateway: Serving) -> None:
    began = time.monotonic()
    answer = talk(gateway, post("old", version="1.0"))
    assert statuses(answer) == [200]
    assert b"connection: close" in answer
    assert statuses(talk(gateway, post("x", "Connection: close\r\n"))) == [200]
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"rubbish\r\n\r\n", 400),
        (b"GET /e/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /e/ HTTP/1.1\r\n\r\n", 421),
        (b"POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        (b"POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -3\r\n\r\nabc", 400),
        (b"POST /e/score HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip, chunked, x\r\n\r\n", 400),
        (b"GET /e/ HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", 400),
        (b"GET /e/ HTTP/1.1\r\nHost: 127.0.0.1\r\n folded: x\r\n\r\n", 400),
        (b"GET /e/ HTTP/3.9\r\nHost: 127.0.0.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (b"GET /e/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 40000 + b"\r\n\r\n", 431),
        (b"GET /e/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 900000, 431),
        (b"GET /e/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(200)) + b"\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT evil:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 401),
    ],
)  # fmt: skip
def test_what_is_no_good_http_is_refused_and_closed(
    gateway: Serving, sent: bytes, status: int
) -> None:
    began = time.monotonic()
    answer = talk(gateway, sent, seconds=4)
    assert statuses(answer) == [status], answer
    assert time.monotonic() - began < 4 or status == 421


def test_an_upgrade_is_not_followed(gateway: Serving) -> None:
    sent = post("x", "Connection: Upgrade\r\nUpgrade: websocket\r\n") + b"\x81\x00binary"
    assert statuses(talk(gateway, sent)) == [200]


def test_a_large_body_is_refused_before_it_is_sent_in_full(gateway: Serving) -> None:
    head = f"POST /e/score HTTP/1.1\r\n{HEAD}Content-Length: 99999999\r\n\r\n".encode()
    assert statuses(talk(gateway, head + b"x" * 100_000)) == [413]
    head = f"POST /e/score HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert statuses(talk(gateway, head, *([b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 20))) == [413]


def test_odd_bodies_and_paths_never_give_a_server_error(gateway: Serving) -> None:
    for path in (
        "/e/score/",
        "/e//score",
        "/e/../e/score",
        "/%65/score",
        "/e/score%00",
        "//e/score",
        "*",
        "/e/score#x",
    ):
        answer = talk(gateway, f"GET {path} HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
        assert all(status < 500 for status in statuses(answer)), (path, answer)
    for body in (b"", b"\xff", b"\x00" * 10):
        assert gateway.ask(body).status < 500


def test_many_idle_connections_do_not_hold_up_others(gateway: Serving) -> None:
    idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(300)]
    for client in idle[:150]:
        client.sendall(b"POST /e/score HTTP/1.1\r\nHost: 127.0")
    assert gateway.ask("x").json == "x"
    for client in idle:
        client.close()
    until(lambda: gateway.status["connections"] == 0, "they are gone")


class Recorder:
    """A transport that remembers what is written."""

    def __init__(self) -> None:
        self.sent = b""
        self.ended = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.aborted = True


class Echo:
    """A service that answers with the body."""

    def __init__(self) -> None:
        self.date = wire.DateLine()
        self.connections: set[Connection] = set()

    def admit(self, call: Call) -> int:
        return 1 << 20

    def serve(self, call: Call) -> None:
        if call.refusal:
            call.refuse(*call.refusal)
        else:
            call.answer(200, b"", call.body)


@pytest.fixture
def connection() -> tuple[Connection, Recorder]:
    made, transport = Connection(Echo()), Recorder()
    made.connection_made(transport)  # type: ignore[arg-type]
    return made, transport


def test_a_slow_head_and_a_slow_body_are_cut_off(connection: tuple[Connection, Recorder]) -> None:
    made, transport = connection
    made.data_received(b"POST / HTTP/1.1\r\nHost:")
    made.check(time.monotonic() + http.HEAD_SECONDS - 1)
    assert not transport.sent
    made.check(time.monotonic() + http.HEAD_SECONDS + 1)
    assert b" 408 " in transport.sent
    assert transport.ended
    made.check(time.monotonic() + http.LINGER_SECONDS + 1)
    assert transport.aborted


def test_a_body_may_take_longer_the_more_of_it_came(
    connection: tuple[Connection, Recorder],
) -> None:
    made, transport = connection
    made.data_received(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 500_000
    )
    made.check(time.monotonic() + http.BODY_SECONDS + 40)
    assert not transport.sent
    made.check(time.monotonic() + http.BODY_SECONDS + 60)
    assert b" 408 " in transport.sent


def test_an_idle_connection_is_closed_in_the_end(connection: tuple[Connection, Recorder]) -> None:
    made, transport = connection
    made.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b" 200 " in transport.sent
    made.check(time.monotonic() + http.IDLE_SECONDS - 5)
    assert not transport.aborted
    made.check(time.monotonic() + http.IDLE_SECONDS + 1)
    assert transport.aborted


def test_a_client_that_does_not_read_is_given_up(connection: tuple[Connection, Recorder]) -> None:
    made, transport = connection
    made.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    made.pause_writing()
    made.check(time.monotonic() + http.STALL_SECONDS + 1)
    assert transport.aborted
