"""The frame of the studio: signing in, finding, keys, themes, and what is said when nothing works."""

from __future__ import annotations

import gzip
import re

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from running import Server
from studio.conftest import accessible, link_of, photograph
from zaffre.studio.bundle import FOLDER

FIRST_LOAD = 350_000


def test_a_link_signs_in_once(context: BrowserContext, shared_server: Server) -> None:
    link = link_of(shared_server)
    first = context.new_page()
    first.goto(link)
    first.wait_for_url(re.compile("/w/default"))
    other = context.browser.new_context().new_page()  # type: ignore[union-attr]
    other.goto(link)
    expect(other.get_by_role("alert")).to_contain_text("This link was used before")
    expect(other.get_by_role("figure", name="command")).to_contain_text("zaffre studio")
    other.context.close()


def test_without_a_session_the_page_says_how_to_get_one(
    context: BrowserContext, shared_server: Server
) -> None:
    page = context.new_page()
    page.goto(f"{shared_server.url}/w/default/jobs")
    expect(page.get_by_role("heading", name="Sign in to Zaffre")).to_be_visible()
    photograph(page, "sign-in")


def test_signing_out_ends_the_session(context: BrowserContext, shared_server: Server) -> None:
    studio = context.new_page()
    studio.goto(link_of(shared_server))
    studio.get_by_role("button", name="Signed in as").click()
    studio.get_by_role("button", name="Sign out").click()
    expect(studio.get_by_role("heading", name="Sign in to Zaffre")).to_be_visible()
    studio.goto(studio.url.replace("/sign-in", "/"))
    expect(studio.get_by_role("heading", name="Sign in to Zaffre")).to_be_visible()


def test_the_palette_finds_pages_by_keys(studio: Page) -> None:
    studio.keyboard.press("Control+k")
    field = studio.get_by_role("combobox", name=re.compile("Find"))
    field.fill("job")
    accessible(studio)
    studio.keyboard.press("Enter")
    expect(studio).to_have_url(re.compile("/w/default/jobs$"))
    expect(studio.get_by_role("heading", name="Jobs", level=1)).to_be_visible()


def test_help_lists_the_keys(studio: Page) -> None:
    expect(studio.get_by_role("navigation", name="Pages")).to_be_visible()
    studio.keyboard.press("?")
    expect(studio.get_by_role("dialog", name="Keys")).to_be_visible()
    accessible(studio)
    studio.keyboard.press("Escape")
    expect(studio.get_by_role("dialog", name="Keys")).not_to_be_attached()


def test_the_theme_is_switched_and_remembered(studio: Page) -> None:
    studio.get_by_role("button", name="Theme: system").click()
    studio.get_by_role("button", name="Theme: light").click()
    studio.reload()
    expect(studio.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert studio.evaluate("document.documentElement.dataset.theme") == "dark"


def test_an_unknown_page_leads_home(studio: Page, shared_server: Server) -> None:
    studio.goto(f"{shared_server.url}/w/default/nowhere")
    expect(studio.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_the_first_load_is_small(shared_server: Server) -> None:
    index = httpx2.get(shared_server.url).text
    scripts = re.findall(r'(?:src|href)="/assets/([^"]+\.js)"', index)
    size = sum(len(gzip.compress((FOLDER / "assets" / name).read_bytes())) for name in scripts)
    assert scripts
    assert size <= FIRST_LOAD


@pytest.mark.parametrize("path", ["/", "/w/default/jobs/x?tab=logs", "/sign-in"])
def test_every_address_of_a_page_gives_the_application(shared_server: Server, path: str) -> None:
    answer = httpx2.get(f"{shared_server.url}{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_hashed_files_are_kept_for_good(shared_server: Server) -> None:
    name = re.search(r"/assets/[^\"]+\.js", httpx2.get(shared_server.url).text)
    assert name
    answer = httpx2.get(shared_server.url + name[0])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    again = httpx2.get(
        shared_server.url + name[0], headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304
