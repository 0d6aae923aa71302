"""`zaffre studio`: a link that signs a browser in."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from cli.conftest import Zaffre
from running import Server


def accept(server: Server, link: str) -> int:
    code = link.partition("#")[2]
    asked = urllib.request.Request(
        f"{server.url}/api/v1/session", data=json.dumps({"code": code}).encode(), method="POST"
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return int(answer.status)


@pytest.fixture(autouse=True)
def home_of_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        if name.startswith("ZAFFRE_"):
            monkeypatch.setenv(name, value)


def test_a_link_is_printed_that_works_once(server: Server, zaffre: Zaffre) -> None:
    link = zaffre("studio", "-o", "tsv", "--query", "url").out.strip()
    assert link.startswith(f"{server.url}/sign-in#")
    assert accept(server, link) == 201
    with pytest.raises(urllib.error.HTTPError, match="401"):
        accept(server, link)


def test_a_person_is_told_how_long_it_works(server: Server, zaffre: Zaffre) -> None:
    told = zaffre("studio", "-o", "table")
    assert told.out.startswith(f"{server.url}/sign-in#")
    assert "once, within 10 minutes" in told.err
