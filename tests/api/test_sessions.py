"""Sessions of the studio: a link works once, its cookie from the studio alone."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from running import Server

JOBS = "/api/v1/workspaces/default/jobs"


class Browser:
    """Sends what a browser would: the cookie it was given, and where a call comes from."""

    def __init__(self, server: Server) -> None:
        self.host = server.url.removeprefix("http://")
        self.cookie = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent["cookie"] = self.cookie
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        if given := answer.headers.get("set-cookie"):
            self.given = given
            self.cookie = given.partition(";")[0]
        raw = answer.read()
        connection.close()
        return answer.status, json.loads(raw) if raw else None

    def sign_in(self, code: str) -> int:
        return self.call("POST", "/api/v1/session", {"code": code}, sec_fetch_site="same-origin")[
            0
        ]


def code_of(server: Server) -> str:
    return str(server.call("POST", "/api/v1/session-links")["url"]).partition("#")[2]


@pytest.fixture
def browser(shared_server: Server) -> Browser:
    signed_in = Browser(shared_server)
    assert signed_in.sign_in(code_of(shared_server)) == 201
    return signed_in


def test_a_link_works_once_and_gives_a_guarded_cookie(shared_server: Server) -> None:
    code = code_of(shared_server)
    first, second = Browser(shared_server), Browser(shared_server)
    assert first.sign_in(code) == 201
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(first.given.split("; "))
    assert second.sign_in(code) == 401
    assert second.cookie == ""


def test_the_session_is_who_made_the_link(browser: Browser) -> None:
    status, who = browser.call("GET", "/api/v1/session", sec_fetch_site="same-origin")
    assert (status, who) == (200, {"name": "owner", "role": "owner", "workspace": ""})


@pytest.mark.parametrize("body", [None, [], {}, {"code": 1}, {"code": ""}])
def test_a_code_must_be_given(shared_server: Server, body: Any) -> None:
    assert Browser(shared_server).call("POST", "/api/v1/session", body or {})[0] == 422


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(("method", "path"), [("GET", JOBS), ("POST", "/api/v1/session-links")])
def test_the_cookie_opens_nothing_from_elsewhere(
    browser: Browser, site: str, method: str, path: str
) -> None:
    """A page on another port is the same site: the browser sends the cookie, the gate does not take it."""
    assert browser.call(method, path, sec_fetch_site=site)[0] in (401, 403)


def test_a_changing_call_must_say_where_it_comes_from(browser: Browser) -> None:
    assert browser.call("POST", "/api/v1/session-links")[0] == 401
    assert browser.call("POST", "/api/v1/session-links", sec_fetch_site="none")[0] == 401
    own = f"http://{browser.host}"
    assert browser.call("POST", "/api/v1/session-links", origin=own)[0] == 201
    assert browser.call("POST", "/api/v1/session-links", origin="http://evil.test")[0] == 403


def test_signing_out_ends_the_session_on_the_server(browser: Browser) -> None:
    kept = browser.cookie
    assert browser.call("DELETE", "/api/v1/session", sec_fetch_site="same-origin")[0] == 204
    browser.cookie = kept
    assert browser.call("GET", JOBS, sec_fetch_site="same-origin")[0] == 401


def test_a_token_of_the_command_line_is_not_ended_so(shared_server: Server) -> None:
    answer = Browser(shared_server).call(
        "DELETE", "/api/v1/session", authorization=f"Bearer {shared_server.token}"
    )
    assert answer[0] == 422


@contextmanager
def stream(browser: Browser, last: str = "") -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(browser.host, timeout=20)
    headers = {"cookie": browser.cookie, "sec-fetch-site": "same-origin"}
    if last:
        headers["last-event-id"] = last
    connection.request("GET", "/api/v1/workspaces/default/events", headers=headers)
    yield connection.getresponse()
    connection.close()


def event(answer: http.client.HTTPResponse) -> dict[str, str]:
    """The next event, past what only keeps the connection alive."""
    found: dict[str, str] = {}
    while True:
        line = answer.readline().decode().rstrip("\n")
        if not line and found:
            return found
        name, _, value = line.partition(": ")
        if name:
            found[name] = value


def create(server: Server, name: str) -> None:
    document = {"name": name, "type": "local"}
    server.call("POST", "/api/v1/workspaces/default/computes", document)


def test_changes_are_told_to_who_listens(browser: Browser, shared_server: Server) -> None:
    with stream(browser) as answer:
        ready = event(answer)
        create(shared_server, "listened")
        told = event(answer)
    assert (ready["event"], told["event"]) == ("ready", "changes")
    assert [(one["kind"], one["name"]) for one in json.loads(told["data"])] == [
        ("compute", "listened")
    ]
    with stream(browser, ready["id"]) as again:
        event(again)
        assert event(again)["data"] == told["data"]


def test_a_stream_ends_with_its_session(browser: Browser) -> None:
    with stream(browser) as answer:
        event(answer)
        browser.call("DELETE", "/api/v1/session", sec_fetch_site="same-origin")
        while answer.readline():
            pass  # at its end there is an empty line without a line feed
