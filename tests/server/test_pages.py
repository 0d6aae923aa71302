"""The studio's files: found by name alone, cached as each may be, and said to be missing when they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from zaffre.api.matching import Table
from zaffre.api.routing import Access
from zaffre.errors import NotFound
from zaffre.server.pages import page_routes
from zaffre.studio.bundle import Bundle

NONE = Headers({})


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>studio</p>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("go()" * 100)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    return Bundle.read(tmp_path)


def test_a_page_is_never_kept_and_lets_nothing_in_from_elsewhere(bundle: Bundle) -> None:
    answer = bundle.page(NONE)
    assert answer.body == b"<p>studio</p>"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_without_a_build_the_page_says_how_to_make_it() -> None:
    answer = Bundle.read(Path("/nowhere")).page(NONE)
    assert answer.status_code == 200
    assert b"make studio" in answer.body


def test_a_file_is_kept_for_good_and_sent_packed(bundle: Bundle) -> None:
    answer = bundle.asset("app-1a2b.js", Headers({"accept-encoding": "br, gzip"}))
    assert gzip.decompress(answer.body) == b"go()" * 100
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    known = bundle.asset("app-1a2b.js", Headers({"if-none-match": answer.headers["etag"]}))
    assert (known.status_code, known.body) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["../index.html", "..%2findex.html", "/etc/passwd", "app-1a2b.js/", "", ".", "APP-1A2B.JS"],
)
def test_a_name_that_the_build_does_not_have_is_nothing(bundle: Bundle, name: str) -> None:
    with pytest.raises(NotFound, match="no such file"):
        bundle.asset(name, NONE)


def test_pages_are_open_and_only_at_their_addresses(bundle: Bundle) -> None:
    routes = page_routes(bundle)
    assert {route.access for route in routes} == {Access.PUBLIC}
    table = Table(routes)
    assert all(table.find("GET", path) for path in ("/", "/sign-in", "/w/default/jobs/x"))
    assert not any(table.find("GET", path) for path in ("/api/v1/nothing", "/jobs", "/w"))
