"""Both ports as a browser of another site, a rebound name or a broken proxy would use them."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from attacks import forms
from attacks.calling import Answer, Raw
from attacks.forms import label, request
from attacks.world import HERE, V1, World
from zaffre.api.routing import Access

ROUTES = forms.routes()
FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.evil.example:{port}",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}@evil.example",
    "evil.example:{port}",
    "0x7f000001:{port}",
    "2130706433:{port}",
    "127.1:{port}",
    "169.254.169.254",
    "",
    " 127.0.0.1:{port}, evil.example",
]
FOREIGN_SITES = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://localhost:1"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "Same-Origin "},
]
FOR_ANYBODY = (
    V1,
    "/api/v1/openapi.json",
    "/api/v1/port-types",
    "/api/v1/session",
    "/api/v1/session-links",
)
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


def ask(url: str, method: str, path: str, document: Any = None, **more: Any) -> Answer:
    """Call once, on a connection of its own."""
    raw = Raw(url)
    try:
        return raw.call(method, path, document, **more)
    finally:
        raw.close()


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_names_that_are_not_ours_are_refused_on_both_ports(world: World, host: str):
    server, gateway = world.server.url, world.server.gateway_url
    said = {"Host": host.format(port=_port(server))}
    for method, path in (("GET", "/health"), ("GET", V1), ("POST", f"{V1}/{HERE}/jobs")):
        answer = world.call(method, path, headers=said)
        assert answer.status in (400, 403, 421), (path, answer.status)
    said = {"Host": host.format(port=_port(gateway))}
    for path in ("/health", "/own-online-endpoints-d/score"):
        answer = ask(gateway, "GET", path, headers=said)
        assert answer.status in (400, 403, 421), (path, answer.status)


def test_our_names_are_served(world: World):
    for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        for url in (world.server.url, world.server.gateway_url):
            said = {"Host": f"{name}:{_port(url)}"}
            assert ask(url, "GET", "/health", headers=said).status == 200, (name, url)


@pytest.mark.parametrize("headers", FOREIGN_SITES, ids=str)
def test_other_sites_change_nothing_on_any_route(world: World, headers: dict[str, str]):
    for route in ROUTES:
        if route.method == "GET":
            continue
        sent = request(route, world.here)
        answer = world.call(sent.method, sent.path, sent.document, body=sent.body, headers=headers)
        assert answer.status == 403, (label(route), answer.status)
    scored = ask(
        world.server.gateway_url, "POST", "/own-online-endpoints-d/score", {}, headers=headers
    )
    assert scored.status in (401, 403)


def test_nothing_allows_other_sites_to_read(world: World):
    for url in (world.server.url, world.server.gateway_url):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
            answer = ask(url, method, "/health", headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("port", ["server", "gateway"])
@pytest.mark.parametrize("path", ["/health", "/", V1, "/own-online-endpoints-d/score"])
def test_sockets_are_refused(world: World, port: str, path: str):
    url = world.server.url if port == "server" else world.server.gateway_url
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {world.tokens['owner']}\r\n\r\n"
    )
    assert b" 101 " not in _exchange(url, head.encode())


@pytest.mark.parametrize("port", ["server", "gateway"])
@pytest.mark.parametrize(
    "head",
    [
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nContent-Length: 40\r\n\r\nGET /health HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x10\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n",
        "GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: {host}\r\n\r\n",
        "\x00\x01\x02\x03\r\n\r\n",
        "GET /" + "a" * 200_000 + " HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: {host}\r\nX: " + "a" * 200_000 + "\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: {host}\r\nX y: z\r\n\r\n",
    ],
    ids=lambda head: head[:60].encode("unicode_escape").decode(),
)
def test_broken_http_is_refused(world: World, port: str, head: str):
    url = world.server.url if port == "server" else world.server.gateway_url
    answers = _exchange(url, head.format(host=urlsplit(url).netloc).encode("latin-1"))
    statuses = [
        int(line.split()[1]) for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")
    ]
    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses), answers[:300]
    assert ask(url, "GET", "/health").status == 200


def spellings(path: str) -> list[str]:
    """Other spellings of a path that some server would take for the same."""
    first, _, rest = path[1:].partition("/")
    return [
        f"{path}/",
        f"/{path}",
        path.replace("/", "//"),
        path.replace("/", "%2f"),
        path.replace("/", "%2F", 2),
        path.replace("/", "\\"),
        path.replace("/", "/./"),
        f"/x/..{path}",
        f"/x/%2e%2e{path}",
        f"/health/..{path}",
        f"/health;{path}",
        f"{path};x=1",
        f"{path}%00",
        f"{path}%20",
        f"{path}.json",
        f"{path}%3f",
        path.upper(),
        f"/{first.capitalize()}/{rest}",
        f"/./{first}/{rest}",
        f"/workspaces/{HERE}{path}",
        f"/workspaces/{HERE}/workspaces/{HERE}{path}",
        f"/workspaces/../{first}/{rest}",
        f"/workspaces//{first}/{rest}",
        "".join(f"%{ord(letter):02x}" if letter != "/" else "/" for letter in path),
    ]


def test_no_other_spelling_of_a_route_has_other_guards(world: World):
    """Whatever a spelling means, it needs a token, and keeps readers and strangers where they are."""
    sent = 0
    for number, route in enumerate(ROUTES):
        if route.access is Access.PUBLIC or route.path in FOR_ANYBODY:
            continue  # everybody with a token may call these
        one = request(route, world.here)
        path = one.path.partition("?")[0]
        for turn, spelling in enumerate(spellings(path)):
            people = [("none", {400, 401, 403}), ("stranger", {400, 403, 404, 405})]
            for who, allowed in people if (number + turn) % 4 == 0 else people[:1]:
                answer = world.call(one.method, spelling, one.document, body=one.body, who=who)
                sent += 1
                assert answer.status in allowed, (label(route), spelling, who, answer.status)
    assert sent > 4000


def test_method_overrides_and_unknown_methods_do_nothing(world: World):
    for method in ("TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "Delete"):
        answer = world.call(method, f"{V1}/{HERE}/jobs/{world.here.job}")
        assert answer.status in (400, 404, 405, 422), (method, answer.status)
    for header in OVERRIDES:
        for who in ("reader", "owner"):
            path = f"{V1}/{HERE}/models/own-models-d?_method=DELETE"
            assert world.call("GET", path, who=who, headers={header: "DELETE"}).status == 200
            assert world.call("GET", path, who="owner").status == 200


def test_rewriting_headers_are_not_believed(world: World):
    """What a proxy may say of the address changes neither the route, nor the caller, nor any link."""
    for header in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Path"):
        answer = world.call("GET", V1, who="none", headers={header: "/health"})
        assert answer.status == 401
    said = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    made = world.call(
        "POST", f"/api/2.0/mlflow-artifacts/mpu/create/{world.here.names['artifact'].rpartition('/')[0]}",
        {"path": "big.bin", "num_parts": 1}, headers=said,
    )  # fmt: skip
    assert made.status == 200
    assert "evil.example" not in json.dumps(made.json)
    assert made.json["credentials"][0]["url"].startswith(world.server.url)


def _exchange(url: str, sent: bytes, seconds: float = 5) -> bytes:
    """Send bytes and give all that comes until the other side closes or says nothing for a while."""
    parts = urlsplit(url)
    got = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as client:
        try:
            client.sendall(sent)
            with contextlib.suppress(OSError):  # it has closed already
                client.shutdown(socket.SHUT_WR)
            until = time.monotonic() + seconds
            while time.monotonic() < until and (data := client.recv(65536)):
                got += data
        except (TimeoutError, ConnectionError):
            pass
    return got
